import type { WorkflowFailedError } from '@temporalio/client';
import { rootCause } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orchestrationQueue } from '../../model/queues.ts';
import { timeSkippingServer, withWorkers } from './environment.ts';
import { play, scenarios } from './scenarios.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await timeSkippingServer();
});
afterAll(async () => {
  await environment.teardown();
});

const dates = ['2025-01-17', '2025-01-19'];

describe('a restore', () => {
  it('claims the table, runs one job before all backfills, records it and has readers built again', async () => {
    await withWorkers(environment, scenarios.restore.script, async (calls) => {
      const handle = await play(environment, 'restore');
      expect(await handle.result()).toMatchObject({
        restored: 4,
        version: 9,
        changedPartitions: dates,
        rowsLoaded: null,
      });
      const [submitted] = calls.submitted;
      expect(submitted?.job.arguments[0]).toBe('restore');
      expect(submitted?.job.arguments.slice(-2)).toEqual(['--version', '4']);
      expect(calls.lanes).toEqual(['scheduled']);
      expect(calls.restored).toEqual([{ product: 'silver.trips', version: 9 }]);
      expect(calls.late).toEqual([{ product: 'silver.trips', dates }]);
      expect(calls.loads).toEqual([]);
      expect(calls.released).toMatchObject([{ product: 'silver.trips', intervals: ['table'], failure: null }]);
    });
  });

  it('loads the warehouse with the dates from the first to the last that changed', async () => {
    await withWorkers(environment, scenarios['restore-loaded-into-warehouse'].script, async (calls) => {
      const handle = await play(environment, 'restore-loaded-into-warehouse');
      expect(await handle.result()).toMatchObject({ rowsLoaded: 8 });
      expect(calls.loads).toMatchObject([{ product: 'gold.trips', start: '2025-01-17', end: '2025-01-20' }]);
    });
  });

  it('is asked for anew when a build came before its claim', async () => {
    await withWorkers(environment, { jobs: ['superseded', 'done'] }, async (calls) => {
      const { workflow, input } = scenarios.restore;
      const args = [input];
      const options = { workflowId: 'restore/silver.trips', taskQueue: orchestrationQueue, args };
      expect(await environment.client.workflow.execute(workflow, options)).toMatchObject({ version: 9 });
      expect(new Set(calls.submitted.map(({ token }) => token.split('/job/')[0])).size).toBe(2);
    });
  });

  it('does nothing for a restore point that there is not', async () => {
    await withWorkers(environment, scenarios['restore-to-unknown-point'].script, async (calls) => {
      const handle = await play(environment, 'restore-to-unknown-point');
      const failure: unknown = await handle.result().catch((error: unknown) => error);
      expect(rootCause((failure as WorkflowFailedError).cause)).toBe(
        'silver.trips has no restore point "no-such-point".',
      );
      expect(calls.submitted).toEqual([]);
      expect(calls.released).toEqual([]);
    });
  });
});
