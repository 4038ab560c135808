import { planReports } from './availability.ts';
import { CITY_IDS, type CityId } from './cities.ts';
import { tripsPerCity } from './demand.ts';
import { DriverPool } from './drivers.ts';
import { renderEvent } from './event-json.ts';
import type { PlannedEvent } from './events.ts';
import { Random } from './random.ts';
import { MINUTE_MS, SECOND_MS } from './time.ts';
import { planTrip } from './trip-plan.ts';

export interface LiveOptions {
  readonly seed?: string | number;
  /** When the feed first started. Part of every trip id, so that two feeds never make the same trip. */
  readonly startedAtMs: number;
  readonly tripsPerMinute: number;
  /** Events up to and including this instant were sent by an earlier run of the same feed. */
  readonly resumeAfterMs?: number;
  /** Trips run this many times faster than in life, so that a demo sees some finish. 10 unless told otherwise. */
  readonly pace?: number;
  /** How often a driver between trips tells that he is available, whatever the pace: windows of demand are those of life. */
  readonly reportEverySeconds?: number;
  readonly cities?: readonly CityId[];
  readonly eventBytes?: number;
}

export interface LiveEvent {
  readonly event: PlannedEvent;
  readonly line: string;
}

export interface LiveFeed {
  /** The events that have happened since the last call, in order of time. Give it the current time, never an earlier one. */
  readonly take: (nowMs: number) => LiveEvent[];
}

/**
 * A trickle of trips happening now. Everything follows from the seed and the start: a feed restarted with the same
 * `startedAtMs` and `resumeAfterMs` goes on exactly where the other stopped, trips under way included.
 */
export function liveEvents(options: LiveOptions): LiveFeed {
  const { seed = 1, startedAtMs, resumeAfterMs = -Infinity, pace = 10, eventBytes = 1_024 } = options;
  const everyMs = (options.reportEverySeconds ?? 240) * SECOND_MS;
  const cities = tripsPerCity(options.cities ?? CITY_IDS, options.tripsPerMinute).map((share) => ({
    ...share,
    drivers: new DriverPool(`drv_${share.city.code}_`),
  }));
  const feedTag = startedAtMs.toString(36);
  let plannedUntilMs = startedAtMs;
  let underWay: PlannedEvent[] = [];

  const planMinute = (fromMs: number): void => {
    for (const { city, trips, drivers } of cities) {
      const random = new Random(seed, 'live', startedAtMs, city.id, fromMs);
      const count = Math.floor(trips) + (random.chance(trips % 1) ? 1 : 0);
      const times = Array.from({ length: count }, () => fromMs + random.integer(0, MINUTE_MS)).sort((a, b) => a - b);
      for (const requestedAtMs of times) {
        const tripId = `trip_live_${feedTag}_${requestedAtMs.toString(36)}${random.hex32()}`;
        const trip = { random, city, drivers, requestedAtMs, tripId, newSchemaFromMs: Infinity, pace };
        underWay.push(...planTrip(trip).filter((event) => event.timestampMs > resumeAfterMs));
      }
      const keys = [seed, 'live reports', startedAtMs];
      const reporting = { city, drivers, everyMs, newSchemaFromMs: Infinity, keys };
      const reports = planReports(reporting, fromMs, fromMs + MINUTE_MS);
      underWay.push(...reports.filter((event) => event.timestampMs > resumeAfterMs));
    }
  };

  return {
    take: (nowMs) => {
      for (; plannedUntilMs <= nowMs; plannedUntilMs += MINUTE_MS) planMinute(plannedUntilMs);
      const due = underWay.filter((event) => event.timestampMs <= nowMs);
      underWay = underWay.filter((event) => event.timestampMs > nowMs);
      due.sort((a, b) => a.timestampMs - b.timestampMs || (a.eventId < b.eventId ? -1 : 1));
      return due.map((event) => ({ event, line: renderEvent(event, eventBytes) }));
    },
  };
}
