import { patched, rootCause, sleep, workflowInfo } from '@temporalio/workflow';
import { maintenanceTable, reportBuild } from './build-report.ts';
import { isNotGiven, whileClaimed } from './claims.ts';
import { checkInput } from './inputs.ts';
import { type MaintenanceOutcome, wholeTable } from '../model/messages/builds.ts';
import { calls, catalogue } from './proxies.ts';
import { isLost, type Patience, runJobs } from './run-jobs.ts';
import type { Pace } from './wait.ts';

/** Builds of its table wait for it: its job must not stand behind those of backfills. */
const lane = 'scheduled';

/** It can wait for another night, and hourly builds cannot: it holds what it has claimed for some minutes without a job. */
const claimPace: Pace = { first: 5, longest: 60, patienceMinutes: 10 };
const jobPatience: Patience = { lostForMinutes: 20, startsWithinMinutes: 10 };
const triesANight = 4;

export interface MaintainTableInput {
  readonly product: string;
}

/**
 * Compacts and sorts what has changed of a product's table, and removes files and commits that the contract does not keep
 * and nobody needs. No build of the table runs meanwhile. Where builds hold the table, or the job finds no room, it gives up
 * its claim after some minutes and tries again later, a few times; the next night does what this one has missed, or what
 * its job had no time for.
 */
export async function maintainTable(input: MaintainTableInput): Promise<MaintenanceOutcome> {
  checkInput('maintainTable', input);
  const { product } = input;
  const generation = workflowInfo().startTime.getTime();
  const report = reportBuild({ product }, 'maintenance', lane);
  // Until no maintenance runs that began before it: one lasts a day at the most.
  const givesUp = patched('maintenance-gives-up');
  const { oldestNeededVersion, readMaintenanceResult } = calls(lane);
  try {
    const { job, claims, ...plan } = await catalogue.planMaintenance({ product, generation });
    const claimed = { product: claims, intervals: [wholeTable], buildId: plan.buildId };
    const maintain = async (tries: number): Promise<MaintenanceOutcome> => {
      const needed = await oldestNeededVersion({ product });
      const args = needed === null ? job.arguments : [...job.arguments, '--needed-version', String(needed)];
      // Other arguments than an earlier try's are those of another job.
      const buildId = tries === 1 ? plan.buildId : `${plan.buildId}/try/${tries}`;
      const planned = { ...plan, buildId, job: { ...job, arguments: args } };
      const { result, ...ended } = await runJobs(
        planned,
        lane,
        report,
        readMaintenanceResult,
        givesUp ? jobPatience : undefined,
      );
      report.cost(ended.costUsd);
      report.show('maintained', maintenanceTable(result, needed, ended.costUsd));
      return { ...result, ...ended, neededVersion: needed };
    };
    for (let tries = 1; ; tries++) {
      const began = Date.now();
      try {
        return await whileClaimed(
          claimed,
          lane,
          report.waiting,
          () => maintain(tries),
          givesUp ? claimPace : undefined,
        );
      } catch (error) {
        const outOfTime = Date.now() - began >= job.timeoutMinutes * 60_000 && patched('maintenance-out-of-time-ends');
        const mayPass = isNotGiven(error) || (isLost(error) && !outOfTime);
        if (!givesUp || !mayPass || tries === triesANight) throw error;
        report.show('waiting', `Holds nothing, and tries again in half an hour: ${rootCause(error)}`);
        await sleep('30m');
      }
    }
  } catch (error) {
    report.failed(error);
    throw error;
  }
}
