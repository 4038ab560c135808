import { DateTime } from 'luxon';
import type { Catalogue } from '../../model/catalogue.ts';
import { intervalStart, shiftInterval } from '../../model/intervals.ts';
import type { LedgerReader } from './survey.ts';

/** Among so many of the newest dates is one that is right, or the alarm has long rung. */
const datesLookedAt = 14;

/**
 * Hours since the end of the newest date of which all of gold is published, and loaded where the warehouse has it, or since
 * `scheduledSince` where that is later; none where it has not ended yet; null while nothing is published. A product that has
 * never been built is not waited for: it is new.
 */
export async function batchLatencyHours(
  ledger: LedgerReader,
  { products }: Pick<Catalogue, 'products'>,
  scheduledSince: DateTime,
  at: DateTime,
): Promise<number | null> {
  const gold = [...products.values()].filter(({ layer, partitionColumn }) => layer === 'gold' && partitionColumn);
  const newest = await Promise.all(
    gold.map(async ({ key }) => {
      const records = await ledger.newest(key, datesLookedAt);
      const right = records.find(({ published }) => published && published.loaded !== null);
      return (right ?? records.at(-1))?.interval ?? [];
    }),
  );
  const [last] = newest.flat().sort();
  if (last === undefined) return null;
  const ended = intervalStart(shiftInterval('date', last, 1));
  return Math.max(0, at.diff(DateTime.max(ended, scheduledSince)).as('hours'));
}
