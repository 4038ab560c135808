import type { Catalogue } from './catalogue.ts';
import type { Product } from './product.ts';
import { daysBeforeLate } from './daily-window.ts';
import { intervalKey, intervalsIn, type IntervalRange, intervalStart, runRead, shiftInterval } from './intervals.ts';

export type Input = Product['inputs'][number];

/** The dates of an input that an interval is made from. */
export function datesRead(catalogue: Catalogue, input: Input, interval: string): string[] {
  const { grain } = catalogue.get(input.product);
  const { start, end } = runRead(grain, interval, input);
  const last = shiftInterval(grain, end, -1).slice(0, 10);
  return intervalsIn('date', { start: start.slice(0, 10), end: shiftInterval('date', last, 1) });
}

/** The run of dates whose intervals read something of `range`, which is a run of the input's own intervals. */
export function readersOf(catalogue: Catalogue, input: Input, range: IntervalRange): IntervalRange {
  const { grain } = catalogue.get(input.product);
  // A date reads [date + fromOffset, date + toOffset): it lies after `start - toOffset` and before `end - fromOffset`.
  const after = shiftInterval(grain, range.start, -input.toOffset).slice(0, 10);
  const last = shiftInterval(grain, range.end, -input.fromOffset - 1).slice(0, 10);
  return { start: shiftInterval('date', after, 1), end: shiftInterval('date', last, 1) };
}

/** The products that read a product, each with how it reads it. */
export function readersIn(catalogue: Catalogue, product: string): { reader: Product; input: Input }[] {
  return [...catalogue.products.values()].flatMap((reader) =>
    reader.inputs.filter((input) => input.product === product).map((input) => ({ reader, input })),
  );
}

/** A product with a run of its intervals. */
export interface Reach {
  readonly product: Product;
  readonly range: IntervalRange;
}

/** A run of a product's intervals and, after what they read, the intervals of all products that are made from it. */
export function downstreamOf(catalogue: Catalogue, key: string, range: IntervalRange): Reach[] {
  const reached = new Map<string, Reach>([[key, { product: catalogue.get(key), range }]]);
  for (const product of catalogue.products.values()) {
    const read = product.inputs.flatMap((input) => {
      const source = reached.get(input.product);
      return source ? [readersOf(catalogue, input, source.range)] : [];
    });
    const [start = ''] = read.map((each) => each.start).sort();
    const end =
      read
        .map((each) => each.end)
        .sort()
        .at(-1) ?? '';
    if (read.length > 0) reached.set(product.key, { product, range: { start, end } });
  }
  return [...reached.values()];
}

/** A date as a run of a product's own intervals. */
export function intervalsOfDate(catalogue: Catalogue, product: string, date: string): IntervalRange {
  const { grain } = catalogue.get(product);
  const inGrain = (key: string): string => intervalKey(grain, intervalStart(key));
  return { start: inGrain(date), end: inGrain(shiftInterval('date', date, 1)) };
}

/** The inputs of date products that are built hour by hour. */
export function hourlyInputs(catalogue: Catalogue): Input[] {
  const inputs = [...catalogue.products.values()].flatMap((product) => product.inputs);
  return inputs.filter(({ product }) => catalogue.get(product).grain === 'hour');
}

/** The dates that the daily batch of `date` builds: all that read an event of an hour of `date` that is not late. */
export function dailyWindow(catalogue: Catalogue, date: string): IntervalRange {
  const oldest = shiftInterval('date', date, -daysBeforeLate);
  const reached = hourlyInputs(catalogue).map(
    (input) => readersOf(catalogue, input, intervalsOfDate(catalogue, input.product, oldest)).start,
  );
  return { start: [oldest, ...reached].sort()[0] ?? oldest, end: shiftInterval('date', date, 1) };
}
