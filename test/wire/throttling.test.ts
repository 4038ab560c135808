import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EMRServerlessClient, errorTypeRegistries, GetJobRunCommand } from '@aws-sdk/client-emr-serverless';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmrServerlessActivities } from '../../activities/emr-serverless/activities.ts';
import { heartbeating } from '../../activities/heartbeats.ts';
import { Applications } from '../../local/emr-serverless/applications.ts';
import type { Outcome } from '../../local/emr-serverless/execution.ts';
import { Names } from '../../local/emr-serverless/identity.ts';
import { JobRuns } from '../../local/emr-serverless/job-runs.ts';
import { operationsOf } from '../../local/emr-serverless/operations.ts';
import { Scheduler } from '../../local/emr-serverless/scheduler.ts';
import { Store } from '../../local/emr-serverless/store.ts';
import { Tags } from '../../local/emr-serverless/tags.ts';
import { createAwsServer } from '../../local/wire/index.ts';
import { Quotas } from '../../local/wire/quotas.ts';
import { intervalsIn, shiftInterval } from '../../model/intervals.ts';
import type { BuildInput } from '../../model/messages/builds.ts';
import { laneQueue, lanes, orchestrationQueue, submissionQueue } from '../../model/queues.ts';
import { patience } from '../../workers/patience.ts';
import { localServer, orchestrationWorker } from '../workflow/environment.ts';
import { scriptedServices } from '../workflow/services.ts';
import { access } from './access.ts';
import { roleArn } from './emr-serverless-service.ts';

// Ten times an account's rates, so that three hundred jobs take half a minute; the workers' shares are as much larger.
const quotas = { StartJobRun: { perSecond: 10, burst: 25 }, GetJobRun: { perSecond: 100, burst: 50 } };
const shares = { submissionsPerSecond: 8, pollsPerSecond: 80 };

/** EMR Serverless over HTTP, with an account's quotas, whose jobs run until they are told to end. */
async function startService(stateDir: string) {
  const running: ((outcome: Outcome) => void)[] = [];
  const names = new Names('us-east-1', '000000000000');
  const store = new Store(stateDir);
  const applications = new Applications(store, names, { start: async () => undefined, stop: async () => undefined });
  const scheduler = new Scheduler(store, applications, {
    maxConcurrentRuns: 1_000,
    launch: (_run, _attempt, events) => {
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      events.onRunning();
      running.push(resolve);
      return {
        outcome: promise,
        kill: async () => {
          resolve({ kind: 'success' });
        },
      };
    },
    onAttemptEnded: () => undefined,
    onIdle: () => undefined,
    onBusy: () => undefined,
  });
  const server = await createAwsServer({
    service: 'emr-serverless',
    protocol: 'restJson1',
    errors: errorTypeRegistries,
    operations: operationsOf({
      names,
      applications,
      jobRuns: new JobRuns(store, names, applications, scheduler),
      tags: new Tags(store, names),
      logFolder: () => stateDir,
    }),
    quotas,
    onDefect: (error) => {
      throw error;
    },
  });
  const { applicationId = '' } = applications.create({
    type: 'SPARK',
    releaseLabel: 'emr-spark-8.0.0',
    clientToken: 'test',
  });
  return { url: server.url, applicationId, running, close: () => Promise.all([server.close(), scheduler.close()]) };
}

let environment: TestWorkflowEnvironment;
let stateDir: string;
let service: Awaited<ReturnType<typeof startService>>;
let emr: EMRServerlessClient;
/** What went over the wire, repeated calls included. */
const attempts = { made: 0, throttled: 0 };
beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'emr-throttling-'));
  [environment, service] = await Promise.all([localServer(), startService(stateDir)]);
  emr = new EMRServerlessClient({ ...access, endpoint: service.url, ...patience() });
  emr.middlewareStack.add(
    (next) => async (request) => {
      attempts.made += 1;
      return next(request).catch((error: unknown) => {
        if (error instanceof Error && error.name === 'ThrottlingException') attempts.throttled += 1;
        throw error;
      });
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
});
afterAll(async () => {
  await environment.teardown();
  await service.close();
  rmSync(stateDir, { recursive: true });
});

