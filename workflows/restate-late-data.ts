import {
  allHandlersFinished,
  condition,
  continueAsNew,
  executeChild,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { backfill } from './backfill.ts';
import type { BackfillReport } from './backfill-messages.ts';
import { type LateDataInput, lateDatesSignal } from './late-data-messages.ts';
import { catalogue } from './proxies.ts';

/**
 * Collects the dates that late events, or a restore, have changed, waits for more of them, then builds again what reads those dates,
 * on the late lane, and ends when nothing has come meanwhile. A restatement of many dates waits for approval.
 */
export async function restateLateData(input: LateDataInput): Promise<BackfillReport[]> {
  const dates = new Set(input.dates);
  const reports: BackfillReport[] = [];
  setHandler(lateDatesSignal, (more) => {
    for (const date of more) dates.add(date);
  });
  await condition(() => dates.size > 0);
  while (dates.size > 0) {
    setCurrentDetails(`Changed: ${[...dates].sort().join(', ')}. Waiting for more until they are restated.`);
    await sleep(`${input.debounceSeconds}s`);
    const restated = [...dates].sort();
    dates.clear();
    setCurrentDetails(`Restating what reads ${restated.join(', ')} of ${input.product}.`);
    for (const range of await catalogue.planRestatement({ product: input.product, dates: restated })) {
      const { product, start, end } = range;
      reports.push(
        await executeChild(backfill, {
          args: [{ product, start, end, mode: 'stale', lane: 'late', approvalOverJobs: input.approvalOverJobs }],
          workflowId: `restate/${product}/${start}..${end}/${workflowInfo().runId.slice(0, 8)}-${reports.length}`,
          staticSummary: `late data: ${product}, ${restated.length} dates of ${input.product}`,
        }),
      );
    }
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof restateLateData>({ ...input, dates: [...dates] });
    }
  }
  return reports;
}

// It lives as long as late events keep coming, through every deploy.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, restateLateData);
