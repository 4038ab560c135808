import { cents, type ExpectedTrip } from '../../local/generator/trip-truth.ts';
import type { EventTruth } from '../../local/generator/truth.ts';

const WINDOW_MS = 300_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What of an event decides demand and supply. */
export type SurgeEvent = Pick<
  EventTruth,
  | 'event_id'
  | 'event_name'
  | 'event_timestamp'
  | 'event_date'
  | 'trip_id'
  | 'driver_id'
  | 'city_id'
  | 'geo_zone'
  | 'status'
  | 'surge_multiplier'
>;

/** A row that gold.surge_windows must hold; instants are ISO with milliseconds and Z. */
export interface ExpectedWindow {
  readonly geo_zone: string;
  readonly window_start: string;
  readonly window_end: string;
  readonly rider_requests: number;
  readonly available_drivers: number;
  readonly demand_supply_ratio: number;
  readonly surge_multiplier: number;
  readonly window_date: string;
}

/** A row that gold.surge_effectiveness must hold. */
export interface ExpectedEffect {
  readonly request_hour: string;
  readonly city_id: string;
  readonly surge_multiplier: number;
  readonly requests: number;
  readonly completed: number;
  readonly cancelled: number;
  readonly completion_pct: number;
  readonly avg_wait_seconds: number | null;
  readonly avg_fare: number | null;
  readonly as_window_pct: number | null;
  readonly request_date: string;
}

const isoOf = (instantMs: number): string => new Date(instantMs).toISOString();
const zoneOf = ({ geo_zone }: SurgeEvent): string => (geo_zone === null || geo_zone === '' ? 'UNKNOWN' : geo_zone);

function isAvailable({ event_name, driver_id, status }: SurgeEvent): boolean {
  if (driver_id === null) return false;
  return event_name === 'driver_available' || (event_name === 'driver_location_updated' && status === 'AVAILABLE');
}

export function expectedWindows(events: readonly SurgeEvent[]): ExpectedWindow[] {
  const windows = new Map<string, { zone: string; startMs: number; trips: Set<string>; drivers: Set<string> }>();
  for (const event of events) {
    const trip = event.event_name === 'trip_requested' ? event.trip_id : null;
    const driver = isAvailable(event) ? event.driver_id : null;
    if (trip === null && driver === null) continue;
    const startMs = Math.floor(Date.parse(event.event_timestamp) / WINDOW_MS) * WINDOW_MS;
    const zone = zoneOf(event);
    const key = `${startMs} ${zone}`;
    const window = windows.get(key) ?? { zone, startMs, trips: new Set(), drivers: new Set() };
    windows.set(key, window);
    if (trip !== null) window.trips.add(trip);
    if (driver !== null) window.drivers.add(driver);
  }
  return [...windows.values()].map(({ zone, startMs, trips, drivers }) => ({
    geo_zone: zone,
    window_start: isoOf(startMs),
    window_end: isoOf(startMs + WINDOW_MS),
    rider_requests: trips.size,
    available_drivers: drivers.size,
    demand_supply_ratio: trips.size / Math.max(drivers.size, 1),
    surge_multiplier: stepOf(trips.size, Math.max(drivers.size, 1)),
    window_date: isoOf(startMs).slice(0, 10),
  }));
}

/** Tenths of requests against the steps: whole numbers, so that 6 to 5 is 1.2. */
function stepOf(requests: number, drivers: number): number {
  const tenths = 10 * requests;
  if (tenths < 12 * drivers) return 1;
  if (tenths < 20 * drivers) return 1.5;
  return tenths < 30 * drivers ? 2 : 2.5;
}

/** What became of the requests of every hour, city and multiplier; of windows it takes those that it is given. */
export function expectedEffects(
  events: readonly SurgeEvent[],
  trips: readonly ExpectedTrip[],
  windows: readonly ExpectedWindow[],
): ExpectedEffect[] {
  const asked = events.filter((event) => event.event_name === 'trip_requested' && event.trip_id !== null);
  const ofTrip = Map.groupBy(
    events.filter(({ trip_id }) => trip_id !== null),
    ({ trip_id }) => trip_id,
  );
  const tripOf = Map.groupBy(trips, ({ trip_id }) => trip_id);
  const windowsOf = Map.groupBy(windows, ({ geo_zone }) => geo_zone);
  const first = Map.groupBy(asked, ({ trip_id, event_date }) => `${trip_id ?? ''} ${event_date}`);
  const requests = [...first.values()].map((all) => {
    const [request] = all.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
    if (!request) throw new Error('a group without an event');
    const near = (date: string): boolean =>
      date === request.event_date || date === isoOf(Date.parse(request.event_date) + DAY_MS).slice(0, 10);
    const own = (ofTrip.get(request.trip_id) ?? []).filter(({ event_date }) => near(event_date));
    const trip = tripOf.get(request.trip_id ?? '')?.find(({ trip_date }) => near(trip_date));
    const assigned = own
      .filter(({ event_name }) => event_name === 'driver_assigned')
      .map((event) => Date.parse(event.event_timestamp));
    const isCompleted = trip?.is_completed ?? false;
    const atMs = Date.parse(request.event_timestamp);
    return {
      hour: isoOf(Math.floor(atMs / HOUR_MS) * HOUR_MS),
      city: request.city_id ?? 'unknown',
      multiplier: request.surge_multiplier ?? 1,
      isCompleted,
      isCancelled: !isCompleted && own.some(({ event_name }) => event_name === 'trip_cancelled'),
      waitMs: assigned.length === 0 ? null : Math.min(...assigned) - atMs,
      fareCents: trip?.fare_amount == null ? null : cents(trip.fare_amount),
      inForce: inForceAt(windowsOf.get(zoneOf(request)) ?? [], atMs, request.event_date),
    };
  });
  const groups = Map.groupBy(requests, ({ hour, city, multiplier }) => `${hour} ${city} ${multiplier}`);
  return [...groups.values()].flatMap((group) => {
    const [one] = group;
    if (!one) return [];
    const priced = group.filter(({ inForce }) => inForce !== null);
    const completed = group.filter(({ isCompleted }) => isCompleted).length;
    return {
      request_hour: one.hour,
      city_id: one.city,
      surge_multiplier: one.multiplier,
      requests: group.length,
      completed,
      cancelled: group.filter(({ isCancelled }) => isCancelled).length,
      completion_pct: (100 * completed) / group.length,
      avg_wait_seconds: mean(group.flatMap(({ waitMs }) => (waitMs === null ? [] : waitMs / 1000))),
      avg_fare: mean(group.flatMap(({ fareCents }) => (fareCents === null ? [] : fareCents / 100))),
      as_window_pct: mean(priced.map(({ inForce, multiplier }) => (inForce === multiplier ? 100 : 0))),
      request_date: one.hour.slice(0, 10),
    };
  });
}

const orderOf = ({ event_timestamp, event_id }: SurgeEvent): string => `${event_timestamp} ${event_id}`;

/** The step of the last window that had ended, of the date or the one before; null where there is none. */
function inForceAt(windows: readonly ExpectedWindow[], atMs: number, date: string): number | null {
  const ended = windows.filter(
    ({ window_end, window_date }) =>
      Date.parse(window_end) <= atMs && Date.parse(window_date) >= Date.parse(date) - DAY_MS,
  );
  const last = ended.reduce<ExpectedWindow | null>(
    (newest, each) => (newest && newest.window_end > each.window_end ? newest : each),
    null,
  );
  return last?.surge_multiplier ?? null;
}

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
