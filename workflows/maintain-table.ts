import { workflowInfo } from '@temporalio/workflow';
import { maintenanceTable, reportBuild } from './build-report.ts';
import { whileClaimed } from './claims.ts';
import { checkInput } from './inputs.ts';
import { type MaintenanceOutcome, wholeTable } from './messages.ts';
import { calls, catalogue } from './proxies.ts';
import { runJobs } from './run-jobs.ts';

/** Maintenance can wait: it never goes before a build. */
const lane = 'backfill';

export interface MaintainTableInput {
  readonly product: string;
}

/**
 * Compacts and sorts what has changed of a product's table, and removes files and commits that the contract does not keep
 * and nobody needs. No build of the table runs meanwhile.
 */
export async function maintainTable(input: MaintainTableInput): Promise<MaintenanceOutcome> {
  checkInput('maintainTable', input);
  const { product } = input;
  const generation = workflowInfo().startTime.getTime();
  const report = reportBuild({ product }, 'maintenance', lane);
  const { oldestNeededVersion, readMaintenanceResult } = calls(lane);
  try {
    const { job, claims, ...plan } = await catalogue.planMaintenance({ product, generation });
    const claimed = { product: claims, intervals: [wholeTable], buildId: plan.buildId };
    return await whileClaimed(claimed, lane, report.waiting, async () => {
      const needed = await oldestNeededVersion({ product });
      const args = needed === null ? job.arguments : [...job.arguments, '--needed-version', String(needed)];
      const planned = { ...plan, job: { ...job, arguments: args } };
      const { result, ...ended } = await runJobs(planned, lane, report, readMaintenanceResult);
      report.cost(ended.costUsd);
      report.show('maintained', maintenanceTable(result, needed, ended.costUsd));
      return { ...result, ...ended, neededVersion: needed };
    });
  } catch (error) {
    report.failed(error);
    throw error;
  }
}
