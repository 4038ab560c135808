import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { intervalsIn, shiftInterval } from '../../model/intervals.ts';
import type { BuildInput } from '../../model/messages/builds.ts';
import { laneQueue, lanes, orchestrationQueue, submissionQueue } from '../../model/queues.ts';
import { localServer, orchestrationWorker } from './environment.ts';
import { scriptedServices } from './services.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  // Partitions of a queue keep an order each; with one, what is submitted shows the order of the queue.
  const onePartition = ['Read', 'Write'].map((kind) => `matching.numTaskqueue${kind}Partitions=1`);
  environment = await localServer(onePartition.flatMap((setting) => ['--dynamic-config-value', setting]));
});
afterAll(async () => {
  await environment.teardown();
});

describe('lanes', () => {
  it('let an hourly build submit before the many of a backfill that asked first', async () => {
    const { client, nativeConnection: connection } = environment;
    const { calls, activities } = scriptedServices({}, () => Promise.reject(new Error('nothing hangs here')));
    const workers = await Promise.all([
      orchestrationWorker(connection),
      ...lanes.map((lane) => Worker.create({ connection, taskQueue: laneQueue(lane), activities })),
    ]);
    const running = workers.map((worker) => worker.run());
    const start = (input: BuildInput) =>
      client.workflow.start('buildProduct', {
        workflowId: `build/${input.product}/${input.start}`,
        taskQueue: orchestrationQueue,
        args: [input],
      });
    const dates = intervalsIn('date', { start: '2025-01-01', end: '2025-03-02' });
    const backfill = dates.map((date) => ({ start: date, end: shiftInterval('date', date, 1) }));
    const handles = await Promise.all(
      backfill.map((range) => start({ product: 'silver.trips', lane: 'backfill', ...range })),
    );
    handles.push(await start({ product: 'bronze.events', start: '2025-01-18T03', end: '2025-01-18T05' }));
    // Nobody submits yet: all of them wait in the queue, in the order of their lanes.
    const queued = async () =>
      Promise.all(
        handles.map(async (handle) =>
          (await handle.describe()).raw.pendingActivities?.some(
            ({ activityType }) => activityType?.name === 'submitJobRun',
          ),
        ),
      );
    await expect.poll(async () => (await queued()).filter(Boolean).length, { timeout: 30_000 }).toBe(61);
    const submitter = await Worker.create({
      connection,
      taskQueue: submissionQueue,
      activities,
      maxConcurrentActivityTaskExecutions: 1,
    });
    const submitting = submitter.run();
    await Promise.all(handles.map((handle) => handle.result()));
    for (const worker of [...workers, submitter]) worker.shutdown();
    await Promise.all([...running, submitting]);
    expect(calls.submitted).toHaveLength(61);
    // Some were handed out ahead; without priorities, the last that asked would come last.
    const hourly = calls.submitted.findIndex(({ job }) => job.name.startsWith('bronze.events'));
    expect(hourly).toBeLessThan(5);
  });
});
