import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Applications } from '../../local/emr-serverless/applications.ts';
import type { ExecutionEvents, Outcome } from '../../local/emr-serverless/execution.ts';
import { Names } from '../../local/emr-serverless/identity.ts';
import { JobRuns } from '../../local/emr-serverless/job-runs.ts';
import type { RunRecord } from '../../local/emr-serverless/records.ts';
import { Scheduler } from '../../local/emr-serverless/scheduler.ts';
import { Store } from '../../local/emr-serverless/store.ts';
import { roleArn } from './emr-serverless-service.ts';

interface Launched {
  readonly run: RunRecord;
  readonly events: ExecutionEvents;
  readonly end: (outcome: Outcome) => void;
  killedAfterMs?: number;
}

const names = new Names('us-east-1', '000000000000');
const minuteMs = 100;
const failed: Outcome = { kind: 'failed', details: 'Job failed' };

let stateDir: string;
let store: Store;
let launched: Launched[];
let applications: Applications;
let scheduler: Scheduler;
let jobRuns: JobRuns;

/** A service whose drivers do nothing until a test tells them to. */
const start = (maxConcurrentRuns = 10): void => {
  store = new Store(stateDir);
  launched = [];
  applications = new Applications(store, names, { start: async () => undefined, stop: async () => undefined });
  scheduler = new Scheduler(store, applications, {
    maxConcurrentRuns,
    minuteMs,
    launch: (run, _attempt, events) => {
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      const entry: Launched = { run, events, end: resolve };
      launched.push(entry);
      return {
        outcome: promise,
        kill: async (graceMs) => {
          entry.killedAfterMs = graceMs;
          resolve(failed);
        },
      };
    },
    onAttemptEnded: () => undefined,
    onIdle: () => undefined,
    onBusy: () => undefined,
  });
  jobRuns = new JobRuns(store, names, applications, scheduler);
};

const application = (settings: object = {}): string => {
  const request = { type: 'SPARK', releaseLabel: 'emr-spark-8.0.0', clientToken: crypto.randomUUID(), ...settings };
  return applications.create(request).applicationId!;
};

const startRun = (applicationId: string, settings: object = {}): string => {
  const clientToken = crypto.randomUUID();
  const jobDriver = { sparkSubmit: { entryPoint: 's3://bucket/main.py' } };
  const request = { applicationId, clientToken, executionRoleArn: roleArn, jobDriver, ...settings };
  return jobRuns.start(request).jobRunId!;
};

const stateOf = (jobRunId: string): string | undefined => store.runs.get(jobRunId)?.state;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'emr-scheduler-'));
  start();
});

afterEach(async () => {
  await scheduler.close();
  rmSync(stateDir, { recursive: true });
});

describe('the scheduler', () => {
  it('runs as many of an application as it allows, the others queue and follow in order', async () => {
    const applicationId = application({ schedulerConfiguration: { maxConcurrentRuns: 1 } });
    const ids = [startRun(applicationId), startRun(applicationId), startRun(applicationId)];
    await expect.poll(() => ids.map(stateOf)).toEqual(['SCHEDULED', 'QUEUED', 'QUEUED']);
    launched[0]!.events.onRunning();
    expect(stateOf(ids[0]!)).toBe('RUNNING');
    launched[0]!.end({ kind: 'success' });
    await expect.poll(() => ids.map(stateOf)).toEqual(['SUCCESS', 'SCHEDULED', 'QUEUED']);
    launched[1]!.end(failed);
    await expect.poll(() => ids.map(stateOf)).toEqual(['SUCCESS', 'FAILED', 'SCHEDULED']);
    expect(launched.map(({ run }) => run.id)).toEqual(ids);
  });

  it('keeps to the limit of the machine over all applications', async () => {
    await scheduler.close();
    start(1);
    const ids = [startRun(application()), startRun(application())];
    await expect.poll(() => ids.map(stateOf)).toEqual(['SCHEDULED', 'PENDING']);
  });

  it('fails a run that queues for too long', async () => {
    const limits = { maxConcurrentRuns: 1, queueTimeoutMinutes: 1 };
    const applicationId = application({ schedulerConfiguration: limits });
    startRun(applicationId);
    const second = startRun(applicationId);
    await expect.poll(() => stateOf(second)).toBe('FAILED');
    expect(launched).toHaveLength(1);
  });

  it('tries again as often as the retry policy says, and remembers every attempt', async () => {
    const id = startRun(application(), { retryPolicy: { maxAttempts: 2 } });
    await expect.poll(() => launched.length).toBe(1);
    launched[0]!.end(failed);
    await expect.poll(() => launched.length).toBe(2);
    launched[1]!.end(failed);
    await expect.poll(() => stateOf(id)).toBe('FAILED');
    expect(store.runs.get(id)?.attempts.map(({ attempt, state }) => [attempt, state])).toEqual([
      [1, 'FAILED'],
      [2, 'FAILED'],
    ]);
    expect(launched).toHaveLength(2);
  });

  it('cancels a run with the grace time that was asked for, and does not try it again', async () => {
    const applicationId = application();
    const jobRunId = startRun(applicationId, { retryPolicy: { maxAttempts: 3 } });
    await expect.poll(() => launched.length).toBe(1);
    launched[0]!.events.onRunning();
    jobRuns.cancel({ applicationId, jobRunId, shutdownGracePeriodInSeconds: 7 });
    await expect.poll(() => stateOf(jobRunId)).toBe('CANCELLED');
    expect(launched[0]!.killedAfterMs).toBe(7000);
    expect(launched).toHaveLength(1);
  });

  it('cancels a run that exceeds its execution timeout', async () => {
    const jobRunId = startRun(application(), { executionTimeoutMinutes: 1 });
    await expect.poll(() => launched.length).toBe(1);
    launched[0]!.events.onRunning();
    await expect.poll(() => stateOf(jobRunId)).toBe('CANCELLED');
    expect(store.runs.get(jobRunId)?.stateDetails).toContain('execution timeout of 1 minutes');
  });

  it('after a restart fails what was running and goes on with what was waiting', async () => {
    const applicationId = application({ schedulerConfiguration: { maxConcurrentRuns: 1 } });
    const [running, waiting] = [startRun(applicationId), startRun(applicationId)];
    await expect.poll(() => launched.length).toBe(1);
    launched[0]!.events.onRunning();
    // The first server is lost without any word: the second one finds only what is on disk.
    const lost = scheduler;
    start();
    await scheduler.recover();
    await expect.poll(() => [running, waiting].map(stateOf)).toEqual(['FAILED', 'SCHEDULED']);
    expect(store.runs.get(running)?.stateDetails).toContain('driver was lost');
    await lost.close();
  });
});
