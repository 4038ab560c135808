import {
  CancelJobRunCommand,
  type EMRServerlessClient,
  GetJobRunCommand,
  type JobRun,
  paginateListJobRuns,
  StartJobRunCommand,
  ValidationException,
} from '@aws-sdk/client-emr-serverless';
import { log, sleep } from '@temporalio/activity';
import type { Lane } from '../../model/queues.ts';
import { tokenHash } from '../tokens.ts';
import { adoptable } from '../waiting.ts';
import { costOf, type Prices } from './prices.ts';
import { isQueued, meaningOf } from './states.ts';
import type { Meaning } from '../states.ts';

/** A Spark job as a build wants it. Everything in it is a key, a URI or a setting: no data. */
export interface SparkJob {
  readonly name: string;
  readonly entryPoint: string;
  readonly arguments: readonly string[];
  readonly submitParameters: string;
  readonly timeoutMinutes: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Whose rights it has, unless it is a build. */
  readonly role?: 'maintenance';
}

/** A job run, where it runs. What earlier releases have begun is told without an application: there was only the first. */
export interface PlacedRun {
  readonly jobRunId: string;
  readonly applicationId?: string;
}

/** The jobs that a workflow may have begun already before it was reset: `attempt` is the place of the one asked for among them. */
export interface BegunBefore {
  readonly resultUri: string;
  readonly attempt: number;
  /** When the workflow began. */
  readonly sinceMs: number;
}

export interface JobRunEnd {
  readonly meaning: Exclude<Meaning, 'wait'>;
  readonly state: string;
  readonly details: string;
  readonly costUsd: number;
  readonly durationSeconds: number;
  /** It was cancelled because it had not begun in time. */
  readonly neverStarted?: true;
  /** ISO-8601. */
  readonly createdAt?: string;
}

export interface EmrServerlessConfig {
  /** Of the scheduled lane, in whose queue nothing else waits. */
  readonly applicationId: string;
  /** Of the late and the backfill lane. */
  readonly backfillApplicationId: string;
  readonly executionRoleArn: string;
  /** Of the jobs that may delete published files. */
  readonly maintenanceRoleArn: string;
  readonly prices: Prices;
  readonly logUri: string;
  readonly pollIntervalMs: number;
  /** GetJobRun calls that this process may make in a second: its share of the account's quota (10/s). */
  readonly pollsPerSecond: number;
}

/** How long a wait rests between two polls, so that all `waiting` together stay within their share of the quota. */
export function pollDelayMs(
  { pollIntervalMs, pollsPerSecond }: Pick<EmrServerlessConfig, 'pollIntervalMs' | 'pollsPerSecond'>,
  waiting: number,
): number {
  return Math.max(pollIntervalMs, Math.ceil((waiting * 1000) / pollsPerSecond));
}

/** What a run is billed for may follow its end: so many polls it is waited for. */
const pollsForBill = 3;

/** By so much the clocks of Temporal and AWS may differ. */
const clockToleranceMs = 60_000;

/** What a driver says at last may quote rows: up to the name of an exception it does not. The rest is in its log. */
const withoutValues = (details: string): string =>
  (/^.*?\w(?:Exception|Error)\b/.exec(details)?.[0] ?? details.split('\n', 1)[0] ?? '').slice(0, 500);

