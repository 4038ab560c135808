import {
  EMRServerlessClient,
  ResourceNotFoundException as ResourceNotFound,
  ValidationException,
} from '@aws-sdk/client-emr-serverless';
import {
  RedshiftDataClient,
  ResourceNotFoundException,
  ValidationException as StatementValidationException,
} from '@aws-sdk/client-redshift-data';
import { NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it, vi } from 'vitest';
import { createEmrServerlessActivities, type JobRunEnd } from '../../activities/emr-serverless/activities.ts';
import { heartbeating } from '../../activities/heartbeats.ts';
import { createLakeActivities } from '../../activities/lake/activities.ts';
import { createRedshiftActivities } from '../../activities/redshift/activities.ts';
import { loadCatalogue } from '../../model/catalogue.ts';

type Answer = (command: string, signal: AbortSignal | undefined) => unknown;

/** A client that answers from memory; whatever it throws is what the service says. */
function answering<C extends object>(client: C, answer: Answer): C {
  const send = async (command: object, options?: { abortSignal?: AbortSignal }) =>
    answer(command.constructor.name, options?.abortSignal);
  return Object.assign(client, { send });
}

const redshift = (answer: Answer) =>
  createRedshiftActivities(answering(new RedshiftDataClient({ region: 'eu-west-1' }), answer), loadCatalogue(), {
    workgroup: 'tideline',
    database: 'tideline',
    copyRoleArn: 'arn:aws:iam::000000000000:role/copy',
    longPollSeconds: 30,
  });

const emrConfig = {
  applicationId: 'a',
  backfillApplicationId: 'b',
  executionRoleArn: 'r',
  maintenanceRoleArn: 'm',
  prices: { usdPerVcpuHour: 0.05, usdPerMemoryGbHour: 0.006 },
  logUri: 'u',
  pollIntervalMs: 1,
  pollsPerSecond: 1_000,
};

const emr = (answer: Answer) =>
  createEmrServerlessActivities(answering(new EMRServerlessClient({ region: 'eu-west-1' }), answer), emrConfig);

const lake = (answer: Answer) => createLakeActivities(answering(new S3Client({ region: 'eu-west-1' }), answer));

/** A long poll, which the SDK ends with an error of its own when the activity is cancelled. */
const heldBack: Answer = (_, signal) =>
  new Promise((_resolve, reject) =>
    signal?.addEventListener('abort', () => {
      reject(Object.assign(new Error('Request aborted'), { name: 'AbortError' }));
    }),
  );

const $metadata = {};
const activity = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });

const forgotten = (): never => {
  const message = 'Query does not exist';
  throw new ResourceNotFoundException({ Message: message, message, ResourceId: 's', $metadata });
};

describe('a wait', () => {
  it('for a statement ends as cancelled when a person cancels it in the middle of a long poll', async () => {
    const environment = activity();
    const { awaitStatement } = redshift(heldBack);
    const waiting = environment.run(() => awaitStatement({ statementId: 's' }));
    environment.cancel('CANCELLED', ActivityCancellationDetails.fromProto({ isCancelled: true }));
    await expect(waiting).rejects.toMatchObject({ name: 'CancelledFailure' });
  });

  it('is left to the next attempt when its worker stops', async () => {
    const environment = activity();
    const { awaitStatement } = redshift(heldBack);
    const waiting = environment.run(() => awaitStatement({ statementId: 's' }));
    environment.cancel('WORKER_SHUTDOWN', ActivityCancellationDetails.fromProto({ isWorkerShutdown: true }));
    await expect(waiting).rejects.toMatchObject({ type: 'WaitInterrupted', nonRetryable: false });
  });

  it('for a statement that the service has forgotten ends as failed, so that the load is repeated', async () => {
    const { awaitStatement } = redshift(forgotten);
    expect(await activity().run(() => awaitStatement({ statementId: 's' }))).toMatchObject({
      meaning: 'failed',
    });
  });
});

