import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orchestratorOf } from '../../activities/orchestrator.ts';
import { approveUpdate } from '../../model/messages/backfill.ts';
import { laneQueue, orchestrationQueue } from '../../model/queues.ts';
import { supervisionId } from '../../model/stream-applications.ts';
import { localServer, withWorkers } from './environment.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await localServer();
});
afterAll(async () => {
  await environment.teardown();
});

it('restatements that wait are told, supervisions that have ended, and how many workers ask each queue', async () => {
  await withWorkers(environment, {}, async () => {
    const orchestrator = orchestratorOf(environment.client);
    const start = (workflowId: string, approvalOverJobs: number) =>
      environment.client.workflow.start('backfill', {
        workflowId,
        taskQueue: orchestrationQueue,
        args: [{ product: 'silver.trips', start: '2025-01-17', end: '2025-01-18', approvalOverJobs }],
      });
    const [waiting] = [await start('restate/silver.trips/1', 0), await start('backfill/by-hand', 0)];
    const told = async () => (await orchestrator.waitingRestatements()).map(({ workflowId }) => workflowId);
    await expect.poll(told, { timeout: 20_000 }).toEqual(['restate/silver.trips/1']);
    await waiting.executeUpdate(approveUpdate, { args: ['ada'] });
    await waiting.result();
    expect(await told()).toEqual([]);
    await expect.poll(() => orchestrator.workersOf(laneQueue('late'), 'activities')).toBe(1);
    await expect.poll(() => orchestrator.workersOf(orchestrationQueue, 'workflows')).toBe(1);
    expect(await orchestrator.workersOf('nobody', 'activities')).toBe(0);
    const supervision = await environment.client.workflow.start('superviseStream', {
      ...{ workflowId: supervisionId('surge-pricing'), taskQueue: 'nobody' },
    });
    expect(await orchestrator.unsupervisedStreams()).toEqual([]);
    await supervision.terminate();
    expect(await orchestrator.unsupervisedStreams()).toEqual([{ application: 'surge-pricing', why: 'has ended' }]);
  });
});

it('a supervision that fails at the same for minutes is told with the reason', async () => {
  const failing = (attempt: number) => ({ attempt, lastFailure: { message: 'DescribeApplication is not allowed' } });
  const orchestratorAt = (attempt: number) => {
    const describe = async () => ({ status: { name: 'RUNNING' }, raw: { pendingActivities: [failing(attempt)] } });
    return orchestratorOf({ workflow: { getHandle: () => ({ describe }) } } as never);
  };
  expect(await orchestratorAt(3).unsupervisedStreams()).toEqual([]);
  const why = 'cannot go on: DescribeApplication is not allowed';
  expect(await orchestratorAt(11).unsupervisedStreams()).toContainEqual({ application: 'surge-pricing', why });
});
