import { CancellationScope, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { reportBuild } from './build-report.ts';
import { whileClaimed } from './claims.ts';
import { checkInput } from './inputs.ts';
import { loadWarehouse } from './load-warehouse.ts';
import { type RestoreOutcome, wholeTable } from '../model/messages/builds.ts';
import { calls, catalogue, surveys } from './proxies.ts';
import { isSuperseded, runJobs } from './run-jobs.ts';

/** Somebody waits for it. */
const lane = 'scheduled';

export interface RestoreTableInput {
  readonly product: string;
  /** A version of the table, or the name of a restore point. */
  readonly to: number | string;
}

/**
 * Puts a product's table back to what it was: rows in the lake and in the warehouse, and what the ledger says of its
 * intervals. What reads the dates that this changes is built again, like after late events.
 */
export async function restoreTable(input: RestoreTableInput): Promise<RestoreOutcome> {
  checkInput('restoreTable', input);
  const { product, to } = input;
  const generation = workflowInfo().startTime.getTime();
  const report = reportBuild({ product }, `restore to ${to}`, lane);
  const { readRestoreResult, reportLateDates, resolveVersion } = calls(lane);
  try {
    const plan = await catalogue.planRestore({ product, generation, version: await resolveVersion({ product, to }) });
    const claimed = { product: plan.claims, intervals: [wholeTable], buildId: plan.buildId };
    return await whileClaimed(claimed, lane, report.waiting, async () => {
      const { result, ...ended } = await runJobs(plan, lane, report, readRestoreResult);
      report.cost(ended.costUsd);
      const { restored, version, changedPartitions, exportManifest, exportStart, exportEnd } = result;
      // The table is restored, whatever happens to the workflow now: a cancel comes too late for this.
      await CancellationScope.nonCancellable(async () => {
        await surveys(lane).recordRestored({ product, version });
        if (changedPartitions.length > 0) await reportLateDates({ product, dates: changedPartitions });
      });
      const load = { product, start: exportStart, end: exportEnd };
      const named = { ...plan, name: `${exportStart} to ${exportEnd}` };
      const rowsLoaded = exportManifest ? await loadWarehouse(load, named, lane, exportManifest, report) : null;
      report.show('restored', `Version ${version} has the rows of version ${restored}.`);
      return { product, restored, version, changedPartitions, ...ended, rowsLoaded };
    });
  } catch (error) {
    // A build came in between: it is what the person who asked wants undone too.
    if (isSuperseded(error)) await continueAsNew<typeof restoreTable>(input);
    report.failed(error);
    throw error;
  }
}
