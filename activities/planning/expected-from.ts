import { DateTime } from 'luxon';
import { intervalKey, shiftInterval } from '../../model/intervals.ts';
import type { Product } from '../../model/product.ts';
import type { LedgerReader } from './survey.ts';

/** How far back intervals are expected; older ones are a backfill's matter. */
export const expectedBack = { hour: 168, date: 7 } as const;

const later = (a: string, b: string): string => (a > b ? a : b);

/**
 * From which interval on, `from` or later, a product's are somebody's to build; null while none has ever been published.
 * That is not before the first that was, nor before the schedule was made, which `madeAt` tells where there is one. But
 * where builds that were asked for before that had published what came shortly before, the schedule has been made anew:
 * what was missed while it was gone is missing.
 */
export async function expectedFrom(
  ledger: Pick<LedgerReader, 'firstPublished' | 'records'>,
  { key, grain }: Product,
  from: string,
  madeAt?: Date,
): Promise<string | null> {
  const first = await ledger.firstPublished(key);
  if (first === null) return null;
  const known = later(first, from);
  const made = madeAt ? intervalKey(grain, DateTime.fromJSDate(madeAt)) : '';
  if (!madeAt || made <= known) return known;
  const before = await ledger.records(key, shiftInterval(grain, made, -expectedBack[grain]), made);
  const built = before.find(({ published }) => published && published.generation < madeAt.getTime());
  return built ? later(built.interval, known) : made;
}
