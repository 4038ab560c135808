import type { Catalogue, Product } from '../products/catalogue.ts';
import { intervalKey, intervalsIn, type IntervalRange, intervalStart, shiftInterval } from '../workflows/intervals.ts';

export type Input = Product['inputs'][number];

const hoursPerDay = 24;

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

/** The run of intervals of `product` that read something of `range` of their input. */
export function readersOf(catalogue: Catalogue, product: Product, input: Input, range: IntervalRange): IntervalRange {
  const { grain } = catalogue.get(input.product);
  const unit = grain === 'hour' ? 'hours' : 'days';
  const [start, end] = [intervalStart(range.start), intervalStart(range.end)];
  const padDays =
    Math.ceil(Math.max(Math.abs(input.fromOffset), Math.abs(input.toOffset)) / (grain === 'hour' ? hoursPerDay : 1)) +
    1;
  const dates = intervalsIn('date', {
    start: intervalKey('date', start.minus({ days: padDays })),
    end: intervalKey('date', end.plus({ days: padDays })),
  });
  const reading = dates.filter((date) => {
    const at = intervalStart(date);
    return at.plus({ [unit]: input.toOffset }) > start && at.plus({ [unit]: input.fromOffset }) < end;
  });
  const last = reading.at(-1);
  if (reading[0] === undefined || last === undefined)
    throw new RangeError(`${product.key} reads nothing of ${input.product}.`);
  return { start: reading[0], end: shiftInterval('date', last, 1) };
}
