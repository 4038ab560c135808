import type { WorkflowHandle } from '@temporalio/client';
import {
  type DesiredApplication,
  pauseUpdate,
  redeploySignal,
  resumeUpdate,
  rewindUpdate,
  type StreamStatus,
  streamStatusQuery,
  type Supervision,
} from '../../model/messages/streams.ts';
import { type Scenario, until } from './scenario.ts';

const tripSessions: DesiredApplication = {
  ...{ application: 'trip-sessions', description: 'Trips', code: 's3://artifacts/flink-jobs/trip-sessions/1.jar' },
  roleArn: 'arn:aws:iam::123456789012:role/trip-sessions',
  logStreamArn: 'arn:aws:logs:us-east-1:123456789012:log-group:/aws/managed-flink/trip-sessions:log-stream:job',
  ...{ parallelism: 20, checkpointIntervalMs: 60_000, properties: { output: 's3://lake' } },
};
/** The same application with another jar, which does what its name says. */
export const withJar = (name: string): DesiredApplication => ({
  ...tripSessions,
  code: tripSessions.code.replace('1.jar', `${name}.jar`),
});
export const supervised = (name = '1') => ({ desired: withJar(name) });
/** In the server's own time. */
const soon = { everySeconds: 0.2, probationMinutes: 0.01 };
/** Waits until a supervision has written this down. */
const happened = async (handle: WorkflowHandle, what: string): Promise<void> => {
  await until(handle, ({ supervision }: StreamStatus) =>
    supervision.happenings.some((happening) => happening.what.includes(what)),
  );
};
const request = { by: 'a test', why: 'to see it' };
/** What the run before knew: somebody has paused it while an update had to prove itself. */
const carried: Supervision = {
  ...{ paused: request, rewind: null, refused: null, proven: withJar('1'), failedStarts: 0, startsAgainAt: 0 },
  ...{ onProbationSince: Date.parse('2025-01-18T12:00:00Z'), runsSince: Date.parse('2025-01-18T12:00:00Z') },
  happenings: [{ at: '2025-01-18T12:01:00Z', what: 'Paused by a test: to see it' }],
};

/** Ways in which a supervision can go. */
export const streamScenarios = {
  'stream-kept-running': {
    script: {},
    workflow: 'superviseStream',
    input: { ...supervised(), ...soon },
    meanwhile: async (handle) => {
      await happened(handle, 'Started');
      await handle.cancel();
    },
  },
  'stream-updated': {
    script: { isQuick: true },
    workflow: 'superviseStream',
    input: { ...supervised(), ...soon },
    meanwhile: async (handle) => {
      await happened(handle, 'Started');
      await handle.signal(redeploySignal, withJar('2'));
      await happened(handle, 'runs well');
      await handle.cancel();
    },
  },
  'stream-update-refused': {
    script: {},
    workflow: 'superviseStream',
    input: { ...supervised(), ...soon },
    meanwhile: async (handle) => {
      await happened(handle, 'Started');
      await handle.signal(redeploySignal, withJar('broken'));
      await happened(handle, 'refused');
      await handle.cancel();
    },
  },
  'stream-update-taken-back': {
    script: {},
    workflow: 'superviseStream',
    input: { ...supervised(), ...soon },
    meanwhile: async (handle) => {
      await happened(handle, 'Started');
      await handle.signal(redeploySignal, withJar('sick'));
      await happened(handle, 'Back at what ran before');
      await handle.cancel();
    },
  },
  'stream-put-back-to-what-has-run-well': {
    script: { isQuick: true },
    workflow: 'superviseStream',
    input: { ...supervised(), ...soon },
    meanwhile: async (handle) => {
      await until(handle, ({ supervision }: StreamStatus) => supervision.proven !== undefined);
      await handle.signal(redeploySignal, withJar('sick'));
      await happened(handle, 'Updated to version 2');
      await handle.signal(redeploySignal, withJar('sick-too'));
      await happened(handle, 'Back at what ran before');
      await happened(handle, 'Updated to version 5');
      await handle.cancel();
    },
  },
  'stream-deployed-back-before-it-is-judged': {
    script: { isQuick: true },
    workflow: 'superviseStream',
    input: { ...supervised(), ...soon, probationMinutes: 10 },
    meanwhile: async (handle) => {
      await until(handle, ({ supervision }: StreamStatus) => supervision.proven !== undefined);
      await handle.signal(redeploySignal, withJar('sick'));
      await happened(handle, 'Updated to version 2');
      await handle.signal(redeploySignal, withJar('1'));
      await happened(handle, 'Started from snapshot update-1');
      await handle.cancel();
    },
  },
  'stream-whose-rollback-fails': {
    script: { isQuick: true, cannotRollBack: 'in the end' },
    workflow: 'superviseStream',
    input: { ...supervised(), ...soon },
    meanwhile: async (handle) => {
      await until(handle, ({ supervision }: StreamStatus) => supervision.proven !== undefined);
      await handle.signal(redeploySignal, withJar('sick'));
      await happened(handle, 'Started from snapshot update-1');
      await handle.cancel();
    },
  },
  'stream-carried-on': {
    script: {},
    workflow: 'superviseStream',
    input: { ...supervised('2'), ...soon, carried },
    meanwhile: async (handle) => {
      await until(handle, ({ look }: StreamStatus) => look?.is === 'ready');
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await happened(handle, 'Started');
      await handle.cancel();
    },
  },
  'stream-that-does-not-start': {
    script: {},
    workflow: 'superviseStream',
    input: { ...supervised('broken'), ...soon },
    meanwhile: async (handle) => {
      await happened(handle, 'Not started');
      await handle.signal(redeploySignal, withJar('2'));
      await happened(handle, 'Started');
      await handle.cancel();
    },
  },
  'stream-paused-and-rewound': {
    script: {},
    workflow: 'superviseStream',
    input: { ...supervised(), ...soon },
    meanwhile: async (handle) => {
      await happened(handle, 'Started');
      await handle.executeUpdate(pauseUpdate, { args: [request] });
      await happened(handle, 'Stopped');
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await happened(handle, 'Started from snapshot stop-');
      const { look } = await handle.query(streamStatusQuery);
      const snapshot = look?.snapshots.at(-1)?.name ?? '';
      await handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot }] });
      await happened(handle, `Started from snapshot ${snapshot}`);
      await handle.cancel();
    },
  },
} satisfies Record<string, Scenario>;