describe('what a driver said at last', () => {
  it.each([
    [
      "Job failed, exit code 1: org.x.CastException: [CAST] the value 'rid_7'",
      'Job failed, exit code 1: org.x.CastException',
    ],
    ['Job failed, exit code 137\n  at org.x.Y(Y.java:3)', 'Job failed, exit code 137'],
  ])('is told without values of rows and traces: %s', async (stateDetails, details) => {
    const { awaitJobRun } = emr(() => ({ jobRun: { state: 'FAILED', stateDetails } }));
    expect(await activity().run(() => awaitJobRun({ jobRunId: 'j' }))).toMatchObject({ details });
  });
});

describe('a cancel of remote work that ends at the same moment', () => {
  it('reads back how the job run ended', async () => {
    const states = ['RUNNING', 'SUCCESS'];
    const { cancelJobRun } = emr((command) => {
      if (command === 'GetJobRunCommand') return { jobRun: { state: states.shift() } };
      throw new ValidationException({ message: 'The job run has already finished', $metadata });
    });
    expect(await activity().run(() => cancelJobRun({ jobRunId: 'j' }))).toMatchObject({
      meaning: 'done',
    });
  });

  it('reads back how the statement ended', async () => {
    const states = ['STARTED', 'FINISHED'];
    const { cancelStatement } = redshift((command) => {
      if (command === 'DescribeStatementCommand') return { Status: states.shift() };
      throw new StatementValidationException({ message: 'already in FINISHED state', $metadata });
    });
    expect(await activity().run(() => cancelStatement({ statementId: 's' }))).toMatchObject({
      meaning: 'done',
    });
  });
});

it('a cancel of a statement that Redshift has forgotten ends, as failed', async () => {
  const { cancelStatement } = redshift(forgotten);
  expect(await activity().run(() => cancelStatement({ statementId: 's' }))).toMatchObject({ meaning: 'failed' });
});

