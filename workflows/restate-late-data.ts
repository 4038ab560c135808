import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  executeChild,
  isCancellation,
  log,
  patched,
  rootCause,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { backfill } from './backfill.ts';
import type { BackfillReport } from '../model/messages/backfill.ts';
import { checkInput, lateDates } from './inputs.ts';
import type { ProductRange } from '../model/intervals.ts';
import { type LateDataInput, lateDatesSignal } from '../model/messages/late-data.ts';
import { catalogue } from './proxies.ts';

/** One, two, four and eight hours later: by then somebody has seen the failed backfill, or the day has to end in a failure. */
const maximumRetries = 4;

/**
 * Collects the dates that late events, or a restore, have changed, waits for more of them, then builds again what reads those dates,
 * on the late lane, and ends when nothing has come meanwhile. A restatement of many dates waits for approval. Dates whose
 * backfill failed are carried: they are tried again with the next that come, or hours later, and named at the end.
 */
export async function restateLateData(input: LateDataInput): Promise<BackfillReport[]> {
  checkInput('restateLateData', input);
  const { startTime, runId } = workflowInfo();
  // After a reset the same, which then meets the backfill that it began before and starts none beside it. The other name
  // may go when no run is left that began with it.
  const chain = patched('restatements-named-by-their-chain') ? startTime.getTime().toString(36) : runId.slice(0, 8);
  const dates = new Set(input.dates);
  const failed = new Set<string>();
  let retries = 0;
  let reason = '';
  const reports: BackfillReport[] = [];
  let children = 0;
  setHandler(lateDatesSignal, (more) => {
    const read = lateDates.safeParse(more);
    if (read.success) for (const date of read.data) dates.add(date);
    // Nobody waits for an answer, and what was collected must not be lost for it.
    else log.error('lateDates is no list of dates such as ["2025-01-18"]; it changes nothing', { given: more });
  });
  await condition(() => dates.size > 0);
  while (dates.size > 0 || failed.size > 0) {
    if (dates.size === 0) {
      const left = [...failed].sort().join(', ');
      if (retries === maximumRetries)
        throw ApplicationFailure.nonRetryable(
          `What reads ${left} of ${input.product} could not be restated: ${reason} Correct the cause, then backfill these dates.`,
          'RestatementFailed',
        );
      setCurrentDetails(`Failed: ${left}: ${reason} Trying again in ${2 ** retries} h, or with the next late dates.`);
      await condition(() => dates.size > 0, `${2 ** retries++}h`);
    }
    setCurrentDetails(`Changed: ${[...dates].sort().join(', ')}. Waiting for more until they are restated.`);
    await sleep(`${input.debounceSeconds}s`);
    const restated = [...new Set([...dates, ...failed])].sort();
    dates.clear();
    failed.clear();
    setCurrentDetails(`Restating what reads ${restated.join(', ')} of ${input.product}.`);
    const keep = (error: unknown): void => {
      if (CancellationScope.current().consideredCancelled) throw error;
      // A person has taken this backfill away, and no other.
      if (isCancellation(error)) return;
      reason = rootCause(error) ?? String(error);
      for (const date of restated) failed.add(date);
    };
    let ranges: readonly ProductRange[] = [];
    try {
      ranges = await catalogue.planRestatement({ product: input.product, dates: restated });
    } catch (error) {
      keep(error);
    }
    for (const { product, start, end } of ranges) {
      try {
        const report = await executeChild(backfill, {
          args: [{ product, start, end, mode: 'stale', lane: 'late', approvalOverJobs: input.approvalOverJobs }],
          workflowId: `restate/${product}/${start}..${end}/${chain}-${children++}`,
          staticSummary: `late data: ${product}, ${restated.length} dates of ${input.product}`,
        });
        reports.push(report);
      } catch (error) {
        keep(error);
      }
    }
    if (failed.size === 0) retries = 0;
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof restateLateData>({ ...input, dates: [...dates, ...failed] });
    }
  }
  return reports;
}

// It lives as long as late events keep coming, through every deploy.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, restateLateData);
