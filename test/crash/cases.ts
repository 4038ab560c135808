import { gunzipSync } from 'node:zlib';
import { intervalStart } from '../../model/intervals.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { operation, pollLoad, submitLoad } from './calls.ts';
import { answerLost, before, meanwhile } from './disturbances.ts';
import type { Call, Disturbance } from './interceptor.ts';
import type { Testbed } from './testbed.ts';

/** The build that is disturbed. */
export interface Target {
  readonly product: string;
  readonly start: string;
  readonly end: string;
  readonly workflowId: string;
}

export interface Case {
  readonly what: string;
  readonly when: string;
  /** The call at which it goes wrong, and how. */
  readonly call?: (call: Call) => boolean;
  readonly disturb?: (testbed: Testbed, target: Target) => Disturbance;
  /** How often; by default once. */
  readonly times?: number;
  /** What makes the build start, where it is not started by itself. */
  readonly trigger?: (testbed: Testbed, target: Target) => Promise<unknown>;
  /** What has to be built; by default an hour of bronze. */
  readonly product?: 'gold';
  /** How many intervals; by default one. */
  readonly intervals?: number;
  /** Job runs that the interval has had in the end; by default one. Two numbers: whether the first outlasts it is open. */
  readonly jobs?: number | readonly [number, number];
  /** How the disturbed build ends; by default published. Cancelled: the next build must mend everything. */
  readonly ends?: 'cancelled';
}

const claim = operation('TransactWriteItems');
const submit = operation('StartJobRun');
const poll = operation('GetJobRun');
const record = (call: Call): boolean => call.operation === 'UpdateItem' && call.body.includes('SET published');
const release = (call: Call): boolean => call.operation === 'UpdateItem' && call.body.includes('REMOVE claim');
/** The write with which a job publishes. */
const commit = (call: Call): boolean =>
  /^PUT \/[^/]+\/(bronze\/events|gold\/\w+)\/_delta_log\/\d{20}\.json$/.test(call.operation);
const readResult = (call: Call): boolean => /^GET \/.*\/result\.json$/.test(call.operation);

/** Like `answerLost`, at the first answer that says that the job has ended. */
function endLost(happens: () => Promise<void>): Disturbance {
  let happened = false;
  return async (forward) => {
    const answer = await forward();
    const { body, headers } = answer;
    const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
    if (happened || !text.includes('"SUCCESS"')) return answer;
    happened = true;
    await happens();
    return null;
  };
}

/** Both worker processes are killed, at every step of a build. */
const workersKilled: readonly Omit<Case, 'what'>[] = [
  { when: 'before the claim', call: claim, disturb: (s) => before(s.killWorkers) },
  { when: 'claimed, the answer lost', call: claim, disturb: (s) => answerLost(s.killWorkers) },
  { when: 'before the submit', call: submit, disturb: (s) => before(s.killWorkers) },
  { when: 'submitted, the answer lost', call: submit, disturb: (s) => answerLost(s.killWorkers) },
  { when: 'waiting for the job', call: poll, disturb: (s) => before(s.killWorkers) },
  { when: 'audited, the job publishes', call: commit, disturb: (s) => meanwhile(s.killWorkers) },
  { when: 'the job has ended, the answer lost', call: poll, disturb: (s) => endLost(s.killWorkers), times: Infinity },
  { when: 'published, not in the ledger', call: record, disturb: (s) => before(s.killWorkers) },
  { when: 'in the ledger, the answer lost', call: record, disturb: (s) => answerLost(s.killWorkers) },
  { when: 'before the load', product: 'gold', call: submitLoad, disturb: (s) => before(s.killWorkers) },
  {
    when: 'load submitted, the answer lost',
    product: 'gold',
    call: submitLoad,
    disturb: (s) => answerLost(s.killWorkers),
  },
  { when: 'waiting for the load', product: 'gold', call: pollLoad, disturb: (s) => before(s.killWorkers) },
  { when: 'before the claim ends', call: release, disturb: (s) => before(s.killWorkers) },
];

const byPerson: Case['disturb'] = (testbed, { workflowId }) => meanwhile(testbed.cancel(workflowId));