describe('a job', () => {
  const job = { name: 'j', entryPoint: 'e', arguments: [], submitParameters: '', timeoutMinutes: 1, tags: {} };

  it('has the rights of a build, unless it is a maintenance', async () => {
    const roles: unknown[] = [];
    const client = new EMRServerlessClient({ region: 'eu-west-1' });
    client.middlewareStack.add(() => async ({ input }) => {
      roles.push((input as { executionRoleArn?: string }).executionRoleArn);
      return { response: {}, output: { $metadata, jobRunId: 'j' } };
    });
    const { submitJobRun } = createEmrServerlessActivities(client, emrConfig);
    await activity().run(() => submitJobRun({ token: '1', job }));
    await activity().run(() => submitJobRun({ token: '2', job: { ...job, role: 'maintenance' } }));
    expect(roles).toEqual(['r', 'm']);
  });

  /** Two applications, each with runs and tokens of its own, as EMR Serverless keeps them. */
  function applications() {
    interface Run {
      readonly id: string;
      readonly name: string;
      readonly applicationId: string;
      readonly clientToken: string;
      readonly createdAt: Date;
      readonly jobDriver: unknown;
      state: string;
    }
    type Request = Run & { readonly jobRunId: string };
    const runs: Run[] = [];
    const client = new EMRServerlessClient({ region: 'eu-west-1' });
    const of = ({ applicationId, jobRunId }: Request): Run => {
      const found = runs.find((run) => run.id === jobRunId && run.applicationId === applicationId);
      if (!found) throw new ResourceNotFound({ message: `${jobRunId} is not in ${applicationId}`, $metadata });
      return found;
    };
    const answers: Readonly<Record<string, (request: Request) => unknown>> = {
      StartJobRunCommand: (request) => {
        const { applicationId, clientToken } = request;
        const known = runs.find((run) => run.clientToken === clientToken && run.applicationId === applicationId);
        const run = known ?? {
          ...request,
          id: `j${runs.length + 1}`,
          createdAt: new Date(runs.length),
          state: 'RUNNING',
        };
        if (!known) runs.push(run);
        return { jobRunId: run.id };
      },
      GetJobRunCommand: (request) => ({ jobRun: { ...of(request), jobRunId: request.jobRunId } }),
      CancelJobRunCommand: (request) => {
        of(request).state = 'CANCELLED';
        return {};
      },
      ListJobRunsCommand: ({ applicationId }) => ({
        jobRuns: runs.filter((run) => run.applicationId === applicationId).toReversed(),
      }),
    };
    client.middlewareStack.add((_, { commandName = '' }) => async ({ input }) => ({
      response: {},
      output: { $metadata, ...(answers[commandName]?.(input as Request) as object) },
    }));
    const { submitJobRun, ...others } = createEmrServerlessActivities(client, emrConfig);
    const submit = (asked: Parameters<typeof submitJobRun>[0]): ReturnType<typeof submitJobRun> =>
      activity().run(() => submitJobRun(asked));
    return { runs, submit, ...others };
  }

  it('runs in the application of its lane, and is cancelled there', async () => {
    const { runs, submit, cancelJobRun } = applications();
    const scheduled = await submit({ token: '1', job, lane: 'scheduled' });
    const placed = await Promise.all((['late', 'backfill'] as const).map((lane) => submit({ token: lane, job, lane })));
    expect([scheduled, ...placed].map(({ applicationId }) => applicationId)).toEqual(['a', 'b', 'b']);
    for (const run of placed)
      expect(await activity().run(() => cancelJobRun(run))).toMatchObject({ meaning: 'cancelled' });
    expect(runs.map(({ state }) => state)).toEqual(['RUNNING', 'CANCELLED', 'CANCELLED']);
  });

  it('that an earlier release began in the only application is waited for and cancelled there', async () => {
    const { submit, cancelJobRun } = applications();
    const { jobRunId } = await submit({ token: '1', job });
    expect(await activity().run(() => cancelJobRun({ jobRunId }))).toMatchObject({ meaning: 'cancelled' });
  });

  it('that an earlier release began is adopted after a reset, not begun again beside it', async () => {
    const { runs, submit } = applications();
    const resultUri = 's3://artifacts/builds/1/result.json';
    const build = { ...job, arguments: ['build', '--result', resultUri] };
    const another = { ...job, arguments: ['build', '--result', 's3://artifacts/builds/2/result.json'] };
    await submit({ token: 'another', job: another });
    const earlier = [await submit({ token: 'job/1', job: build }), await submit({ token: 'job/2', job: build })];
    const reset = (attempt: number) =>
      submit({ token: `job/${attempt}`, job: build, lane: 'late', before: { resultUri, attempt, sinceMs: 0 } });
    expect([await reset(1), await reset(2)]).toEqual(earlier);
    const third = await reset(3);
    expect(third).toEqual({ jobRunId: 'j4', applicationId: 'b' });
    expect(await reset(3)).toEqual(third);
    expect(runs).toHaveLength(4);
  });

  it('that finds no room in time is ended, and says so; one that has begun is left alone', async () => {
    const { runs, submit, awaitJobRun } = applications();
    const placed = await submit({ token: '1', job, lane: 'late' });
    runs[0]!.state = 'QUEUED';
    const waiting = { ...placed, startsWithinMinutes: 10 };
    expect(await activity().run(() => awaitJobRun(waiting))).toMatchObject({
      meaning: 'cancelled',
      neverStarted: true,
    });
    const second = await submit({ token: '2', job, lane: 'late' });
    setTimeout(() => (runs[1]!.state = 'SUCCESS'), 50);
    const end: unknown = await activity().run(() => awaitJobRun({ ...second, startsWithinMinutes: 10 }));
    expect(end).toMatchObject({ meaning: 'done' });
    expect(end).not.toHaveProperty('neverStarted');
  });

  it('costs what it is billed for at the prices of its region', async () => {
    const billedResourceUtilization = { vCPUHour: 2, memoryGBHour: 10, storageGBHour: 1 };
    const { awaitJobRun } = emr(() => ({ jobRun: { state: 'SUCCESS', billedResourceUtilization } }));
    expect(await activity().run(() => awaitJobRun({ jobRunId: 'j' }))).toMatchObject({
      costUsd: 2 * 0.05 + 10 * 0.006,
    });
  });

  it('is waited for a little where its bill follows its end', async () => {
    const startedAt = new Date();
    const billedResourceUtilization = { vCPUHour: 2, memoryGBHour: 0 };
    const costAfter = async (polls: number): Promise<number> => {
      let left = polls;
      const bill = () => (left-- > 0 ? {} : { billedResourceUtilization });
      const { awaitJobRun } = emr(() => ({ jobRun: { state: 'SUCCESS', startedAt, ...bill() } }));
      const end: JobRunEnd = await activity().run(() => awaitJobRun({ jobRunId: 'j' }));
      return end.costUsd;
    };
    expect(await costAfter(2)).toBe(0.1);
    expect(await costAfter(Infinity)).toBe(0);
  });
});

