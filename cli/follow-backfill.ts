import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { missingLines, totalEstimate } from '../workflows/backfill-details.ts';
import { grainOf, rangeName } from '../model/intervals.ts';
import {
  approveUpdate,
  type BackfillInput,
  type BackfillReport,
  backfillStatusQuery,
} from '../model/messages/backfill.ts';
import { orchestrationQueue } from '../model/queues.ts';
import { createProgress, faint, seconds, table } from './terminal.ts';

const pollMs = 1_000;

function planTable({ products }: BackfillReport): string {
  const rows = products.map(({ product, intervals, right, jobs, estimate }) => [
    product,
    intervals,
    right,
    jobs,
    estimate && seconds(estimate.jobSeconds * 1000),
    estimate && `$${estimate.costUsd.toFixed(4)}`,
  ]);
  return table(['product', 'to build', 'right already', 'jobs', 'job time', 'cost'], rows);
}

function actual({ built, products }: BackfillReport): string {
  const estimate = totalEstimate(products.map((each) => each.estimate));
  const thought = estimate
    ? ` (estimated ${seconds(estimate.jobSeconds * 1000)} and $${estimate.costUsd.toFixed(4)})`
    : '';
  return `${built.jobs} jobs, ${built.intervals} intervals in ${built.elapsedSeconds} s: ${seconds(built.jobSeconds * 1000)} of jobs and $${built.costUsd.toFixed(4)}${thought}`;
}

async function approve(handle: WorkflowHandle, yes: boolean): Promise<boolean> {
  const ask = async (): Promise<boolean> => {
    if (!process.stdin.isTTY) return false;
    const prompt = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await prompt.question('\n  Build this? [y/N] ');
    prompt.close();
    return /^y(es)?$/i.test(answer.trim());
  };
  if (!yes && !(await ask())) return false;
  await handle.executeUpdate(approveUpdate, { args: [userInfo().username] });
  return true;
}

/** Starts a backfill, shows its plan, has it approved where that is needed, and follows it to its end. */
export async function followBackfill(client: Client, input: BackfillInput, yes: boolean): Promise<void> {
  const name = rangeName(grainOf(input.start), input);
  const handle = await client.workflow.start('backfill', {
    workflowId: `backfill/${input.product}/${name}`,
    taskQueue: orchestrationQueue,
    args: [input],
    staticSummary: `backfill of ${input.product} ${name}`,
  });
  // The status of a run that fails cannot be asked for; its failure comes from the result.
  const ended = handle.result().then(
    (report: BackfillReport) => ({ report }),
    (failure: unknown) => ({ failure }),
  );
  const progress = createProgress();
  let planned = false;
  for (;;) {
    const end = await Promise.race([ended, delay(pollMs)]);
    if (end && 'failure' in end) throw end.failure;
    const report = end?.report ?? (await handle.query(backfillStatusQuery));
    if (!planned && report.state !== 'planning') {
      planned = true;
      console.log(planTable(report));
      for (const line of missingLines(input, report.missing)) console.log(`\n  ${line}`);
      if (report.state === 'waiting for approval' && !(await approve(handle, yes))) {
        console.log(
          `\n  It waits for approval: temporal workflow update execute --name approve --input '"your name"' --workflow-id ${handle.workflowId}`,
        );
        return;
      }
    }
    if (end) {
      progress.end();
      if (report.state === 'done') console.log(`\n  ${actual(report)}`);
      return;
    }
    if (planned)
      progress.tick(`${report.state}: ${report.built.jobs} jobs  ${faint(`${report.built.elapsedSeconds} s`)}`);
  }
}
