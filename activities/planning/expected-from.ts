import { DateTime } from 'luxon';
import { intervalKey } from '../../model/intervals.ts';
import type { Product } from '../../model/product.ts';
import type { LedgerReader } from './survey.ts';

/**
 * From which interval on, `from` or later, a product's are somebody's to build; null while none has ever been published.
 * That is not before the first that was, nor before the schedule was made, which `madeAt` tells where there is one. A
 * schedule that is younger than what was built has been made anew: what was missed while it was gone is missing.
 */
export async function expectedFrom(
  ledger: Pick<LedgerReader, 'firstPublished'>,
  { key, grain }: Product,
  from: string,
  madeAt?: Date,
): Promise<string | null> {
  const first = await ledger.firstPublished(key);
  if (first === null) return null;
  const known = first > from ? first : from;
  const made = madeAt ? intervalKey(grain, DateTime.fromJSDate(madeAt)) : '';
  if (made <= known) return known;
  return (await ledger.firstPublished(key, madeAt)) === null ? made : known;
}
