import { DateTime } from 'luxon';
import type { Catalogue } from '../../model/catalogue.ts';
import { mergeSchedule } from '../../model/cadences.ts';
import { intervalKey, intervalStart, shiftInterval } from '../../model/intervals.ts';
import type { FreshnessFinding } from '../../model/messages/freshness.ts';
import { isStopped, type Schedules } from './stopped-schedules.ts';
import type { LedgerReader } from './survey.ts';

/** The batch settles a date within hours of its end; three days later somebody has to look. */
const settledWithinHours = 72;
/** Of live dates so many are looked through. */
const daysBack = 30;
/** Merges tell the ledger every ten minutes what there is: three of them missing is an outage. */
const mergedWithinMinutes = 30;

/** Dates that the batch has not settled in time, and tables into which nothing is merged any more. */
export async function findUnsettled(
  ledger: Pick<LedgerReader, 'records'>,
  { streams }: Catalogue,
  schedules: Schedules,
  now: DateTime,
): Promise<FreshnessFinding[]> {
  const findings: FreshnessFinding[] = [];
  const today = intervalKey('date', now);
  for (const { key } of streams.values()) {
    const records = await ledger.records(key, shiftInterval('date', today, -daysBack), shiftInterval('date', today, 1));
    const live = records.filter(({ streamed }) => streamed?.isLive);
    for (const { interval } of live) {
      const hours = now.diff(intervalStart(shiftInterval('date', interval, 1))).as('hours');
      if (hours > settledWithinHours)
        findings.push({
          ...{ product: key, interval, kind: 'not settled', runs: `Product = "${key}" AND BuildState = "failed"` },
          problem: `readers see the stream's rows ${Math.floor(hours)} h after the date has ended: no reconciliation has settled it`,
        });
    }
    const lately = live
      .map(({ streamed }) => streamed?.at ?? '')
      .sort()
      .at(-1);
    if (lately === undefined || isStopped(schedules.get(mergeSchedule(key)))) continue;
    const minutes = now.diff(DateTime.fromISO(lately)).as('minutes');
    if (minutes > mergedWithinMinutes)
      findings.push({
        ...{ product: key, interval: null, kind: 'not merged', runs: 'WorkflowType = "mergeRealtime"' },
        problem: `no merge has ended well since ${lately}`,
      });
  }
  return findings;
}
