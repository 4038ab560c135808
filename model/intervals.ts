import { DateTime } from 'luxon';

/** What one interval of a product spans. */
export type Grain = 'hour' | 'date';

/** A run of consecutive intervals, half-open, as keys of one grain: `2025-01-18T03` (hour) or `2025-01-18` (date), UTC. */
export interface IntervalRange {
  readonly start: string;
  readonly end: string;
}

/** A run of intervals of one product. */
export interface ProductRange extends IntervalRange {
  readonly product: string;
}

/** A key is the beginning of its start as ISO-8601 writes it. */
const keyLengths = { hour: 13, date: 10 } as const;
const unitOf = { hour: 'hours', date: 'days' } as const;
/** In UTC all are of one length, so that counting them needs no calendar. */
const lengthMs = { hour: 3_600_000, date: 86_400_000 } as const;

export const grainOf = (key: string): Grain => (key.length > 10 ? 'hour' : 'date');

/** The instant at which an interval starts. Throws a RangeError that shows what a key looks like. */
export function intervalStart(key: string): DateTime<true> {
  const start = DateTime.fromISO(key, { zone: 'utc' });
  if (!start.isValid || intervalKey(grainOf(key), start) !== key) {
    throw new RangeError(`"${key}" is no interval. Write an hour as 2025-01-18T03 or a date as 2025-01-18 (UTC).`);
  }
  return start;
}

export const intervalKey = (grain: Grain, instant: DateTime): string => keyAt(grain, instant.toMillis());

const keyAt = (grain: Grain, ms: number): string => new Date(ms).toISOString().slice(0, keyLengths[grain]);

/** The interval that lies `count` intervals of `grain` after `key`. */
export const shiftInterval = (grain: Grain, key: string, count: number): string =>
  keyAt(grain, intervalStart(key).toMillis() + count * lengthMs[grain]);

/** Two years of hours, fifty of dates: a longer run is a slip of the pen, and would never fit into an answer. */
const mostIntervals = 20_000;

/** Which intervals of an input, which are of `grain`, an interval is made from: a contract counts its offsets in those. */
export function runRead(
  grain: Grain,
  interval: string,
  { fromOffset, toOffset }: { readonly fromOffset: number; readonly toOffset: number },
): IntervalRange {
  const base = intervalKey(grain, intervalStart(interval));
  return { start: shiftInterval(grain, base, fromOffset), end: shiftInterval(grain, base, toOffset) };
}

/** The intervals of a run, in order. Throws a RangeError when the run is empty, too long, or its keys are of another grain. */
export function intervalsIn(grain: Grain, { start, end }: IntervalRange): string[] {
  const first = intervalStart(start);
  const last = intervalStart(end);
  for (const [name, key, instant] of [
    ['start', start, first],
    ['end', end, last],
  ] as const) {
    if (intervalKey(grain, instant) !== key) {
      const example = grain === 'hour' ? '2025-01-18T03' : '2025-01-18';
      throw new RangeError(
        `${name} "${key}" is not one of the product's intervals: they are ${grain}s, such as ${example}.`,
      );
    }
  }
  if (last <= first)
    throw new RangeError(`end "${end}" must lie after start "${start}": it is the first interval left out.`);
  const count = (last.toMillis() - first.toMillis()) / lengthMs[grain];
  if (count > mostIntervals) {
    throw new RangeError(
      `${start} to ${end} are ${count.toLocaleString('en-US')} ${unitOf[grain]}; at most ${mostIntervals.toLocaleString('en-US')} go into one run. Cut it into shorter ones.`,
    );
  }
  return Array.from({ length: count }, (_, index) => keyAt(grain, first.toMillis() + index * lengthMs[grain]));
}

/** Intervals, in order, as runs of consecutive ones. */
export function runsOf(grain: Grain, intervals: readonly string[]): IntervalRange[] {
  const runs: { start: string; end: string }[] = [];
  for (const interval of intervals) {
    const end = shiftInterval(grain, interval, 1);
    const last = runs.at(-1);
    if (last?.end === interval) last.end = end;
    else runs.push({ start: interval, end });
  }
  return runs;
}

/** Cuts a run into runs of at most `size` intervals. */
export function chunkRange(grain: Grain, range: IntervalRange, size: number): IntervalRange[] {
  const keys = intervalsIn(grain, range);
  const chunks: IntervalRange[] = [];
  for (let index = 0; index < keys.length; index += size) {
    chunks.push({ start: keys[index] ?? range.start, end: keys[index + size] ?? range.end });
  }
  return chunks;
}

/** How people write a run: `2025-01-18`, or `2025-01-18..2025-01-24` with the last interval included. */
export function rangeName(grain: Grain, range: IntervalRange): string {
  const last = shiftInterval(grain, range.end, -1);
  return last === range.start ? range.start : `${range.start}..${last}`;
}
