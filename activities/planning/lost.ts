import type { Catalogue } from '../../model/catalogue.ts';
import type { BackfillInput } from '../../model/messages/backfill.ts';
import { grainOf, intervalStart, shiftInterval } from '../../model/intervals.ts';
import { jobsLost, verdicts, longestBuildMs } from '../../model/messages/builds.ts';
import { planBackfill } from './backfill.ts';
import { expectedFrom } from './expected-from.ts';
import type { Orchestrator } from '../orchestrator.ts';
import type { IntervalRecord } from '../ledger/records.ts';
import type { LedgerReader } from './survey.ts';

/**
 * Whether nobody has judged an interval yet that is not built: it was never begun, or its jobs were lost. What failed by its
 * data is left alone until other jobs may judge otherwise; what failed for another reason is tried ever later: after as long
 * as the last failure came after the interval.
 */
export function isLost(record: IntervalRecord | undefined, codeVersion: string, atMs: number): boolean {
  if (record?.claim && atMs - Date.parse(record.claim.since) < longestBuildMs) return false;
  const failure = record?.failure;
  if (!failure) return !record?.published;
  if (failure.state === 'quarantined' || verdicts.has(failure.kind ?? ''))
    return failure.codeVersion !== undefined && failure.codeVersion !== codeVersion;
  if (failure.kind === jobsLost) return true;
  const ended = intervalStart(shiftInterval(grainOf(record.interval), record.interval, 1)).toMillis();
  const failedAt = Date.parse(failure.at);
  return atMs - failedAt >= failedAt - ended;
}

/** How far back lost hours are looked for; older ones are a person's matter. */
const hoursHealed = 48;

/**
 * The backfill that builds the hours before `before` which an outage has left out; null when there are none, or no
 * schedule builds them.
 */
export async function healingOf(
  catalogue: Catalogue,
  ledger: LedgerReader,
  orchestrator: Pick<Orchestrator, 'scheduleOf'>,
  { product, before }: { readonly product: string; readonly before: string },
  codeVersion: string,
): Promise<BackfillInput | null> {
  const schedule = await orchestrator.scheduleOf(catalogue.get(product).cadence.scheduleId);
  if (schedule === null) return null;
  const from = shiftInterval('hour', before, -hoursHealed);
  const start = await expectedFrom(ledger, catalogue.get(product), from, schedule.createdAt);
  if (start === null || start >= before) return null;
  const healing: BackfillInput = {
    product,
    start,
    end: before,
    mode: 'lost',
    lane: 'late',
    downstream: 'next daily batch',
    maximumJobsAtOnce: 2,
    approvalOverJobs: hoursHealed,
  };
  const plan = await planBackfill(catalogue, ledger, { ...healing, startedAtMs: Date.now(), stage: null }, codeVersion);
  return plan.next.length > 0 ? healing : null;
}
