import { EMRServerlessClient, ResourceNotFoundException } from '@aws-sdk/client-emr-serverless';
import { describe, expect, it } from 'vitest';
import { createEmrServerlessActivities, type JobRunEnd } from '../../activities/emr-serverless/activities.ts';
import { $metadata, activity, emr, emrConfig } from './answering-services.ts';

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
      if (!found) throw new ResourceNotFoundException({ message: `${jobRunId} is not in ${applicationId}`, $metadata });
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
