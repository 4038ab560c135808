import { cents, type ExpectedTrip } from '../../local/generator/trip-truth.ts';

const HOUR_MS = 3_600_000;

/** The trip columns that decide the metrics. */
export type MeteredTrip = Pick<
  ExpectedTrip,
  | 'city_id'
  | 'vehicle_type'
  | 'assigned_at'
  | 'start_time'
  | 'end_time'
  | 'duration_seconds'
  | 'fare_amount'
  | 'surge_multiplier'
>;

/** A row that gold.fact_hourly_metrics must hold; money in cents and driver time in milliseconds besides, exact. */
export interface ExpectedHour {
  readonly metric_date: string;
  /** The first instant of the hour, ISO with milliseconds and Z. */
  readonly metric_hour: string;
  readonly city_id: string | null;
  readonly vehicle_type: string | null;
  readonly trips_count: number;
  readonly total_fare_cents: number;
  readonly avg_duration: number | null;
  readonly surge_trips: number;
  readonly driver_ms: number;
  readonly driver_hours: number;
  readonly utilization_pct: number;
  readonly trips_per_driver_hour: number | null;
}

interface Tally {
  trips: number;
  fareCents: number;
  seconds: number;
  timed: number;
  surge: number;
  driverMs: number;
  ridingMs: number;
}

/** Adds up hours × cities × vehicle types, in order of all three. */
export function expectedHourlyMetrics(trips: Iterable<MeteredTrip>): ExpectedHour[] {
  const tallies = new Map<string, Tally>();
  const tallyOf = (hourMs: number, trip: MeteredTrip): Tally => {
    const key = JSON.stringify([new Date(hourMs).toISOString(), trip.city_id, trip.vehicle_type]);
    const known = tallies.get(key);
    if (known !== undefined) return known;
    const tally = { trips: 0, fareCents: 0, seconds: 0, timed: 0, surge: 0, driverMs: 0, ridingMs: 0 };
    tallies.set(key, tally);
    return tally;
  };

  for (const trip of trips) {
    const startMs = Date.parse(trip.start_time);
    const tally = tallyOf(hourOf(startMs), trip);
    tally.trips++;
    tally.fareCents += cents(trip.fare_amount ?? 0);
    if ((trip.surge_multiplier ?? 1) > 1) tally.surge++;
    if (trip.duration_seconds !== null) {
      tally.seconds += trip.duration_seconds;
      tally.timed++;
    }
    if (trip.end_time === null) continue;
    const endMs = Date.parse(trip.end_time);
    const busyFromMs = Math.min(Date.parse(trip.assigned_at ?? trip.start_time), Date.parse(trip.start_time));
    for (let hourMs = hourOf(busyFromMs); hourMs < endMs; hourMs += HOUR_MS) {
      const hour = tallyOf(hourMs, trip);
      hour.driverMs += overlapMs(busyFromMs, endMs, hourMs);
      hour.ridingMs += overlapMs(startMs, endMs, hourMs);
    }
  }

  return [...tallies].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, tally]) => toRow(key, tally));
}

function toRow(key: string, tally: Tally): ExpectedHour {
  const [metricHour, cityId, vehicleType] = JSON.parse(key) as [string, string | null, string | null];
  return {
    metric_date: metricHour.slice(0, 10),
    metric_hour: metricHour,
    city_id: cityId,
    vehicle_type: vehicleType,
    trips_count: tally.trips,
    total_fare_cents: tally.fareCents,
    avg_duration: tally.timed === 0 ? null : tally.seconds / tally.timed / 60,
    surge_trips: tally.surge,
    driver_ms: tally.driverMs,
    driver_hours: tally.driverMs / HOUR_MS,
    utilization_pct: tally.driverMs === 0 ? 0 : (tally.ridingMs / tally.driverMs) * 100,
    trips_per_driver_hour: tally.driverMs === 0 ? null : tally.trips / (tally.driverMs / HOUR_MS),
  };
}

function hourOf(instantMs: number): number {
  return Math.floor(instantMs / HOUR_MS) * HOUR_MS;
}

function overlapMs(fromMs: number, untilMs: number, hourMs: number): number {
  return Math.max(0, Math.min(untilMs, hourMs + HOUR_MS) - Math.max(fromMs, hourMs));
}
