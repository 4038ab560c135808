import { DateTime } from 'luxon';
import type { Catalogue } from '../../model/catalogue.ts';
import { intervalStart, shiftInterval } from '../../model/intervals.ts';
import { expectedFrom } from './expected-from.ts';
import type { LedgerReader } from './survey.ts';

/** Among so many of the newest dates is one that is right, or the alarm has long rung. */
const datesLookedAt = 14;

/**
 * Hours since the end of the newest date of which all of gold is published, and loaded where the warehouse has it, or since
 * dates are expected of a schedule that was made at `madeAt`, where that is later; none where it has not ended yet; null
 * while nothing is published. A product that has never been built is not waited for: it is new.
 */
export async function batchLatencyHours(
  ledger: LedgerReader,
  { products }: Pick<Catalogue, 'products'>,
  madeAt: Date,
  at: DateTime,
): Promise<number | null> {
  const gold = [...products.values()].filter(({ layer, partitionColumn }) => layer === 'gold' && partitionColumn);
  const waitedFor = await Promise.all(
    gold.map(async (product) => {
      const records = await ledger.newest(product.key, datesLookedAt);
      const right = records.find(({ published }) => published && published.loaded !== null);
      const { interval } = right ?? records.at(-1) ?? {};
      const expected = await expectedFrom(ledger, product, '', madeAt);
      if (interval === undefined || expected === null) return [];
      return [DateTime.max(intervalStart(shiftInterval('date', interval, 1)), intervalStart(expected))];
    }),
  );
  const since = DateTime.min(...waitedFor.flat());
  return since ? Math.max(0, at.diff(since).as('hours')) : null;
}
