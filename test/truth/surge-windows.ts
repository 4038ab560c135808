import type { EventTruth } from '../../local/generator/truth.ts';

/** The event columns that decide a window. */
export type SurgeEvent = Pick<
  EventTruth,
  'event_name' | 'event_timestamp' | 'trip_id' | 'driver_id' | 'geo_zone' | 'status'
>;

/** A zone in five minutes. Timestamps are ISO with milliseconds and Z. */
export interface SurgeWindow {
  readonly geo_zone: string;
  readonly window_start: string;
  readonly window_end: string;
  readonly rider_requests: number;
  readonly available_drivers: number;
  readonly demand_supply_ratio: number;
  readonly surge_multiplier: number;
  readonly version: number;
}

const WINDOW_MS = 300_000;

/** Counts windows in the plainest way; one in which no event tells of demand or supply is none. */
export function expectedWindows(events: Iterable<SurgeEvent>): SurgeWindow[] {
  const windows = new Map<string, { zone: string; startMs: number; trips: Set<string>; drivers: Set<string> }>();
  for (const event of events) {
    const isRequest = event.event_name === 'trip_requested';
    const isAvailable =
      event.event_name === 'driver_available' ||
      (event.event_name === 'driver_location_updated' && event.status === 'AVAILABLE');
    const id = isRequest ? event.trip_id : event.driver_id;
    if ((!isRequest && !isAvailable) || id === null) continue;
    const zone = event.geo_zone === null || event.geo_zone === '' ? 'UNKNOWN' : event.geo_zone;
    const startMs = Math.floor(Date.parse(event.event_timestamp) / WINDOW_MS) * WINDOW_MS;
    const key = `${zone} ${startMs}`;
    const window = windows.get(key) ?? { zone, startMs, trips: new Set(), drivers: new Set() };
    windows.set(key, window);
    (isRequest ? window.trips : window.drivers).add(id);
  }
  return [...windows.values()].map(({ zone, startMs, trips, drivers }) => {
    const supply = Math.max(drivers.size, 1);
    return {
      geo_zone: zone,
      window_start: new Date(startMs).toISOString(),
      window_end: new Date(startMs + WINDOW_MS).toISOString(),
      rider_requests: trips.size,
      available_drivers: drivers.size,
      demand_supply_ratio: trips.size / supply,
      surge_multiplier: multiplier(trips.size, supply),
      version: trips.size + drivers.size,
    };
  });
}

function multiplier(requests: number, supply: number): number {
  if (5 * requests < 6 * supply) return 1;
  if (requests < 2 * supply) return 1.5;
  return requests < 3 * supply ? 2 : 2.5;
}
