import type { City } from './cities.ts';
import type { DriverPool, Idle } from './drivers.ts';
import { type DriverStatus, NO_DETAILS, type PlannedEvent } from './events.ts';
import { Random } from './random.ts';
import { MINUTE_MS, SECOND_MS } from './time.ts';
import { schemaAt } from './trip-plan.ts';

export interface Reporting {
  readonly city: City;
  readonly drivers: DriverPool;
  /** How often a driver tells that he is available. */
  readonly everyMs: number;
  readonly newSchemaFromMs: number;
  /** What makes chance repeatable, and other than that of trips: they are the same, whatever drivers tell. */
  readonly keys: readonly (string | number)[];
}

/** So long a driver waits for a trip before he goes offline. */
const SHORTEST_WAIT_MS = 2 * MINUTE_MS;
const LONGEST_WAIT_MS = 10 * MINUTE_MS;

/**
 * What the drivers of a city tell between trips with where they are, at times of [fromMs, untilMs), of which all trips are
 * planned: every so often that they are available, in the zone of the last trip, and that they are not when they get the next.
 */
export function planReports(reporting: Reporting, fromMs: number, untilMs: number): PlannedEvent[] {
  const { city, drivers, everyMs, newSchemaFromMs, keys } = reporting;
  const random = new Random(...keys, city.id, fromMs);
  const reports: PlannedEvent[] = [];
  const report = ({ driverId, zoneId }: Idle, status: DriverStatus, timestampMs: number): void => {
    if (timestampMs < fromMs || timestampMs >= untilMs) return;
    reports.push({
      ...NO_DETAILS,
      ...schemaAt(timestampMs, newSchemaFromMs),
      ...{ driverId, cityId: city.id, geoZone: zoneId, status },
      eventId: random.uuid(),
      eventName: 'driver_location_updated',
      timestampMs,
      paddingSeed: random.uint32(),
    });
  };
  const isOver = (idle: Idle): boolean => Math.min(idle.untilMs, idle.fromMs + LONGEST_WAIT_MS) < fromMs;
  for (const idle of drivers.idle(isOver)) {
    if (idle.fromMs >= untilMs) continue;
    // The same in each period that it is looked at.
    const own = new Random(...keys, idle.driverId, idle.fromMs);
    const offlineMs = idle.fromMs + own.between(SHORTEST_WAIT_MS, LONGEST_WAIT_MS);
    const firstMs = Math.round(idle.fromMs) + own.integer(SECOND_MS, 30 * SECOND_MS);
    const endMs = Math.min(idle.untilMs, offlineMs);
    for (let atMs = firstMs; atMs < endMs; atMs += everyMs) report(idle, 'AVAILABLE', atMs);
    if (idle.untilMs < offlineMs) report(idle, 'ON_TRIP', Math.round(idle.untilMs));
  }
  return reports;
}
