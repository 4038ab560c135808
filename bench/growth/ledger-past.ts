import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { partitionKey, publishedOf, recordedVersionKey } from '../../activities/ledger/records.ts';
import { builtProducts } from '../../activities/planning/survey.ts';
import type { Catalogue } from '../../model/catalogue.ts';
import type { Product } from '../../model/product.ts';
import { intervalsIn, type IntervalRange, intervalStart } from '../../model/intervals.ts';

/** DynamoDB takes so many items at a time. */
const itemsAtOnce = 25;
const rows = { rowsIn: 480, rowsPublished: 470, rowsDuplicate: 6, rowsQuarantined: 4, changed: true };

/** The ledger's items of a product that is built interval after interval: none of its inputs has changed since. */
function itemsOf(product: Product, dates: IntervalRange, newest: number): Record<string, unknown>[] {
  const { key, grain } = product;
  const range = grain === 'hour' ? { start: `${dates.start}T00`, end: `${dates.end}T00` } : dates;
  const at = (interval: string): string => intervalStart(interval).plus({ hours: 30 }).toISO();
  const intervals = intervalsIn(grain, range).map((interval, index) => ({
    product: key,
    interval,
    published: publishedOf(
      {
        product: key,
        buildId: `${key}/${interval}/1`,
        generation: intervalStart(interval).toMillis(),
        at: at(interval),
        codeVersion: 'source',
        inputVersions: Object.fromEntries(product.inputs.map((input) => [input.product, newest])),
        outputVersion: Math.min(index + 1, newest),
        sources: { [interval]: '0123456789abcdef 2024-01-01' },
        changedPartitions: [],
        intervals: [{ interval, ...rows }],
        qualityScore: 1,
        jobRunId: '00g0123456789abc',
        costUsd: 0.01,
        jobSeconds: 60,
      },
      { interval, ...rows },
    ),
  }));
  const partitions = intervalsIn('date', dates).map((date, index) => ({
    product: key,
    interval: partitionKey(date),
    changedVersion: Math.min(index + 1, newest),
    changedAt: at(date),
  }));
  return [...intervals, ...partitions, { product: key, interval: recordedVersionKey, recordedVersion: newest }];
}

/** Writes the ledger of tables that hold some dates; `newest` is the version up to which their commits are recorded. */
export async function writeLedger(
  documents: DynamoDBDocumentClient,
  table: string,
  catalogue: Catalogue,
  dates: IntervalRange,
  newest: number,
): Promise<void> {
  const items = builtProducts(catalogue).flatMap((product) => itemsOf(product, dates, newest));
  for (let from = 0; from < items.length; from += itemsAtOnce) {
    const puts = items.slice(from, from + itemsAtOnce).map((Item) => ({ PutRequest: { Item } }));
    await documents.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }));
  }
}
