import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import { CancelledFailure, rootCause } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  approveUpdate,
  type BackfillInput,
  type BackfillReport,
  backfillStatusQuery,
  limitUpdate,
  pauseUpdate,
  resumeUpdate,
} from '../../model/messages/backfill.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { localServer, withWorkers, workflowBundle } from './environment.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { play, scenarios } from './scenarios.ts';
import type { Script } from './script.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await localServer();
});
afterAll(async () => {
  await environment.teardown();
});

const twoDays: BackfillInput = { product: 'bronze.events', start: '2025-01-01T00', end: '2025-01-03T00' };
let backfills = 0;
const start = async (input: BackfillInput): Promise<WorkflowHandle> => {
  backfills += 1;
  return environment.client.workflow.start('backfill', {
    workflowId: `backfill/${backfills}`,
    taskQueue: orchestrationQueue,
    args: [input],
  });
};
const result = async (handle: WorkflowHandle): Promise<BackfillReport> => (await handle.result()) as BackfillReport;
const failure = async (handle: WorkflowHandle): Promise<WorkflowFailedError> => {
  const [ended] = await Promise.allSettled([handle.result()]);
  if (ended.status === 'rejected' && ended.reason instanceof WorkflowFailedError) return ended.reason;
  throw new Error('the workflow did not fail', { cause: ended });
};
const productOf = ({ job }: { job: { arguments: readonly string[] } }): string =>
  job.arguments[job.arguments.indexOf('--product') + 1] ?? '';

/** What is made from events beside silver.trips, in build order. */
const readers = [...loadCatalogue().products.values()]
  .filter(({ key, inputs }) => inputs.length > 0 && key !== 'silver.trips')
  .map(({ key }) => key);

