import { type WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MaintenanceOutcome } from '../../model/messages/builds.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { localServer, timeSkippingServer, withWorkers } from './environment.ts';
import { MemoryLedger, publishedBuild } from './memory-ledger.ts';
import { until } from './scenario.ts';
import { play, scenarios } from './scenarios.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await timeSkippingServer();
});
afterAll(async () => {
  await environment.teardown();
});

const product = 'silver.trips';
const inputs = { maintainTable: { product }, buildProduct: { product, start: '2025-01-18', end: '2025-01-19' } };
const start = (on: TestWorkflowEnvironment, workflowType: keyof typeof inputs, workflowId: string) =>
  on.client.workflow.start(workflowType, { workflowId, taskQueue: orchestrationQueue, args: [inputs[workflowType]] });
const stateOf = async (handle: WorkflowHandle) => handle.query<{ state: string; details: string }>('status');

describe('a maintenance', () => {
  it('claims the table of the product whose builds write it, runs one job that stands behind no backfill, and releases it', async () => {
    const { script } = scenarios.maintenance;
    await withWorkers(environment, script, async (calls) => {
      const handle = await play(environment, 'maintenance');
      expect(await handle.result()).toMatchObject({ filesAfter: 3, neededVersion: null, costUsd: 0.01 });
      expect(calls.submitted[0]?.job.arguments.slice(0, 3)).toEqual([
        'maintain',
        '--product',
        'bronze.events_quarantine',
      ]);
      expect(calls.released).toMatchObject([{ product: 'bronze.events', intervals: ['table'], failure: null }]);
      expect(calls.claims.size).toBe(0);
      expect(calls.lanes).toEqual(['scheduled']);
      expect(calls.submitted).toMatchObject([{ lane: 'scheduled' }]);
      expect((await stateOf(handle)).details).toMatch(/\|\s+files\s+\|\s+40\s+\|\s+3\s+\|/);
    });
  });

  it('tells its job the oldest version that somebody needs', async () => {
    const ledger = new MemoryLedger();
    const day = { start: '2025-01-18', end: '2025-01-19' };
    ledger.publish(publishedBuild('gold.trips', day, { inputVersions: { [product]: 5 } }));
    ledger.publish(publishedBuild('gold.fact_hourly_metrics', day, { inputVersions: { [product]: 4 } }));
    await withWorkers(environment, { ledger }, async (calls) => {
      const handle = await start(environment, 'maintainTable', 'maintain/needed');
      expect(((await handle.result()) as MaintenanceOutcome).neededVersion).toBe(4);
      expect(calls.submitted[0]?.job.arguments.slice(-2)).toEqual(['--needed-version', '4']);
    });
  });

  it('waits while the table is built, and starts its job again when a driver is lost', async () => {
    await withWorkers(environment, scenarios['maintenance-after-a-build'].script, async (calls) => {
      await (await play(environment, 'maintenance-after-a-build')).result();
      expect(calls.submitted).toHaveLength(1);
    });
    await withWorkers(environment, scenarios['maintenance-after-lost-driver'].script, async (calls) => {
      await (await play(environment, 'maintenance-after-lost-driver')).result();
      expect(new Set(calls.submitted.map(({ token }) => token)).size).toBe(2);
    });
  });

  it.each([
    ['builds hold the table', { refusals: 20 }, ['run-1']],
    ['its job finds no room', { jobs: ['finds no room', 'done'] }, ['run-1', 'run-2']],
  ] as const)('gives the table back after some minutes where %s, and tries again later', async (_, script, runs) => {
    await withWorkers(environment, script, async (calls) => {
      const handle = await start(environment, 'maintainTable', `maintain/later/${runs.length}`);
      expect(await handle.result()).toMatchObject({ jobRunId: runs.at(-1), filesAfter: 3 });
      expect(calls.submitted).toHaveLength(runs.length);
      expect(calls.released).toMatchObject([{ failure: null }, { failure: null }]);
    });
  });

  it('starts another job on a later try, for which another version may be the oldest that somebody needs', async () => {
    const ledger = new MemoryLedger();
    const day = { start: '2025-01-18', end: '2025-01-19' };
    await withWorkers(environment, { ledger, jobs: ['finds no room', 'done'] }, async (calls) => {
      const handle = await start(environment, 'maintainTable', 'maintain/later/needed');
      await expect.poll(() => calls.released.length, { timeout: 20_000 }).toBe(1);
      ledger.publish(publishedBuild('gold.trips', day, { inputVersions: { [product]: 5 } }));
      expect(await handle.result()).toMatchObject({ jobRunId: 'run-2', neededVersion: 5 });
      expect(calls.submitted.map(({ token }) => token.replace(/^.*?\/maintenance\/[^/]+/, ''))).toEqual([
        '/job/1',
        '/try/2/job/1',
      ]);
    });
  });

  it('leaves it to the next night when its job has run out of time', async () => {
    await withWorkers(environment, { jobs: ['timed out'], jobMinutes: 20 }, async (calls) => {
      const handle = await start(environment, 'maintainTable', 'maintain/out-of-time');
      await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'JobsLost' } });
      expect(calls.released).toHaveLength(1);
    });
  });

  it('leaves it to the next night when it has been in vain a few times, and says who stood in the way', async () => {
    await withWorkers(environment, { refusals: Infinity }, async (calls) => {
      const handle = await start(environment, 'maintainTable', 'maintain/in-vain');
      await expect(handle.result()).rejects.toMatchObject({
        cause: {
          type: 'ClaimNotGiven',
          message: expect.stringContaining('silver.trips table is still held by build/another'),
        },
      });
      const { startTime, closeTime } = await handle.describe();
      expect(closeTime!.getTime() - startTime.getTime()).toBeLessThan(4 * 3_600_000);
      expect(calls.released).toHaveLength(4);
      expect(calls.submitted).toEqual([]);
    });
  });

  it('ends its job and releases the table when a person cancels it', async () => {
    await withWorkers(environment, scenarios['maintenance-cancelled'].script, async (calls) => {
      const handle = await play(environment, 'maintenance-cancelled');
      const failure: unknown = await handle.result().catch((error: unknown) => error);
      expect((failure as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
      expect(calls.cancelled).toEqual(['run-1']);
      expect(calls.claims.size).toBe(0);
      expect((await stateOf(handle)).state).toBe('cancelled');
    });
  });
});

describe('a maintenance and a build of its table', () => {
  // A clock that jumps over the waits of one workflow would make the calls of the other too late.
  let server: TestWorkflowEnvironment;
  beforeAll(async () => {
    server = await localServer();
  });
  afterAll(async () => {
    await server.teardown();
  });

  it.each([
    ['maintainTable', 'buildProduct'],
    ['buildProduct', 'maintainTable'],
  ] as const)('wait for each other: first %s, then %s', async (first, second) => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    await withWorkers(server, { gate }, async (calls) => {
      const running = await start(server, first, `first/${first}`);
      await until(running, 'running');
      const waiting = await start(server, second, `second/${second}`);
      await until(waiting, 'waiting');
      expect((await stateOf(waiting)).details).toContain(`first/${first}`);
      expect(calls.submitted).toHaveLength(1);
      open(undefined);
      await Promise.all([running.result(), waiting.result()]);
      expect(calls.submitted).toHaveLength(2);
      expect(calls.claims.size).toBe(0);
    });
  });
});
