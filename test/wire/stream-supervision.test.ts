import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { superviseStreams } from '../../deployment/stream-applications.ts';
import { makeCurrent } from '../../deployment/worker-versions.ts';
import {
  type DesiredApplication,
  pauseUpdate,
  resumeUpdate,
  rewindUpdate,
  type StreamStatus,
  streamStatusQuery,
} from '../../model/messages/streams.ts';
import { supervisionId } from '../../model/stream-applications.ts';
import { localServer } from '../workflow/environment.ts';
import { Supervisor } from '../../local/supervisor.ts';
import { root } from '../tools.ts';
import { LocalS3 } from './local-s3.ts';
import { buildJob, type Counted, CountedFiles, exactlyOnce, ManagedFlink } from './managed-flink-service.ts';

const application = 'counting';
/** Two looks a second, and updates that have to prove themselves within half a minute. */
const settings = { everySeconds: 0.5, probationMinutes: 0.5 };

let s3: LocalS3;
let temporal: TestWorkflowEnvironment;
let handle: WorkflowHandle;
const flink = new ManagedFlink();
const folder = mkdtempSync(join(tmpdir(), 'supervision-'));
const processes = new Supervisor(folder);
const files = new CountedFiles();

const desired = (jar: string, properties: Readonly<Record<string, string>> = {}): DesiredApplication => ({
  application,
  description: 'Counts',
  code: `s3://artifacts/${jar}.jar`,
  roleArn: 'arn:aws:iam::000000000000:role/flink',
  logStreamArn: 'arn:aws:logs:us-east-1:000000000000:log-group:/aws/managed-flink/counting:log-stream:job',
  ...{ parallelism: 1, checkpointIntervalMs: 1_000 },
  properties: { output: files.folder, perSecond: '100', ...properties },
});

const status = (): Promise<StreamStatus> => handle.query(streamStatusQuery);

/** Waits until the supervision has written this down, since the last time that this was waited for. */
async function happened(what: string, since: string): Promise<void> {
  for (;;) {
    const { happenings } = (await status()).supervision;
    if (happenings.some((each) => each.at > since && each.what.includes(what))) return;
    await delay(100);
  }
}

const now = (): string => new Date().toISOString();

beforeAll(async () => {
  s3 = await LocalS3.start();
  await s3.createBucket('artifacts');
  await s3.put('artifacts', 'one.jar', buildJob('one'));
  await s3.put('artifacts', 'two.jar', buildJob('two', 'public long more;'));
  [temporal] = await Promise.all([localServer(), flink.start(s3)]);
  await processes.start({
    ...{ name: 'workers', command: process.execPath, args: [join(root, 'test', 'wire', 'supervision-workers.ts')] },
    env: { TEMPORAL_ADDRESS: temporal.address, ...flink.endpoints },
    isReady: (stdout) => stdout.includes('ready'),
    readyTimeoutMs: 60_000,
  });
  await makeCurrent(temporal.client, 'checkout');
  handle = temporal.client.workflow.getHandle(supervisionId(application));
});

afterAll(async () => {
  // There is none where its start has failed.
  await temporal.client.workflow
    .getHandle(supervisionId(application))
    .terminate()
    .catch(() => undefined);
  await processes.stop();
  rmSync(folder, { recursive: true });
  await temporal.teardown();
  await flink.stop();
  await s3.stop();
  files.remove();
});

/** What has been counted is whole, whatever ended in between. */
async function expectExactlyOnce(): Promise<readonly Counted[]> {
  const counted = await files.more(200);
  expect(counted.map(({ label: _, ...each }) => each)).toEqual(exactlyOnce(counted));
  return counted;
}

test('an application is made and started, and goes on exactly once when its processes are killed', async () => {
  const begun = now();
  await superviseStreams(temporal.client, [desired('one')], settings);
  await happened('Started from the beginning', begun);
  await expectExactlyOnce();
  for (const role of ['taskmanager', 'jobmanager'] as const) {
    process.kill(flink.pid(application, role), 'SIGKILL');
    await expectExactlyOnce();
  }
  await expect.poll(async () => (await status()).health?.checkpointMs, { timeout: 90_000 }).toBeGreaterThan(0);
  expect(await status()).toMatchObject({ state: 'running', look: { is: 'running', differs: [] } });
});

