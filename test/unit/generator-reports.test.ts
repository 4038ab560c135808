import { describe, expect, it } from 'vitest';
import type { PlannedEvent } from '../../local/generator/events.ts';
import { liveEvents } from '../../local/generator/live-events.ts';
import { type GeneratorOptions, NO_MISHAPS } from '../../local/generator/options.ts';
import { rawLines } from '../../local/generator/raw-lines.ts';

const MINUTE_MS = 60_000;
const day: GeneratorOptions = { start: '2025-01-18', tripsPerDay: 3_000 };
const isReport = ({ eventName }: PlannedEvent): boolean => eventName === 'driver_location_updated';
const eventsOf = (options: GeneratorOptions): PlannedEvent[] =>
  Array.from(rawLines(options)).flatMap(({ outcome }) => (outcome.kind === 'published' ? outcome.event : []));

describe('what drivers tell between trips', () => {
  const events = eventsOf({ ...day, mishaps: NO_MISHAPS }).sort((a, b) => a.timestampMs - b.timestampMs);
  const byDriver = Map.groupBy(events.filter(isReport), ({ driverId }) => driverId);

  it('is of the driver, his zone and his status, and of no trip', () => {
    const zones = new Set(events.filter(({ eventName }) => eventName === 'trip_requested').map((each) => each.geoZone));
    const statuses = new Set<unknown>();
    for (const { tripId, driverId, geoZone, status } of events.filter(isReport)) {
      expect([tripId, zones.has(geoZone), driverId]).toEqual([null, true, expect.any(String)]);
      statuses.add(status);
    }
    expect(statuses).toEqual(new Set(['AVAILABLE', 'ON_TRIP']));
  });

  it('comes in each window of five minutes of a wait', () => {
    const gaps = [...byDriver.values()].flatMap((own) =>
      own.slice(1).map((event, index) => event.timestampMs - own[index]!.timestampMs),
    );
    const within = gaps.filter((gap) => gap < 10 * MINUTE_MS);
    expect(within.length).toBeGreaterThan(1_000);
    expect(within.filter((gap) => gap === 4 * MINUTE_MS).length).toBeGreaterThan(1_000);
    expect(Math.max(...gaps.filter((gap) => gap <= 5 * MINUTE_MS))).toBeLessThanOrEqual(4 * MINUTE_MS);
  });

  it('is never that he is available while he has a trip', () => {
    const ends = new Set(['trip_completed', 'trip_cancelled']);
    const trips = [...Map.groupBy(events, ({ tripId }) => tripId)].flatMap(([tripId, own]) => {
      const from = own.find(({ eventName }) => eventName === 'driver_assigned');
      const until = own.find(({ eventName }) => ends.has(eventName));
      return tripId !== null && from && until
        ? [{ driverId: from.driverId, from: from.timestampMs, until: until.timestampMs }]
        : [];
    });
    const tripsOf = Map.groupBy(trips, ({ driverId }) => driverId);
    const wrong = events.filter(
      ({ status, driverId, timestampMs }) =>
        status === 'AVAILABLE' &&
        (tripsOf.get(driverId) ?? []).some(({ from, until }) => from < timestampMs && timestampMs < until),
    );
    expect(wrong).toEqual([]);
  });

  it('adds less than half to the lines of a day, and changes none of the others', () => {
    const lines = (reportEverySeconds: number) => [...rawLines({ ...day, reportEverySeconds })];
    const others = (all: ReturnType<typeof lines>): string[] =>
      all.flatMap(({ text, outcome }) => ('event' in outcome && !isReport(outcome.event) ? text : []));
    const [seldom, often] = [lines(240), lines(30)];
    expect(others(often)).toEqual(others(seldom));
    expect(often.length).toBeGreaterThan(1.5 * seldom.length);
    const share = seldom.filter(({ outcome }) => 'event' in outcome && isReport(outcome.event)).length / seldom.length;
    expect(share / (1 - share)).toBeLessThan(0.4);
  });

  it('is told live too, at the pace of life', () => {
    const startedAtMs = Date.parse('2026-03-01T12:00:20.000Z');
    const feed = liveEvents({ startedAtMs, tripsPerMinute: 6, pace: 10 });
    const told = feed.take(startedAtMs + 60 * MINUTE_MS).map(({ event }) => event);
    const own = [...Map.groupBy(told.filter(isReport), ({ driverId }) => driverId).values()].flatMap((reports) =>
      reports.slice(1).map((event, index) => event.timestampMs - reports[index]!.timestampMs),
    );
    expect(own.filter((gap) => gap === 4 * MINUTE_MS).length).toBeGreaterThan(5);
  });
});