describe('the result of a job', () => {
  const read = (answer: Answer, since?: string) =>
    activity().run(() =>
      lake(answer).readBuildResult({ uri: 's3://artifacts/result.json', ...(since !== undefined && { since }) }),
    );
  const body = (text: string) => ({ Body: { transformToString: async () => text } });

  it('is none where there is none, and where it cannot be read', async () => {
    const missing: Answer = () => {
      throw new NoSuchKey({ message: 'no such key', $metadata });
    };
    expect(await read(missing)).toBeNull();
    expect(await read(() => body('{"product": "silv'))).toBeNull();
    expect(await read(() => body('{"product": "silver.trips"}'))).toBeNull();
  });

  it('is read as the first release wrote it, and with what a later one may add, not what an earlier run wrote', async () => {
    const first = {
      product: 'silver.trips',
      buildId: 'silver.trips/2025-01-18/1',
      codeVersion: 'c',
      status: 'failed',
      intervals: [
        { interval: '2025-01-18', rowsIn: 1, rowsPublished: 1, rowsDuplicate: 0, rowsQuarantined: 0, changed: true },
      ],
      quality: { score: 1, checks: [] },
      inputVersions: {},
      outputVersion: 1,
      changedPartitions: [],
      exportManifest: null,
      schemaDrift: [],
      error: null,
    };
    expect(await read(() => body(JSON.stringify(first)))).toEqual(first);
    const LastModified = new Date('2025-01-19T00:10:00Z');
    const written: Answer = () => ({ ...body(JSON.stringify(first)), LastModified });
    expect(await read(written, '2025-01-19T00:10:00.900Z')).toEqual(first);
    expect(await read(written, '2025-01-19T00:10:01.000Z')).toBeNull();
    const later = { ...first, energyUsed: 3, error: { kind: 'TOO_HOT', message: 'the driver melted' } };
    expect(await read(() => body(JSON.stringify(later)))).toEqual({
      ...first,
      error: { kind: 'INTERNAL', message: 'the driver melted' },
    });
  });

  it('is waited for while the lake cannot be reached', async () => {
    const denied: Answer = () => {
      throw Object.assign(new Error('Access Denied'), { name: 'AccessDenied' });
    };
    await expect(read(denied)).rejects.toThrow('Access Denied');
  });
});

describe('an activity', () => {
  it('tells that it is alive as long as it runs, whatever it waits for', async () => {
    vi.useFakeTimers();
    try {
      let beats = 0;
      const environment = new MockActivityEnvironment({}, { interceptors: [heartbeating] });
      environment.on('heartbeat', () => (beats += 1));
      await environment.run(async () => vi.advanceTimersByTime(9_000));
      vi.advanceTimersByTime(9_000);
      expect(beats).toBe(3);
    } finally {
      vi.useRealTimers();
    }
  });
});
