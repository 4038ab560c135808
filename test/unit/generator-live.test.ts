import { describe, expect, it } from 'vitest';
import { liveEvents, type LiveEvent, type LiveFeed } from '../../local/generator/live-events.ts';

const startedAtMs = Date.parse('2026-03-01T12:00:20.000Z');
const minuteMs = 60_000;
const options = { startedAtMs, tripsPerMinute: 12 };

function takeUntil(feed: LiveFeed, fromMinute: number, untilMinute: number): LiveEvent[] {
  const taken: LiveEvent[] = [];
  for (let minute = fromMinute; minute <= untilMinute; minute += 0.5) {
    taken.push(...feed.take(startedAtMs + minute * minuteMs));
  }
  return taken;
}

describe('live events', () => {
  it('happen between one call and the next, and finish trips at the pace asked for', () => {
    const feed = liveEvents(options);
    let lastMs = startedAtMs - 1;
    const names = new Set<string>();
    for (let minute = 0; minute <= 30; minute++) {
      const nowMs = startedAtMs + minute * minuteMs;
      for (const { event, line } of feed.take(nowMs)) {
        expect(event.timestampMs).toBeGreaterThan(lastMs);
        expect(event.timestampMs).toBeLessThanOrEqual(nowMs);
        expect(JSON.parse(line)).toMatchObject({ event_id: event.eventId, payload: { trip_id: event.tripId } });
        names.add(event.eventName);
      }
      lastMs = nowMs;
    }
    expect(names).toContain('payment_processed');
  });

  it('come at about the rate asked for', () => {
    const requests = takeUntil(liveEvents(options), 0, 60).filter(({ event }) => event.eventName === 'trip_requested');
    expect(Math.abs(requests.length - 12 * 60)).toBeLessThan(40);
  });

  it('go on where an earlier run of the same feed stopped', () => {
    const whole = takeUntil(liveEvents(options), 0, 20);
    const before = takeUntil(liveEvents(options), 0, 10);
    const resumed = liveEvents({ ...options, resumeAfterMs: startedAtMs + 10 * minuteMs });
    expect([...before, ...takeUntil(resumed, 10.5, 20)]).toEqual(whole);
  });

  it('share no trip and no event with a feed started within the same minute', () => {
    const ids = ({ event }: LiveEvent) => [event.eventId, event.tripId ?? event.eventId];
    const first = takeUntil(liveEvents(options), 0, 20).flatMap(ids);
    const second = takeUntil(liveEvents({ ...options, startedAtMs: startedAtMs + 1 }), 0, 20).flatMap(ids);
    const known = new Set(first);
    expect(second.filter((id) => known.has(id))).toEqual([]);
  });
});