describe('three hundred jobs in flight', () => {
  it('stay within the quotas of an account that throttles, and so does the hourly build among them', async () => {
    const { client, nativeConnection: connection } = environment;
    const { calls, activities } = scriptedServices({}, () => Promise.reject(new Error('nothing hangs here')));
    const { applicationId, running } = service;
    const roles = { executionRoleArn: roleArn, maintenanceRoleArn: roleArn };
    const prices = { usdPerVcpuHour: 0, usdPerMemoryGbHour: 0 };
    const applications = { applicationId, backfillApplicationId: applicationId };
    const config = { ...applications, ...roles, prices, logUri: 's3://logs', pollIntervalMs: 500, ...shares };
    const real = createEmrServerlessActivities(emr, config);
    const failed: unknown[] = [];
    const noting = async <T>(call: () => Promise<T>): Promise<T> => {
      try {
        return await call();
      } catch (error) {
        failed.push(error);
        throw error;
      }
    };
    const emrActivities = {
      ...activities,
      submitJobRun: (input: Parameters<typeof real.submitJobRun>[0]) => {
        calls.submitted.push(input);
        return noting(() => real.submitJobRun(input));
      },
      awaitJobRun: (input: Parameters<typeof real.awaitJobRun>[0]) => noting(() => real.awaitJobRun(input)),
    };
    const interceptors = { activity: [heartbeating] };
    const lane = { connection, activities: emrActivities, interceptors, maxConcurrentActivityTaskExecutions: 500 };
    const workers = await Promise.all([
      orchestrationWorker(connection),
      ...lanes.map((name) => Worker.create({ ...lane, taskQueue: laneQueue(name) })),
      Worker.create({
        ...lane,
        taskQueue: submissionQueue,
        maxTaskQueueActivitiesPerSecond: shares.submissionsPerSecond,
      }),
    ]);
    const serving = workers.map((worker) => worker.run());
    const start = (input: BuildInput) =>
      client.workflow.start('buildProduct', {
        workflowId: `build/${input.product}/${input.start}`,
        taskQueue: orchestrationQueue,
        args: [input],
      });
    try {
      const hours = intervalsIn('hour', { start: '2025-01-01T00', end: '2025-01-13T12' });
      const handles = await Promise.all(
        hours.map((hour) =>
          start({ product: 'bronze.events', start: hour, end: shiftInterval('hour', hour, 1), lane: 'backfill' }),
        ),
      );
      await expect.poll(() => running.length, { timeout: 120_000 }).toBeGreaterThan(50);
      const hourly = await start({ product: 'bronze.events', start: '2025-02-01T00', end: '2025-02-01T02' });
      await expect.poll(() => running.length, { timeout: 240_000 }).toBe(301);
      for (const end of running) end({ kind: 'success' });
      await Promise.all([...handles, hourly].map((handle) => handle.result()));
    } finally {
      for (const worker of workers) worker.shutdown();
      await Promise.all(serving);
    }
    // No attempt of an activity failed, and few calls were refused: the timers of a machine short of time bunch.
    expect(failed).toEqual([]);
    expect(attempts.throttled / attempts.made).toBeLessThan(0.1);
    expect(calls.submitted).toHaveLength(301);
    expect(calls.recorded).toHaveLength(301);
  });

  it('would be throttled without that', async () => {
    const { applicationId, url } = service;
    const once = new EMRServerlessClient({ ...access, endpoint: url, maxAttempts: 1 });
    const asked = await Promise.allSettled(
      Array.from({ length: 200 }, () => once.send(new GetJobRunCommand({ applicationId, jobRunId: '00none' }))),
    );
    const names = asked.map((each) => (each.status === 'rejected' ? (each.reason as Error).name : 'answered'));
    expect(names.filter((name) => name === 'ThrottlingException').length).toBeGreaterThan(50);
  });
});

describe('a quota', () => {
  it('gives a burst, then as many calls a second as it says, and never more than the burst', () => {
    let nowMs = 0;
    const quota = new Quotas({ StartJobRun: { perSecond: 2, burst: 3 } }, () => nowMs);
    const taken = (): boolean => {
      try {
        quota.take('StartJobRun');
        return true;
      } catch {
        return false;
      }
    };
    expect([taken(), taken(), taken(), taken()]).toEqual([true, true, true, false]);
    nowMs = 500;
    expect([taken(), taken()]).toEqual([true, false]);
    nowMs = 60_000;
    expect([taken(), taken(), taken(), taken()]).toEqual([true, true, true, false]);
    for (let call = 0; call < 100; call += 1) quota.take('GetJobRun');
  });
});
