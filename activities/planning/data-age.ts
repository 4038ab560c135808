import { DateTime } from 'luxon';
import type { Product } from '../../model/product.ts';
import type { FreshnessFinding } from '../../model/messages/freshness.ts';
import { intervalKey, intervalStart, shiftInterval } from '../../model/intervals.ts';
import type { IntervalRecord } from '../ledger/records.ts';
import { expectedFrom } from './expected-from.ts';
import type { LedgerReader, SurveyedInterval } from './survey.ts';

/** Records of earlier releases say only that there are rows: they may be as new as the interval's end. */
const eventOf = ({ grain }: Product, { interval, published }: IntervalRecord): DateTime =>
  published?.newestEvent === undefined
    ? intervalStart(shiftInterval(grain, interval, 1))
    : DateTime.fromISO(published.newestEvent, { zone: 'utc' });

/** The time of a product's newest event; null while it has none. */
export async function newestEventOf(ledger: LedgerReader, product: Product): Promise<DateTime | null> {
  const events = (await ledger.newestFilled(product.key)).map((record) => eventOf(product, record));
  return DateTime.max(...events) ?? null;
}

const isPublished = ({ record }: SurveyedInterval): boolean => record?.published !== undefined;

/**
 * A newest event that is older than the contract allows, although the builds run: what they do not build is told of
 * them. Data is expected since intervals are; a product that never had any has nothing to be old.
 * `due` are the intervals that should be published by now, `pending` those after them whose schedule has fired.
 */
export async function findOldData(
  ledger: LedgerReader,
  product: Product,
  { due, pending }: { readonly due: readonly SurveyedInterval[]; readonly pending: readonly SurveyedInterval[] },
  madeAt: Date,
  at: DateTime,
): Promise<FreshnessFinding[]> {
  const { key, grain, cadence, freshness } = product;
  const lastDue = due.at(-1);
  if (!freshness || !lastDue || !isPublished(lastDue)) return [];
  const newest = await newestEventOf(ledger, product);
  if (!newest) return [];
  // The time that a build may take is the contract's latency: meanwhile data is as old as when the build was started.
  const open = pending.find((each) => !isPublished(each));
  const counted = open
    ? intervalStart(shiftInterval(grain, open.interval, 1)).plus({ minutes: cadence.firesAfterMinutes })
    : at;
  const oldest = counted.minus({ hours: freshness.hours });
  if (newest >= oldest) return [];
  const expected = await expectedFrom(ledger, product, intervalKey(grain, oldest), madeAt);
  if (expected === null || intervalStart(expected) >= oldest) return [];
  const age = Number(at.diff(newest).as('hours').toFixed(1));
  const told = `newest event ${newest.toFormat("yyyy-MM-dd'T'HH:mm'Z'")} is ${age} h old, allowed ${freshness.hours} h`;
  return [{ product: key, interval: null, kind: 'old data', problem: `${told}: builds run, no data arrives` }];
}
