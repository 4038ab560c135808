import type { EventTruth } from './truth.ts';

const EARTH_RADIUS_KM = 6371.0088;
const DAY_MS = 86_400_000;

/** The event columns that decide a trip. */
export type TripEvent = Pick<
  EventTruth,
  | 'event_id'
  | 'event_name'
  | 'event_timestamp'
  | 'trip_id'
  | 'driver_id'
  | 'rider_id'
  | 'city_id'
  | 'vehicle_type'
  | 'status'
  | 'start_lat'
  | 'start_lon'
  | 'end_lat'
  | 'end_lon'
  | 'estimated_fare'
  | 'actual_fare'
  | 'surge_multiplier'
  | 'rating'
  | 'duration'
>;

/** A row that silver.trips must hold. Timestamps are ISO with milliseconds and Z. */
export interface ExpectedTrip {
  readonly trip_id: string;
  readonly driver_id: string | null;
  readonly rider_id: string | null;
  readonly city_id: string | null;
  readonly vehicle_type: string | null;
  readonly requested_at: string | null;
  readonly assigned_at: string | null;
  readonly cancelled_at: string | null;
  readonly start_time: string;
  readonly end_time: string | null;
  readonly start_lat: number | null;
  readonly start_lon: number | null;
  readonly end_lat: number | null;
  readonly end_lon: number | null;
  readonly estimated_fare: number | null;
  readonly fare_amount: number | null;
  readonly surge_multiplier: number | null;
  readonly rating: number | null;
  readonly duration_seconds: number | null;
  readonly reported_duration_seconds: number | null;
  readonly duration_min: number | null;
  readonly distance_km: number | null;
  readonly status: string | null;
  readonly is_completed: boolean;
  readonly is_suspicious: boolean;
  readonly surge_applied: boolean;
  readonly event_count: number;
  readonly location_updates: number;
  readonly trip_date: string;
}

/** Puts trips together, one at a time, in the plainest way. Rows come in order of trip id. */
export function expectedTrips(events: Iterable<TripEvent>): ExpectedTrip[] {
  const byTrip = new Map<string, TripEvent[]>();
  for (const event of events) {
    if (event.trip_id === null) continue;
    const known = byTrip.get(event.trip_id);
    if (known === undefined) byTrip.set(event.trip_id, [event]);
    else known.push(event);
  }
  return [...byTrip]
    .map(([tripId, tripEvents]) => expectedTrip(tripId, tripEvents))
    .filter((trip) => trip !== undefined)
    .sort((a, b) => compareText(a.trip_id, b.trip_id));
}

function expectedTrip(tripId: string, unordered: readonly TripEvent[]): ExpectedTrip | undefined {
  const all = [...unordered].sort(
    (a, b) => compareText(a.event_timestamp, b.event_timestamp) || compareText(a.event_id, b.event_id),
  );
  const start = all.find((event) => event.event_name === 'trip_started');
  if (start === undefined) return undefined;
  const tripDate = start.event_timestamp.slice(0, 10);
  const [firstDate, lastDate] = [addDays(tripDate, -1), addDays(tripDate, 2)];
  const seen = all.filter(({ event_timestamp: at }) => at.slice(0, 10) >= firstDate && at.slice(0, 10) <= lastDate);
  if (seen.length < 2) return undefined;

  const named = (name: string): TripEvent[] => seen.filter((event) => event.event_name === name);
  const request = named('trip_requested').at(0);
  const end = named('trip_completed').at(-1);
  const payment = named('payment_processed').at(-1);
  const estimate = firstKnown(seen.map((event) => event.estimated_fare));
  const fare = payment?.actual_fare ?? null;
  const seconds = end === undefined ? null : Math.floor((time(end) - time(start)) / 1_000);
  const status = firstKnown(seen.map((event) => event.status).reverse());
  const place = {
    start_lat: start.start_lat,
    start_lon: start.start_lon,
    end_lat: end?.end_lat ?? null,
    end_lon: end?.end_lon ?? null,
  };
  return {
    trip_id: tripId,
    driver_id: firstKnown(seen.map((event) => event.driver_id)),
    rider_id: firstKnown(seen.map((event) => event.rider_id)),
    city_id: firstKnown(seen.map((event) => event.city_id)),
    vehicle_type: firstKnown(seen.map((event) => event.vehicle_type)),
    requested_at: request?.event_timestamp ?? null,
    assigned_at: named('driver_assigned').at(0)?.event_timestamp ?? null,
    cancelled_at: named('trip_cancelled').at(-1)?.event_timestamp ?? null,
    start_time: start.event_timestamp,
    end_time: end?.event_timestamp ?? null,
    ...place,
    estimated_fare: estimate,
    fare_amount: fare,
    surge_multiplier: request?.surge_multiplier ?? null,
    rating: end?.rating ?? null,
    duration_seconds: seconds,
    reported_duration_seconds: end?.duration ?? null,
    duration_min: seconds === null ? null : seconds / 60,
    distance_km: distanceKm(place),
    status,
    is_completed: status === 'COMPLETED',
    is_suspicious: (seconds ?? 0) > 240 * 60 || (fare ?? 0) > 500,
    // In whole numbers: 11.00 is not more than 1.1 times 10.00, whatever binary fractions say.
    surge_applied: fare !== null && estimate !== null && cents(fare) * 10 > cents(estimate) * 11,
    event_count: seen.length,
    location_updates: named('driver_location_updated').length,
    trip_date: tripDate,
  };
}

/** Great-circle distance, to three decimals. */
function distanceKm(place: Pick<ExpectedTrip, 'start_lat' | 'start_lon' | 'end_lat' | 'end_lon'>): number | null {
  const { start_lat, start_lon, end_lat, end_lon } = place;
  if (start_lat === null || start_lon === null || end_lat === null || end_lon === null) return null;
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const halfLat = Math.sin(radians(end_lat - start_lat) / 2) ** 2;
  const halfLon = Math.sin(radians(end_lon - start_lon) / 2) ** 2;
  const a = halfLat + Math.cos(radians(start_lat)) * Math.cos(radians(end_lat)) * halfLon;
  return Math.round(2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(a)) * 1_000) / 1_000;
}

export function cents(amount: number): number {
  return Math.round(amount * 100);
}

function firstKnown<T>(values: readonly (T | null)[]): T | null {
  return values.find((value) => value !== null) ?? null;
}

function time(event: TripEvent): number {
  return Date.parse(event.event_timestamp);
}

function addDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Order by code unit, as engines compare; for the ASCII of ids and timestamps that is byte order. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
