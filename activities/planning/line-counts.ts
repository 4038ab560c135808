import type { DateTime } from 'luxon';
import { type Catalogue, rawProducts } from '../../model/catalogue.ts';
import type { Product } from '../../model/product.ts';
import type { FindingKind, FreshnessFinding } from '../../model/messages/freshness.ts';
import { intervalsIn, shiftInterval } from '../../model/intervals.ts';
import type { Published } from '../ledger/records.ts';
import { settledHours } from './raw-hours.ts';
import type { LedgerReader } from './survey.ts';

const week = 168;
/** With less history, a week before is no measure of what is usual. */
const historyHours = 2 * week;
const leastShare = 0.1;
/** A share of fewer lines says little. */
export const leastLines = 100;

const after = (hour: string, hours: number): string => shiftInterval('hour', hour, hours);

/** Of an hour with fewer lines the audit tells a share that is quarantined, and holds nothing back for it. */
const mostQuarantined = 0.05;
/** One broken line in a quiet hour is nobody's night. */
const leastQuarantined = 10;

/** Hours of raw data that were built and hold too little to be true, or too little that is valid. */
export async function findThinHours(
  ledger: LedgerReader,
  catalogue: Catalogue,
  at: DateTime,
): Promise<FreshnessFinding[]> {
  const found = rawProducts(catalogue).map((product) => thinHoursOf(ledger, product, settledHours(product, at)));
  return (await Promise.all(found)).flat();
}

async function thinHoursOf(
  ledger: LedgerReader,
  { key }: Product,
  hours: readonly string[],
): Promise<FreshnessFinding[]> {
  const [first = '', last = ''] = [hours[0], hours.at(-1)];
  const publishedIn = async (start: string, end: string): Promise<(Published | undefined)[]> => {
    const records = new Map((await ledger.records(key, start, end)).map((record) => [record.interval, record]));
    return intervalsIn('hour', { start, end }).map((hour) => records.get(hour)?.published);
  };
  const [firstPublished, around, usual] = await Promise.all([
    ledger.firstPublished(key),
    publishedIn(after(first, -1), after(last, 2)),
    publishedIn(after(first, -week), after(last, 1 - week)),
  ]);
  const [before, own, next] = [around, around.slice(1), around.slice(2)];
  const isLong = (hour: string): boolean => firstPublished !== null && firstPublished <= after(hour, -historyHours);
  return hours.flatMap((interval, index): FreshnessFinding[] => {
    const { rowsIn: count, rowsQuarantined = 0 } = own[index] ?? {};
    const [earlier = 0, later = 0, weekBefore = 0] = [before, next, usual].map((each) => each[index]?.rowsIn);
    if (count === undefined) return [];
    const told = (kind: FindingKind, problem: string): FreshnessFinding => ({ product: key, interval, kind, problem });
    if (rowsQuarantined >= leastQuarantined && rowsQuarantined > mostQuarantined * count)
      return [told('many lines in quarantine', `${rowsQuarantined} of ${count} lines are in quarantine`)];
    if (count === 0 && earlier > 0 && later > 0)
      return [told('few lines', `no lines, though the hours around it have ${earlier} and ${later}`)];
    if (weekBefore < leastLines || count >= leastShare * weekBefore || !isLong(interval)) return [];
    return [told('few lines', `${count} lines, though the same hour of the week before has ${weekBefore}`)];
  });
}
