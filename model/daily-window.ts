import { DateTime } from 'luxon';
import { dailyBatch } from './cadences.ts';
import { intervalKey, shiftInterval } from './intervals.ts';
import type { BuildInput } from './messages/builds.ts';

/** An event that arrives so many days after its time is still brought everywhere by the daily batch; a later one is late. */
export const daysBeforeLate = 2;

/** What reads this date, or a later one, the next daily batch after an instant is sure to build. */
export function firstDateCovered(nowMs: number): string {
  const now = DateTime.fromMillis(nowMs, { zone: 'utc' });
  const ofNextBatch = intervalKey('date', now.minus({ minutes: dailyBatch.firesAfterMinutes }));
  return shiftInterval('date', ofNextBatch, -daysBeforeLate);
}

/** Of the dates that a build has changed, those whose readers nobody else is about to build. */
export function datesToRestate(
  { readersBuiltBy }: Pick<BuildInput, 'readersBuiltBy'>,
  changed: readonly string[],
  nowMs: number,
): string[] {
  if (readersBuiltBy === 'caller') return [];
  const covered = readersBuiltBy === 'next daily batch' ? firstDateCovered(nowMs) : null;
  return changed.filter((date) => covered === null || date < covered);
}
