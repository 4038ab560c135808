import { expect } from 'vitest';
import type { SurveyedInterval } from '../../activities/planning/survey.ts';
import { openLedger } from '../../workers/clients.ts';

/** What the ledger says of the rows of each interval. */
export const rowsOf = (intervals: readonly SurveyedInterval[]) =>
  Object.fromEntries(
    intervals.map(({ product, interval, record }) => {
      const { rowsIn, rowsPublished, rowsDuplicate, rowsQuarantined } = record?.published ?? {};
      return [`${product} ${interval}`, { rowsIn, rowsPublished, rowsDuplicate, rowsQuarantined }];
    }),
  );

/** Waits until an interval is published, and nobody builds it. */
export async function untilBuilt(ledgerTable: string, product: string, interval: string): Promise<void> {
  const ledger = openLedger(ledgerTable);
  const isBuilt = async () => {
    const [record] = await ledger.records(product, interval, interval);
    return record?.published !== undefined && !record.claim && !record.failure;
  };
  await expect.poll(isBuilt, { timeout: 120_000, interval: 500, message: `${product} ${interval}` }).toBe(true);
}