export function createEmrServerlessActivities(client: EMRServerlessClient, config: EmrServerlessConfig) {
  const applicationOf = (lane: Lane | undefined): string =>
    lane === undefined || lane === 'scheduled' ? config.applicationId : config.backfillApplicationId;
  let waiting = 0;

  async function describe({
    jobRunId,
    applicationId = config.applicationId,
  }: PlacedRun): Promise<{ run: JobRun; meaning: Meaning }> {
    const { jobRun } = await client.send(new GetJobRunCommand({ applicationId, jobRunId }));
    if (!jobRun) throw new Error(`GetJobRun of ${jobRunId} answered without a job run`);
    const { meaning, known } = meaningOf(jobRun.state);
    if (!known) log.warn('Unknown state of a job run: waiting', { jobRunId, state: jobRun.state });
    return { run: jobRun, meaning };
  }

  async function cancel({ jobRunId, applicationId = config.applicationId }: PlacedRun): Promise<void> {
    await client.send(new CancelJobRunCommand({ applicationId, jobRunId })).catch((error: unknown) => {
      // What the service says when the run has ended in between; how it ended is read back.
      if (!(error instanceof ValidationException)) throw error;
    });
  }

  /**
   * Waits for the end. Stops waiting, not the job, when it is cancelled. A run that has not begun within
   * `startsWithinMinutes` of its creation is ended.
   */
  async function untilEnd(placed: PlacedRun, startsWithinMinutes = Infinity): Promise<JobRunEnd> {
    let neverStarted = false;
    let ended = 0;
    for (;;) {
      const { run, meaning } = await describe(placed);
      const waitedMs = Date.now() - (run.createdAt?.getTime() ?? Infinity);
      if (isQueued(run.state) && !neverStarted && waitedMs > startsWithinMinutes * 60_000) {
        neverStarted = true;
        await cancel(placed);
        continue;
      }
      const isBilled = run.startedAt === undefined || run.billedResourceUtilization !== undefined;
      if (meaning !== 'wait' && (isBilled || ended++ === pollsForBill)) {
        return {
          meaning,
          state: run.state ?? 'unknown',
          details: withoutValues(run.stateDetails ?? ''),
          costUsd: costOf(run, config.prices),
          durationSeconds: run.totalExecutionDurationSeconds ?? 0,
          ...(neverStarted && meaning === 'cancelled' && { neverStarted }),
          ...(run.createdAt && { createdAt: run.createdAt.toISOString() }),
        };
      }
      await sleep(pollDelayMs(config, waiting));
    }
  }

  /** Earlier releases began all jobs in the first application, the only one that knows their tokens. */
  async function begunInFirst(name: string, before: BegunBefore): Promise<PlacedRun | undefined> {
    const { applicationId } = config;
    const createdAtAfter = new Date(before.sinceMs - clockToleranceMs);
    const named: string[] = [];
    for await (const { jobRuns = [] } of paginateListJobRuns({ client }, { applicationId, createdAtAfter }))
      named.push(...jobRuns.filter((run) => run.name === name).map(({ id }) => id ?? ''));
    const begun: JobRun[] = [];
    for (const jobRunId of named) {
      const { run } = await describe({ jobRunId });
      if (run.jobDriver?.sparkSubmit?.entryPointArguments?.includes(before.resultUri)) begun.push(run);
    }
    begun.sort((a, b) => Number(a.createdAt) - Number(b.createdAt));
    const jobRunId = begun[before.attempt - 1]?.jobRunId;
    return jobRunId ? { jobRunId, applicationId } : undefined;
  }

  return {
    /**
     * Starts a job run in the application of its lane. Idempotent on `token`: a retry after a lost answer gives the same run
     * back. With `before`, so does a reset, also of a run that a release without lanes' applications began.
     */
    async submitJobRun(input: { token: string; job: SparkJob; lane?: Lane; before?: BegunBefore }): Promise<PlacedRun> {
      const { job, token, lane, before } = input;
      const applicationId = applicationOf(lane);
      const begun = before && applicationId !== config.applicationId ? await begunInFirst(job.name, before) : undefined;
      if (begun) return begun;
      const started = await client.send(
        new StartJobRunCommand({
          applicationId,
          clientToken: tokenHash(token),
          executionRoleArn: job.role === 'maintenance' ? config.maintenanceRoleArn : config.executionRoleArn,
          name: job.name,
          executionTimeoutMinutes: job.timeoutMinutes,
          jobDriver: {
            sparkSubmit: {
              entryPoint: job.entryPoint,
              entryPointArguments: [...job.arguments],
              sparkSubmitParameters: job.submitParameters,
            },
          },
          configurationOverrides: { monitoringConfiguration: { s3MonitoringConfiguration: { logUri: config.logUri } } },
          tags: { ...job.tags },
        }),
      );
      if (!started.jobRunId) throw new Error('StartJobRun answered without a job run id');
      return { jobRunId: started.jobRunId, applicationId };
    },

    /**
     * Waits for a job run, retried for ever and adopted by the next attempt after a crash or a deploy.
     * Only a cancel of the workflow ends it as cancelled; whatever else stops this attempt leaves the run alone.
     */
    async awaitJobRun(asked: PlacedRun & { startsWithinMinutes?: number }): Promise<JobRunEnd> {
      const { startsWithinMinutes, ...placed } = asked;
      waiting += 1;
      try {
        return await adoptable(placed.jobRunId, () => untilEnd(placed, startsWithinMinutes));
      } finally {
        waiting -= 1;
      }
    },

    /** Cancels a job run and reads back until it has ended. A run that ended by itself in the meantime stays as it ended. */
    async cancelJobRun(placed: PlacedRun): Promise<JobRunEnd> {
      const { meaning } = await describe(placed);
      if (meaning === 'wait') await cancel(placed);
      return adoptable(placed.jobRunId, () => untilEnd(placed));
    },
  };
}

export type EmrServerlessActivities = ReturnType<typeof createEmrServerlessActivities>;
