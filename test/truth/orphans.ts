import type { EventTruth } from '../../local/generator/truth.ts';
import { shiftInterval } from '../../model/intervals.ts';

/**
 * How many events of the next date are of a trip that has started neither on one of the two dates before that one, nor on
 * it, nor on the one after it: no row of silver.trips can have them.
 */
export function expectedOrphans(
  events: readonly Pick<EventTruth, 'event_name' | 'event_date' | 'trip_id'>[],
  date: string,
): number {
  const next = shiftInterval('date', date, 1);
  const [first, last] = [shiftInterval('date', next, -2), shiftInterval('date', next, 1)];
  const started = new Set(
    events
      .filter(
        ({ event_name, event_date }) => event_name === 'trip_started' && event_date >= first && event_date <= last,
      )
      .map(({ trip_id }) => trip_id),
  );
  return events.filter(({ event_date, trip_id }) => event_date === next && trip_id !== null && !started.has(trip_id))
    .length;
}