test('a deploy puts other code in place, which keeps more than the state that it finds and proves itself, though the workers are killed in the middle', async () => {
  const begun = now();
  const logStreamArn = desired('two').logStreamArn.replace('counting', 'elsewhere');
  await superviseStreams(temporal.client, [{ ...desired('two'), logStreamArn }], settings);
  await happened('Deployed', begun);
  await processes.restart('workers', 'SIGKILL');
  await happened('Updated to version 2', begun);
  const [log] = (await flink.describe(application)).CloudWatchLoggingOptionDescriptions ?? [];
  expect(log?.LogStreamARN).toBe(logStreamArn);
  const counted = await expectExactlyOnce();
  expect(counted.at(-1)?.label).toBe('two');
  await happened('runs well', begun);
});

test('code whose main method breaks is refused, and what ran before goes on exactly once', async () => {
  const begun = now();
  await superviseStreams(temporal.client, [desired('two', { broken: 'main' })], settings);
  await happened('refused', begun);
  expect((await status()).supervision.refused?.why).toContain('broken before it started');
  // The look that has seen it refused still compares with it, the next one with what ran before.
  const running = { is: 'running', differs: [] };
  await expect.poll(async () => (await status()).look, { timeout: 60_000 }).toMatchObject(running);
  await expectExactlyOnce();
});

test('code that starts and breaks with each record is taken back, and nothing is lost or doubled', async () => {
  const begun = now();
  await superviseStreams(temporal.client, [desired('one', { broken: 'record' })], settings);
  await happened('Updated', begun);
  await happened('Back at what ran before', begun);
  await expect.poll(async () => (await status()).look?.is, { timeout: 60_000 }).toBe('running');
  const counted = await expectExactlyOnce();
  expect(counted.at(-1)?.label).toBe('two');
});

test('a pause stops it with a snapshot from which it goes on, and a rewind counts again from an earlier one', async () => {
  const begun = now();
  const request = { by: 'a test', why: 'to see it' };
  await superviseStreams(temporal.client, [desired('one')], settings);
  await happened('Updated', begun);
  expect(await handle.executeUpdate(pauseUpdate, { args: [request] })).toBe('paused');
  await happened('Stopped', begun);
  expect(flink.pids().size).toBe(0);
  await handle.executeUpdate(resumeUpdate, { args: [request] });
  await happened('Started from snapshot stop-', begun);
  const counted = await expectExactlyOnce();

  const snapshot = (await status()).look?.snapshots.at(0)?.name ?? '';
  const most = counted.at(-1)?.number ?? 0;
  const rewound = now();
  await handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot }] });
  await happened(`Started from snapshot ${snapshot}`, rewound);
  const again = await files.more(200);
  const numbers = again.map(({ number }) => number);
  expect(new Set(numbers).size).toBeLessThan(numbers.length);
  expect(new Set(numbers)).toEqual(new Set(Array.from({ length: Math.max(...numbers) + 1 }, (_, number) => number)));
  expect(Math.max(...numbers)).toBeGreaterThan(most);
});

test('a job that breaks with every record takes no snapshot, and gets the code that mends it all the same', async () => {
  const begun = now();
  const poisoned = { ...desired('one', { broken: 'record' }), application: 'poisoned' };
  const counted = new CountedFiles();
  handle = temporal.client.workflow.getHandle(supervisionId('poisoned'));
  try {
    const properties = { ...poisoned.properties, output: counted.folder };
    await superviseStreams(temporal.client, [{ ...poisoned, properties }], settings);
    await happened('Started from the beginning', begun);
    await expect.poll(async () => (await status()).health?.restarts, { timeout: 60_000 }).toBeGreaterThan(0);
    const mended = { ...desired('one').properties, output: counted.folder };
    await superviseStreams(temporal.client, [{ ...poisoned, properties: mended }], settings);
    await happened('Stopped without a snapshot', begun);
    await happened('Updated', begun);
    const numbers = await counted.more(200);
    expect(numbers.map(({ label: _, ...each }) => each)).toEqual(exactlyOnce(numbers));
  } finally {
    await handle.terminate();
    counted.remove();
  }
});