describe('a backfill', () => {
  it('only plans when it is told so', async () => {
    await withWorkers(environment, {}, async (calls) => {
      const report = await result(await start({ ...twoDays, dryRun: true }));
      expect(report.state).toBe('planned');
      expect(report.products.map(({ product, jobs }) => [product, jobs])).toEqual([
        ['bronze.events', 2],
        ['silver.trips', 1],
        ...readers.map((product) => [product, 1]),
      ]);
      expect(calls.submitted).toEqual([]);
    });
  });

  it('builds product after product, then says what it took beside what was thought', async () => {
    await withWorkers(environment, {}, async (calls) => {
      const handle = await start(twoDays);
      const report = await result(handle);
      expect((await handle.query(backfillStatusQuery)).state).toBe('done');
      expect(calls.submitted.map(productOf)).toEqual(['bronze.events', 'bronze.events', 'silver.trips', ...readers]);
      const jobs = 3 + readers.length;
      expect(report).toMatchObject({ state: 'done', built: { jobs, jobSeconds: 3 * jobs } });
      expect(report.built.costUsd).toBeCloseTo(jobs / 100);
      expect(report.built.intervals).toBe(report.products.reduce((sum, { intervals }) => sum + intervals, 0));
      const again = await result(await start(twoDays));
      expect(again.built.jobs).toBe(0);
      expect(again.products.map(({ right }) => right)).toEqual(report.products.map(({ intervals }) => intervals));
      expect(again.products[0]?.estimate?.jobSeconds).toBeCloseTo(0);
    });
  });

  it('waits for somebody to approve what is large, and starts nothing while it is paused', async () => {
    await withWorkers(environment, {}, async (calls) => {
      const handle = await start({ ...twoDays, approvalOverJobs: 4 });
      await expect
        .poll(async () => (await handle.query(backfillStatusQuery)).state, { timeout: 20_000 })
        .toBe('waiting for approval');
      await expect(handle.executeUpdate(approveUpdate, { args: [''] })).rejects.toThrow(WorkflowUpdateFailedError);
      await expect(handle.executeUpdate(limitUpdate, { args: [0] })).rejects.toThrow(WorkflowUpdateFailedError);
      await handle.executeUpdate(pauseUpdate);
      await handle.executeUpdate(limitUpdate, { args: [1] });
      expect(await handle.executeUpdate(approveUpdate, { args: ['ada'] })).toBe('paused');
      expect(calls.submitted).toEqual([]);
      expect(await handle.executeUpdate(resumeUpdate)).toBe('running');
      expect(await result(handle)).toMatchObject({ state: 'done', approvedBy: 'ada', jobsAtOnce: 1 });
    });
  });

  it('builds nothing that reads a failed build, and goes on with what is incomplete when it is started again', async () => {
    const script: Script = { jobs: ['quality', 'done'], ledger: new MemoryLedger() };
    await withWorkers(environment, script, async (calls) => {
      const failed = await failure(await start({ ...twoDays, maximumJobsAtOnce: 1 }));
      expect(rootCause(failed.cause)).toMatch(/1 builds failed.*half of the rows have no city_id/);
      const names = calls.submitted.map(({ job }) => job.name);
      expect(names).toContain('bronze.events 2025-01-02T00..2025-01-02T23');
      expect(names.filter((name) => /^(silver\.trips|gold\.trips)/.test(name))).toEqual([
        'silver.trips 2025-01-03',
        'gold.trips 2025-01-03',
      ]);
      const report = await result(await start(twoDays));
      expect(report.products[0]).toMatchObject({ intervals: 24, right: 24, jobs: 1 });
      expect(report.built.jobs).toBe(2 + readers.length);
    });
  });

  it('builds all that does not read a date held back, and names that date at its end', async () => {
    await withWorkers(environment, scenarios['backfill-past-a-date-held-back'].script, async (calls) => {
      const failed = await failure(await play(environment, 'backfill-past-a-date-held-back'));
      expect(rootCause(failed.cause)).toMatch(
        /1 intervals are held back.*silver\.trips 2025-01-05: one odd trip.*Not built.*gold\.trips 2025-01-05/,
      );
      const names = calls.submitted.map(({ job }) => job.name);
      expect(names.filter((name) => name.includes('.trips')).sort()).toEqual([
        'gold.trips 2025-01-01..2025-01-04',
        'gold.trips 2025-01-06..2025-01-14',
        'silver.trips 2025-01-01..2025-01-07',
        'silver.trips 2025-01-08..2025-01-14',
      ]);
      const records = await calls.ledger.records('silver.trips', '2025-01-01', '2025-01-14');
      const states = records.map(({ interval, failure: held }) => [interval, held?.state]);
      expect(states.filter(([, state]) => state)).toEqual([['2025-01-05', 'quarantined']]);
      expect(states).toHaveLength(14);
    });
  });

  it('starts nothing more after five failed builds', async () => {
    await withWorkers(environment, { jobs: ['quality'] }, async (calls) => {
      const failed = await failure(await start({ ...twoDays, end: '2025-01-09T00', maximumJobsAtOnce: 1 }));
      expect(rootCause(failed.cause)).toMatch(/5 builds failed.*nothing more was started/);
      expect(calls.submitted).toHaveLength(5);
    });
  });

  it('builds the newest first when it is told so', async () => {
    await withWorkers(environment, {}, async (calls) => {
      await result(await start({ ...twoDays, downstream: false, reverse: true, maximumJobsAtOnce: 1 }));
      expect(calls.submitted.map(({ job }) => job.name)).toEqual([
        'bronze.events 2025-01-02T00..2025-01-02T23',
        'bronze.events 2025-01-01T00..2025-01-01T23',
      ]);
    });
  });

  it('ends the jobs that run when it is cancelled', async () => {
    await withWorkers(environment, { jobs: ['hangs'] }, async (calls) => {
      const handle = await play(environment, 'backfill-cancelled');
      expect((await failure(handle)).cause).toBeInstanceOf(CancelledFailure);
      expect(calls.cancelled).toHaveLength(calls.submitted.length);
      expect(calls.claims.size).toBe(0);
    });
  });

  it('has what reads its changes built again when it is cancelled in the middle', async () => {
    const ledger = new MemoryLedger();
    await withWorkers(environment, { ledger }, async () => result(await start(twoDays)));
    await withWorkers(environment, { ledger, jobs: ['done', 'hangs'] }, async (calls) => {
      const handle = await start({ ...twoDays, mode: 'all', maximumJobsAtOnce: 1 });
      while (calls.submitted.length < 2) await delay(50);
      expect(calls.late).toEqual([]);
      await handle.cancel();
      expect((await failure(handle)).cause).toBeInstanceOf(CancelledFailure);
      expect(calls.late).toEqual([{ product: 'bronze.events', dates: ['2025-01-01'] }]);
    });
  });

  it('refuses an input that makes no sense at once', async () => {
    await withWorkers(environment, {}, async () => {
      const wrong = { ...twoDays, mode: 'some' } as unknown as BackfillInput;
      expect(rootCause((await failure(await start(wrong))).cause)).toMatch(/not valid[^]*mode/);
    });
  });

  it('builds fifteen months of hours in runs whose histories stay below 5,000 events and replay', async () => {
    await withWorkers(environment, {}, async (calls) => {
      const handle = await start({
        product: 'bronze.events',
        start: '2023-11-01T00',
        end: '2025-01-31T00',
        downstream: false,
        approvalOverJobs: 1000,
        maximumJobsAtOnce: 50,
      });
      const report = await result(handle);
      expect(report.state).toBe('done');
      expect(report.built.jobs).toBe(report.products.reduce((sum, { jobs }) => sum + jobs, 0));
      expect(new Set(calls.submitted.map(({ job }) => job.name)).size).toBe(report.built.jobs);
      const runs = environment.client.workflow.list({ query: `WorkflowId = "${handle.workflowId}"` });
      const lengths: number[] = [];
      for await (const { runId } of runs) {
        const history = await environment.client.workflow.getHandle(handle.workflowId, runId).fetchHistory();
        lengths.push(history.events?.length ?? 0);
        await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history);
      }
      expect(lengths.length).toBeGreaterThan(1);
      expect(Math.max(...lengths)).toBeLessThan(5_000);
    });
  }, 600_000);
});
