import type { Catalogue, Product } from '../products/catalogue.ts';
import { intervalKey, intervalsIn, type IntervalRange, intervalStart, shiftInterval } from '../workflows/intervals.ts';

export type Input = Product['inputs'][number];

/** The dates of an input that an interval is made from; a contract counts offsets in the input's own intervals. */
export function datesRead(catalogue: Catalogue, { product, fromOffset, toOffset }: Input, interval: string): string[] {
  const { grain } = catalogue.get(product);
  const base = intervalKey(grain, intervalStart(interval));
  const last = shiftInterval(grain, base, toOffset - 1).slice(0, 10);
  return intervalsIn('date', {
    start: shiftInterval(grain, base, fromOffset).slice(0, 10),
    end: shiftInterval('date', last, 1),
  });
}

/** The run of dates whose intervals read something of `range`, which is a run of the input's own intervals. */
export function readersOf(catalogue: Catalogue, input: Input, range: IntervalRange): IntervalRange {
  const { grain } = catalogue.get(input.product);
  // A date reads [date + fromOffset, date + toOffset): it lies after `start - toOffset` and before `end - fromOffset`.
  const after = shiftInterval(grain, range.start, -input.toOffset).slice(0, 10);
  const last = shiftInterval(grain, range.end, -input.fromOffset - 1).slice(0, 10);
  return { start: shiftInterval('date', after, 1), end: shiftInterval('date', last, 1) };
}
