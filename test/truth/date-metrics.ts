import { cents, type ExpectedTrip } from '../../local/generator/trip-truth.ts';

/** A row that gold.daily_metrics must hold. */
export interface ExpectedDay {
  readonly trip_date: string;
  readonly total_trips: number;
  readonly total_revenue: number;
  readonly avg_fare: number | null;
  readonly active_drivers: number;
  readonly active_riders: number;
  readonly revenue_per_trip: number;
  readonly trips_per_driver: number | null;
}

/** A row that silver.driver_metrics must hold. */
export interface ExpectedDriverDay {
  readonly driver_id: string;
  readonly trip_date: string;
  readonly total_trips: number;
  readonly total_earnings: number;
  readonly avg_trip_duration: number | null;
  readonly total_active_minutes: number;
  readonly avg_fare_per_trip: number;
  readonly trips_per_hour: number | null;
  readonly avg_rating: number | null;
  readonly utilization_pct: number;
}

export function expectedDailyMetrics(trips: readonly ExpectedTrip[]): ExpectedDay[] {
  return [...Map.groupBy(trips, ({ trip_date }) => trip_date)].map(([trip_date, ofDate]) => {
    const revenue = sum(known(ofDate, 'fare_amount').map(cents)) / 100;
    const drivers = new Set(known(ofDate, 'driver_id')).size;
    return {
      trip_date,
      total_trips: ofDate.length,
      total_revenue: revenue,
      avg_fare: over(revenue, known(ofDate, 'fare_amount').length),
      active_drivers: drivers,
      active_riders: new Set(known(ofDate, 'rider_id')).size,
      revenue_per_trip: revenue / ofDate.length,
      trips_per_driver: over(ofDate.length, drivers),
    };
  });
}

/** What gold.fact_trip must show of trips, by its own names. */
export const expectedFactTrips = (trips: readonly ExpectedTrip[]) =>
  trips.map((trip) => ({
    trip_id: trip.trip_id,
    driver_id: trip.driver_id,
    rider_id: trip.rider_id,
    city_id: trip.city_id,
    vehicle_type: trip.vehicle_type,
    date_id: Number(trip.trip_date.replaceAll('-', '')),
    start_time: trip.start_time,
    end_time: trip.end_time,
    total_fare: trip.fare_amount,
    actual_duration: trip.duration_seconds,
    trip_duration_minutes: trip.duration_min,
    distance_km: trip.distance_km,
    is_suspicious: trip.is_suspicious,
    surge_applied: trip.surge_applied,
  }));

/** A row that gold.rider_days must hold, the product that `test/e2e` adds. */
export interface ExpectedRiderDay {
  readonly rider_id: string;
  readonly trip_date: string;
  readonly total_trips: number;
  readonly total_spend: number;
}

export function expectedRiderDays(trips: readonly ExpectedTrip[]): ExpectedRiderDay[] {
  const taken = trips.filter(({ rider_id }) => rider_id !== null);
  const byRider = Map.groupBy(taken, ({ rider_id, trip_date }) => `${rider_id ?? ''} ${trip_date}`);
  return [...byRider.values()].map((own) => ({
    rider_id: own[0]?.rider_id ?? '',
    trip_date: own[0]?.trip_date ?? '',
    total_trips: own.length,
    total_spend: sum(known(own, 'fare_amount').map(cents)) / 100,
  }));
}

export function expectedDriverMetrics(trips: readonly ExpectedTrip[]): ExpectedDriverDay[] {
  const driven = trips.filter(({ driver_id }) => driver_id !== null);
  const byDriver = Map.groupBy(driven, ({ driver_id, trip_date }) => `${driver_id ?? ''} ${trip_date}`);
  return [...byDriver.values()].map((own) => {
    const earnings = sum(known(own, 'fare_amount').map(cents)) / 100;
    const seconds = known(own, 'duration_seconds').filter((each) => each >= 0);
    const ratings = known(own, 'rating');
    const ended = own.flatMap(({ start_time, assigned_at, end_time }) =>
      end_time === null
        ? []
        : [
            {
              start: Date.parse(start_time),
              assigned: Date.parse(assigned_at ?? start_time),
              end: Date.parse(end_time),
            },
          ],
    );
    const driving = sum(ended.map(({ start, end }) => Math.max(end - start, 0)));
    const busy = sum(ended.map(({ start, assigned, end }) => Math.max(end - Math.min(start, assigned), 0)));
    return {
      driver_id: own[0]?.driver_id ?? '',
      trip_date: own[0]?.trip_date ?? '',
      total_trips: own.length,
      total_earnings: earnings,
      avg_trip_duration: over(sum(seconds) / 60, seconds.length),
      total_active_minutes: sum(seconds) / 60,
      avg_fare_per_trip: earnings / own.length,
      trips_per_hour: over(own.length, sum(seconds) / 3600),
      avg_rating: over(sum(ratings), ratings.length),
      utilization_pct: busy === 0 ? 0 : (100 * driving) / busy,
    };
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** A quotient, or null where there is nothing to divide by. */
const over = (value: number, by: number): number | null => (by === 0 ? null : value / by);

/** The values of a column without its nulls. */
function known<Name extends keyof ExpectedTrip>(
  trips: readonly ExpectedTrip[],
  name: Name,
): NonNullable<ExpectedTrip[Name]>[] {
  return trips.flatMap((trip) => trip[name] ?? []);
}
