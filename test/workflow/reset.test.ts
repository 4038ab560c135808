import { WorkflowFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { buildProduct } from '../../workflows/build-product.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { localServer, withWorkers } from './environment.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await localServer();
});
afterAll(async () => {
  await environment.teardown();
});

/** Takes a workflow back to its first step, as `temporal workflow reset --type FirstWorkflowTask` does. */
async function resetToStart(workflowId: string, runId: string): Promise<void> {
  const { client } = environment;
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const first = events?.find(({ workflowTaskCompletedEventAttributes }) => workflowTaskCompletedEventAttributes);
  await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId, runId },
    workflowTaskFinishEventId: first!.eventId!,
    reason: 'the contract is corrected',
    requestId: runId,
  });
}

describe('a build that is reset', () => {
  const workflowId = 'build/silver.trips/2025-01-18';

  it.each([
    ['after three failed jobs', ['broken', 'broken', 'broken', 'done'], 3],
    ['after a verdict', ['quality', 'done'], 1],
  ] as const)('%s starts another job, whatever the old ones say', async (_, jobs, before) => {
    await withWorkers(environment, { jobs }, async (calls) => {
      const args = [{ product: 'silver.trips', start: '2025-01-18', end: '2025-01-19' }] as [
        Parameters<typeof buildProduct>[0],
      ];
      const handle = await environment.client.workflow.start<typeof buildProduct>('buildProduct', {
        workflowId,
        taskQueue: orchestrationQueue,
        args,
      });
      await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
      expect(calls.submitted).toHaveLength(before);
      for (const job of calls.submitted) job.createdAt = new Date(Date.now() - 3_600_000).toISOString();
      await resetToStart(workflowId, handle.firstExecutionRunId);
      const outcome = await environment.client.workflow.getHandle<typeof buildProduct>(workflowId).result();
      expect(outcome).toMatchObject({ state: 'published', jobRunId: `run-${before + 1}` });
      expect(calls.submitted).toHaveLength(before + 1);
      expect(calls.submitted.map((job) => job.before?.attempt)).toEqual([...Array(before), before + 1]);
    });
  });
});

describe('a restatement that is reset', () => {
  it('gives its backfills the names that they had', async () => {
    const { client } = environment;
    const workflowId = 'restate/bronze.events';
    const late = { product: 'bronze.events', dates: ['2025-01-18'], debounceSeconds: 1, approvalOverJobs: 100 };
    const startedChildren = async (runId?: string): Promise<unknown[]> => {
      const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      return (events ?? []).flatMap(
        (event) => event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId ?? [],
      );
    };
    await withWorkers(environment, {}, async () => {
      const handle = await client.workflow.start('restateLateData', {
        workflowId,
        taskQueue: orchestrationQueue,
        args: [late],
      });
      await handle.result();
      const before = await startedChildren(handle.firstExecutionRunId);
      // Of each product that reads events.
      expect(before).toHaveLength(3);
      await resetToStart(workflowId, handle.firstExecutionRunId);
      await client.workflow.getHandle(workflowId).result();
      expect(await startedChildren()).toEqual(before);
    });
  });
});
