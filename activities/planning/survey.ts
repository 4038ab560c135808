import type { Catalogue } from '../../model/catalogue.ts';
import type { Product } from '../../model/product.ts';
import { intervalsIn, type IntervalRange } from '../../model/intervals.ts';
import { datesRead } from '../../model/graph.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { IntervalRecord, PartitionChange, Published } from '../ledger/records.ts';

/**
 * `stale`: an input has changed since the interval was built from it. `unloaded`: the warehouse lacks what the lake has. The
 * last three are of dates of a stream's table (`stream-states.ts`).
 */
export type IntervalState =
  | 'missing'
  | 'running'
  | 'failed'
  | 'quarantined'
  | 'stale'
  | 'unloaded'
  | 'published'
  | 'provisional'
  | 'settling'
  | 'final';

/** A date of an input that changed after the interval's rows were made from it. */
export interface ChangedInput {
  readonly input: string;
  readonly date: string;
  readonly changedVersion: number;
  /** ISO-8601. */
  readonly changedAt: string;
  readonly builtFromVersion: number;
}

export interface SurveyedInterval {
  readonly product: string;
  readonly interval: string;
  readonly state: IntervalState;
  readonly record: IntervalRecord | undefined;
  readonly changedInputs: readonly ChangedInput[];
}

/** Per product, for each date of its partition column, its newest change. */
export type Changes = ReadonlyMap<string, ReadonlyMap<string, PartitionChange>>;

/** What has changed in the inputs of an interval since it was built; where it never was, all that there is. */
export function changedInputs(
  catalogue: Catalogue,
  product: Product,
  interval: string,
  published: Published | undefined,
  changes: Changes,
): ChangedInput[] {
  return product.inputs.flatMap((read) => {
    const input = read.product;
    const builtFromVersion = published?.inputVersions[input] ?? -1;
    return datesRead(catalogue, read, interval).flatMap((date) => {
      const change = changes.get(input)?.get(date);
      return change && change.version > builtFromVersion
        ? [{ input, date, changedVersion: change.version, changedAt: change.at, builtFromVersion }]
        : [];
    });
  });
}

export function stateOf(record: Partial<IntervalRecord> | undefined, changes: readonly ChangedInput[]): IntervalState {
  if (record?.claim) return 'running';
  if (record?.failure) return record.failure.state;
  if (!record?.published) return 'missing';
  if (changes.length > 0) return 'stale';
  return record.published.loaded === null ? 'unloaded' : 'published';
}

/** What can be asked of a ledger. */
export type LedgerReader = Pick<
  Ledger,
  'records' | 'changes' | 'newest' | 'newestFilled' | 'firstPublished' | 'unloaded'
>;

/** The state of every interval of a product in [start, end), from the ledger alone. */
export async function surveyProduct(
  ledger: LedgerReader,
  catalogue: Catalogue,
  product: Product,
  range: IntervalRange,
): Promise<SurveyedInterval[]> {
  const intervals = intervalsIn(product.grain, range);
  const [first = '', last = ''] = [intervals[0], intervals.at(-1)];
  const [records, ...changed] = await Promise.all([
    ledger.records(product.key, first, last),
    ...product.inputs.map(async (input) => {
      const [from = ''] = datesRead(catalogue, input, first);
      const to = datesRead(catalogue, input, last).at(-1) ?? '';
      return [input.product, await ledger.changes(input.product, from, to)] as const;
    }),
  ]);
  const byInterval = new Map(records.map((record) => [record.interval, record]));
  const changesOf: Changes = new Map(changed);
  return intervals.map((interval) => {
    const record = byInterval.get(interval);
    const changes = changedInputs(catalogue, product, interval, record?.published, changesOf);
    return { product: product.key, interval, state: stateOf(record, changes), record, changedInputs: changes };
  });
}

/** Products that are built by jobs of their own: their intervals are in the ledger. Others come with another's job. */
export function builtProducts(catalogue: Catalogue): Product[] {
  return [...catalogue.products.values()].filter(({ build }) => build.kind !== 'written-with');
}
