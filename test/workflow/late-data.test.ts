import type { WorkflowFailedError } from '@temporalio/client';
import { rootCause } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { intervalsIn, shiftInterval } from '../../workflows/intervals.ts';
import type { BackfillReport } from '../../workflows/backfill-messages.ts';
import { type LateDataInput, lateDatesSignal, restateWorkflowId } from '../../workflows/late-data-messages.ts';
import { type BuildInput, orchestrationQueue } from '../../workflows/messages.ts';
import { timeSkippingServer, withWorkers } from './environment.ts';
import { MemoryLedger, publishedBuild } from './memory-ledger.ts';
import type { Calls } from './services.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await timeSkippingServer();
});
afterAll(async () => {
  await environment.teardown();
});

const days = { start: '2024-01-01', end: '2025-02-04' };
const late: LateDataInput = { product: 'bronze.events', dates: [], debounceSeconds: 900, approvalOverJobs: 100 };

/** Four hundred dates of everything, published. */
function builtDays(): MemoryLedger {
  const ledger = new MemoryLedger();
  const inputVersions = { 'bronze.events': 7, 'silver.trips': 7 };
  for (const product of ['silver.trips', 'gold.trips', 'gold.fact_hourly_metrics'])
    ledger.publish(publishedBuild(product, days, { inputVersions }));
  return ledger;
}

const submitted = (calls: Calls, product: string): string[] =>
  calls.submitted.flatMap(({ job }) => {
    const argument = (flag: string): string => job.arguments[job.arguments.indexOf(flag) + 1] ?? '';
    const range = { start: argument('--start'), end: argument('--end') };
    return argument('--product') === product ? intervalsIn('date', range) : [];
  });

const restate = (dates: readonly string[]) =>
  environment.client.workflow.signalWithStart('restateLateData', {
    workflowId: restateWorkflowId('bronze.events'),
    taskQueue: orchestrationQueue,
    args: [late],
    signal: lateDatesSignal,
    signalArgs: [[...dates]],
  });

describe('late data', () => {
  it('restates what reads the dates it touched, of four hundred, and downstream only what changed', async () => {
    const ledger = builtDays();
    const touched = ['2024-03-10', '2024-07-01', '2024-12-24'];
    const arrived = { start: '2025-02-03T05', end: '2025-02-03T06' };
    ledger.publish(publishedBuild('bronze.events', arrived, { outputVersion: 8, changedPartitions: touched }));
    await withWorkers(environment, { ledger, changedDates: touched }, async (calls) => {
      await restate(touched.slice(0, 1));
      const handle = await restate(touched.slice(1));
      const reports = (await handle.result()) as BackfillReport[];
      expect(reports).toHaveLength(1);
      const around = touched.flatMap((date) => [shiftInterval('date', date, -1), date, shiftInterval('date', date, 1)]);
      expect(submitted(calls, 'silver.trips').sort()).toEqual(around);
      expect(submitted(calls, 'gold.trips').sort()).toEqual(touched);
      expect(submitted(calls, 'gold.fact_hourly_metrics').sort()).toEqual(around);
      expect(submitted(calls, 'bronze.events')).toEqual([]);
      expect(new Set(calls.lanes)).toEqual(new Set(['late']));
    });
  });

  it('does nothing where others have restated the dates meanwhile', async () => {
    await withWorkers(environment, { ledger: builtDays() }, async (calls) => {
      const reports = (await (await restate(['2024-03-10'])).result()) as BackfillReport[];
      expect(reports.map(({ built }) => built.jobs)).toEqual([0]);
      expect(calls.submitted).toEqual([]);
    });
  });

  it('is tried again hours later when it failed', async () => {
    const ledger = builtDays();
    const arrived = { start: '2025-02-03T05', end: '2025-02-03T06' };
    ledger.publish(publishedBuild('bronze.events', arrived, { outputVersion: 8, changedPartitions: ['2024-03-10'] }));
    await withWorkers(environment, { ledger, jobs: ['quality', 'done'], changedDates: [] }, async (calls) => {
      const handle = await restate(['2024-03-10']);
      const reports = (await handle.result()) as BackfillReport[];
      expect(reports.map(({ built }) => built.intervals)).toEqual([3]);
      const around = ['2024-03-09', '2024-03-10', '2024-03-11'];
      expect(submitted(calls, 'silver.trips')).toEqual([...around, ...around]);
    });
  });

  it('ends in a failure that names the dates when it failed for hours', async () => {
    const ledger = builtDays();
    const arrived = { start: '2025-02-03T05', end: '2025-02-03T06' };
    ledger.publish(publishedBuild('bronze.events', arrived, { outputVersion: 8, changedPartitions: ['2024-03-10'] }));
    await withWorkers(environment, { ledger, jobs: ['quality'] }, async (calls) => {
      const failure: unknown = await (await restate(['2024-03-10'])).result().catch((error: unknown) => error);
      expect(rootCause((failure as WorkflowFailedError).cause)).toMatch(
        /2024-03-10 of bronze\.events could not be restated: .*half of the rows have no city_id/,
      );
      expect(calls.submitted).toHaveLength(5);
    });
  });

  it('is reported by a scheduled build that changed dates beyond the daily batch, and by no other', async () => {
    const changedDates = ['2025-01-14', '2025-01-15', '2025-01-16', '2025-01-18'];
    const input: BuildInput = { product: 'bronze.events', start: '2025-01-18T03', end: '2025-01-18T05' };
    const build = async (lane: BuildInput['lane']) =>
      withWorkers(environment, { changedDates }, async (calls) => {
        const options = { workflowId: `build/late/${lane ?? ''}`, taskQueue: orchestrationQueue };
        await environment.client.workflow.execute('buildProduct', { ...options, args: [{ ...input, lane }] });
        return calls.late;
      });
    expect(await build('scheduled')).toEqual([{ product: 'bronze.events', dates: ['2025-01-14', '2025-01-15'] }]);
    expect(await build('backfill')).toEqual([]);
  });
});
