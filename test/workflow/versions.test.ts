import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Worker,
  type WorkflowBundleOption,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { adoptRunning, makeCurrent } from '../../deployment/worker-versions.ts';
import { orchestratorOf } from '../../activities/orchestrator.ts';
import { versioned } from '../../workers/versions.ts';
import type { BackfillReport } from '../../model/messages/backfill.ts';
import { laneQueue, lanes, orchestrationQueue, submissionQueue } from '../../model/queues.ts';
import { root } from '../tools.ts';
import { localServer, orchestrationWorker, workflowBundle } from './environment.ts';
import { scriptedServices } from './services.ts';

let environment: TestWorkflowEnvironment;
/** Builds do something else first than in the checked-in version: neither can replay what the other began. */
let changed: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  environment = await localServer();
  changed = await bundleWorkflowCode({
    workflowsPath: join(root, 'test', 'replay', 'changed-workflows.ts'),
    logger: new DefaultLogger('ERROR'),
  });
});
afterAll(async () => {
  await environment.teardown();
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** Runs workers until the test has ended, or until the function that it returns is called. */
function serve(workers: readonly Worker[]): () => Promise<void> {
  const running = Promise.all(workers.map((worker) => worker.run()));
  const stop = async (): Promise<void> => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await running;
  };
  stops.push(stop);
  return stop;
}

/** A worker of a new version, to which new workflows go from now on. */
async function deploy(buildId: string, workflowBundle: WorkflowBundleOption): Promise<() => Promise<void>> {
  const workerDeploymentOptions = versioned(buildId);
  const worker = await orchestrationWorker(environment.nativeConnection, { workflowBundle, workerDeploymentOptions });
  const stop = serve([worker]);
  await makeCurrent(environment.client, buildId);
  return stop;
}

/** The data plane has no versions: whatever version a build is of, these activities serve it. Jobs end when told to. */
async function serveDataPlane(): Promise<() => void> {
  let end: () => void = () => undefined;
  const jobsEnd = new Promise<void>((resolve) => (end = resolve));
  const { activities } = scriptedServices({}, () => Promise.reject(new Error('nothing hangs here')));
  const workers = await Promise.all(
    [...lanes.map(laneQueue), submissionQueue].map((taskQueue) =>
      Worker.create({
        connection: environment.nativeConnection,
        taskQueue,
        activities: {
          ...activities,
          awaitJobRun: async (input: { jobRunId: string }) => {
            await jobsEnd;
            return activities.awaitJobRun(input);
          },
        },
      }),
    ),
  );
  serve(workers);
  return end;
}

const build = (date: string): Promise<WorkflowHandle> =>
  environment.client.workflow.start('buildProduct', {
    workflowId: `build/silver.trips/${date}`,
    taskQueue: orchestrationQueue,
    args: [{ product: 'silver.trips', start: date, end: '2025-01-31' }],
  });

async function untilRunning(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    // A child that its parent has not started yet is not found.
    const status = await handle.query<{ state: string }>('status').catch(() => null);
    if (status?.state === 'running') return;
    await delay(50);
  }
}

/** The version whose worker did a workflow's last task. */
async function versionOf(handle: WorkflowHandle): Promise<string | undefined> {
  const { raw } = await handle.describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined;
}

describe('a build whose workers are gone', () => {
  it('is told to run, without an endless wait for what it says of itself', async () => {
    const { client } = environment;
    const workflowId = 'build/silver.trips/2024-12-24';
    await client.workflow.start('buildProduct', { workflowId, taskQueue: 'nobody-polls', args: [] });
    const began = Date.now();
    expect(await orchestratorOf(client).statusOf(workflowId)).toContain('are there workers of its version');
    expect(Date.now() - began).toBeLessThan(15_000);
    await client.workflow.getHandle(workflowId).terminate();
  });
});

describe('a deploy while builds run', () => {
  it('lets them end on the version that began them, and begins the next ones on the new one', async () => {
    const endJobs = await serveDataPlane();
    await deploy('first', await workflowBundle());
    const before = await build('2025-01-28');
    await untilRunning(before);
    await deploy('second', changed);
    const after = await build('2025-01-29');
    endJobs();
    expect(await Promise.all([before.result(), after.result()])).toMatchObject([
      { state: 'published', start: '2025-01-28' },
      { state: 'published', start: '2025-01-29' },
    ]);
    expect([await versionOf(before), await versionOf(after)]).toEqual(['first', 'second']);
  });

  it('takes a backfill along to the new version, whose builds then run on that', async () => {
    const { client } = environment;
    const endJobs = await serveDataPlane();
    await deploy('third', await workflowBundle());
    const backfill = await client.workflow.start('backfill', {
      workflowId: 'backfill/silver.trips',
      taskQueue: orchestrationQueue,
      args: [{ product: 'silver.trips', start: '2025-03-01', end: '2025-03-31', maximumJobsAtOnce: 1 }],
    });
    const first = client.workflow.getHandle('build/silver.trips/2025-03-01..2025-03-07');
    await untilRunning(backfill);
    await untilRunning(first);
    await deploy('fourth', await workflowBundle());
    endJobs();
    const { built } = (await backfill.result()) as BackfillReport;
    expect(built.jobs).toBeGreaterThan(3);
    expect(await versionOf(backfill)).toBe('fourth');
    expect(await versionOf(first)).toBe('third');
    expect(await versionOf(client.workflow.getHandle('build/silver.trips/2025-03-29..2025-03-30'))).toBe('fourth');
  });

  it('keeps builds of a version that nobody serves, until they are moved to one that is served', async () => {
    const { client } = environment;
    const endJobs = await serveDataPlane();
    const stopFifth = await deploy('fifth', await workflowBundle());
    const left = await build('2025-01-30');
    await untilRunning(left);
    await stopFifth();
    await deploy('sixth', await workflowBundle());
    endJobs();
    expect(await adoptRunning(client, 'sixth')).toEqual([left.workflowId]);
    expect(await left.result()).toMatchObject({ state: 'published' });
    expect(await versionOf(left)).toBe('sixth');
  });
});