/** A person's cancel, in every phase. Once the job has published, a cancel comes too late for it. */
const cancelled: readonly Omit<Case, 'what' | 'disturb'>[] = [
  { when: 'claiming', call: claim, ends: 'cancelled' },
  { when: 'submitting', call: submit, ends: 'cancelled', jobs: 2 },
  { when: 'the job runs', call: poll, ends: 'cancelled', jobs: 2 },
  { when: 'the job has ended', call: readResult },
  { when: 'published, not in the ledger', call: record },
  { when: 'published, not in the warehouse', product: 'gold', call: record, ends: 'cancelled', jobs: 2 },
];

/** Processes of the platform die. */
const platform: readonly Case[] = [
  { what: 'Temporal killed', when: 'submitting', call: submit, disturb: (s) => meanwhile(() => s.kill('temporal')) },
  { what: 'Temporal killed', when: 'the job runs', call: poll, disturb: (s) => meanwhile(() => s.kill('temporal')) },
  {
    what: 'Spark driver killed',
    when: 'audited, not published',
    call: commit,
    jobs: 2,
    disturb: (s) => before(s.killDriver),
  },
  {
    what: 'Spark driver killed',
    when: 'published, no result',
    call: commit,
    jobs: 2,
    disturb: (s) => answerLost(s.killDriver),
  },
  {
    what: 'EMR Serverless (local) killed',
    when: 'the job runs',
    call: poll,
    jobs: 2,
    disturb: (s) => meanwhile(() => s.kill('emr-serverless')),
  },
  {
    what: 'Redshift (local) killed',
    when: 'the load runs',
    product: 'gold',
    call: pollLoad,
    disturb: (s) => meanwhile(() => s.kill('redshift-data')),
  },
  {
    what: 'S3 and DynamoDB (local) restarted',
    when: 'the job runs',
    call: poll,
    // As long as the emulator takes to be up again: on a busy machine that may be longer than a job tries.
    jobs: [1, 2],
    disturb: (s) => meanwhile(() => s.stopAndStart('aws')),
  },
];

/** Services answer badly, or not at all. */
const services: readonly Case[] = [
  {
    what: 'throttled, 5 times',
    when: 'claiming',
    call: claim,
    times: 5,
    disturb: (s) => s.answers(400, 'ThrottlingException'),
  },
  {
    what: 'throttled, 5 times',
    when: 'submitting',
    call: submit,
    times: 5,
    disturb: (s) => s.answers(429, 'ThrottlingException'),
  },
  {
    what: 'error 500, 5 times',
    when: 'the job runs',
    call: poll,
    times: 5,
    disturb: (s) => s.answers(500, 'InternalServerException'),
  },
  {
    what: 'error 500, 5 times',
    when: 'submitting the load',
    product: 'gold',
    call: submitLoad,
    times: 5,
    disturb: (s) => s.answers(500, 'InternalServerException'),
  },
  { what: 'no answer', when: 'claimed', call: claim, disturb: (s) => s.silent },
  { what: 'no answer', when: 'submitted', call: submit, disturb: (s) => s.silent },
  { what: 'half an answer', when: 'submitted', call: submit, disturb: (s) => s.truncated },
  { what: 'half an answer', when: 'the job runs', call: poll, disturb: (s) => s.truncated },
  { what: 'half an answer', when: 'reading the result', call: readResult, disturb: (s) => s.truncated },
];

/** Everything that may go wrong while one interval is built, with what must come of it. */
export const cases: readonly Case[] = [
  ...workersKilled.map((each) => ({ what: 'workers killed', ...each })),
  ...platform,
  ...services,
  ...cancelled.map((each) => ({ what: 'cancelled by a person', disturb: byPerson, ...each })),
  {
    what: 'schedule fires twice',
    when: 'at once',
    intervals: 2,
    jobs: 2,
    trigger: async (testbed, { end }) => {
      const fire = (name: string): Promise<unknown> =>
        testbed.session.client.workflow.execute('hourlyBronze', {
          workflowId: `hourly-bronze/${name}`,
          taskQueue: orchestrationQueue,
          args: [{ firedAt: intervalStart(end).plus({ minutes: 20 }).toISO() }],
        });
      testbed.disturbances += 1;
      await Promise.all([fire('first'), fire('second')]);
    },
  },
  { what: 'new version deployed', when: 'the job runs', call: poll, disturb: (s) => meanwhile(s.deploy) },
];
