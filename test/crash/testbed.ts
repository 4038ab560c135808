import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { paginateListJobRuns, EMRServerlessClient } from '@aws-sdk/client-emr-serverless';
import { readCommits } from '../../activities/lake/delta-log.ts';
import { makeCurrent } from '../../deployment/worker-versions.ts';
import { openSession, type Session } from '../../cli/laptop/session.ts';
import { descendants, signal } from '../../local/process-tree.ts';
import { type AwsService, announcement, startWorker } from '../../local/platform.ts';
import { buckets } from '../../local/provision.ts';
import { root } from '../tools.ts';
import { type Answer, type Call, type Disturbance, Interceptor } from './interceptor.ts';

/** The whole platform with the workers, and everything that can go wrong with it. */
export class Testbed {
  readonly session: Session;
  /** What has gone wrong since the last `recovered`. */
  disturbances = 0;
  readonly #interceptors: ReadonlyMap<AwsService, Interceptor>;
  #recoveries: Promise<unknown>[] = [];

  private constructor(session: Session, interceptors: ReadonlyMap<AwsService, Interceptor>) {
    this.session = session;
    this.#interceptors = interceptors;
  }

  static async open(folder: string): Promise<Testbed> {
    const interceptors = new Map<AwsService, Interceptor>();
    const session = await openSession({
      root,
      folder,
      // Restatements of late events would build beside the builds that are watched.
      settings: { TIDELINE_LATE_DEBOUNCE_SECONDS: '86400' },
      reachedAt: async (service, url) => {
        const interceptor = new Interceptor(url);
        interceptors.set(service, interceptor);
        return interceptor.listen();
      },
    });
    return new Testbed(session, interceptors);
  }

  async close(): Promise<void> {
    await this.session.close();
    for (const interceptor of this.#interceptors.values()) interceptor.close();
  }

  /** Disturbs the next calls that match, to whichever service. */
  on(matches: (call: Call) => boolean, disturbance: Disturbance, times: number): void {
    for (const interceptor of this.#interceptors.values()) interceptor.on(matches, disturbance, times);
  }

  /** Lets everything pass again and waits until all that was ended is up. Returns how often something went wrong. */
  async recovered(): Promise<number> {
    for (const interceptor of this.#interceptors.values()) interceptor.clear();
    await Promise.all(this.#recoveries.splice(0));
    const { disturbances } = this;
    this.disturbances = 0;
    return disturbances;
  }

  /** Kills processes as `kill -9` does, and starts them again; resolves when they are dead. */
  async kill(...names: string[]): Promise<void> {
    this.disturbances += 1;
    const { supervisor } = this.session.platform;
    const pids = names.map((name) => supervisor.pidOf(name));
    this.#recoveries.push(...names.map((name) => this.#restart(name, 'SIGKILL')));
    await Promise.all(pids.map(gone));
  }

  readonly killWorkers = (): Promise<void> => this.kill('orchestration', 'data-plane');

  /** Stops a process as an operator does, and starts it again. */
  async stopAndStart(name: string): Promise<void> {
    this.disturbances += 1;
    await this.#restart(name, 'SIGTERM');
  }

  async #restart(name: string, signal: NodeJS.Signals): Promise<void> {
    const { readyOutput } = await this.session.platform.supervisor.restart(name, signal);
    const interceptor = this.#interceptors.get(name as AwsService);
    const url = announcement(readyOutput)?.listening;
    if (interceptor && typeof url === 'string') interceptor.target = new URL(url);
  }

  /** Kills the JVMs of all Spark drivers. */
  readonly killDriver = async (): Promise<void> => {
    this.disturbances += 1;
    const pids = await javaUnder(this.session.platform.supervisor.pidOf('emr-serverless') ?? 0);
    for (const pid of pids) signal(pid, 'SIGKILL');
    await Promise.all(pids.map(gone));
  };

  /** A person's cancel of a build. */
  cancel(workflowId: string): () => Promise<void> {
    return async () => {
      this.disturbances += 1;
      await this.session.client.workflow.getHandle(workflowId).cancel();
    };
  }

  /** Brings out a new version of the workers while the old one's builds run; what it began ends on it. */
  readonly deploy = async (): Promise<void> => {
    this.disturbances += 1;
    const { platform, client, workerEnvironment } = this.session;
    const buildId = 'next';
    const environment = { ...workerEnvironment, TIDELINE_BUILD_ID: buildId };
    await startWorker(platform, root, environment, 'orchestration', 'orchestration-next');
    await makeCurrent(client, buildId);
    this.#recoveries.push(this.#restart('data-plane', 'SIGTERM'));
  };

  /** Answers that a service gives in trouble, in the place of its own. */
  answers(status: number, type: string): Disturbance {
    return async () => {
      this.disturbances += 1;
      const body = Buffer.from(JSON.stringify({ __type: type, message: 'as ordered by the test' }));
      const headers = {
        'content-type': 'application/json',
        'x-amzn-errortype': type,
        'content-length': String(body.length),
      };
      return { status, headers, body };
    };
  }

  /** The service does its work, and half of its answer arrives. */
  readonly truncated: Disturbance = async (forward) => {
    this.disturbances += 1;
    const answer = await forward();
    return { ...answer, cutAfter: Math.floor(answer.body.length / 2) } satisfies Answer;
  };

  /** The service does its work, and its answer takes longer than anybody waits. */
  readonly silent: Disturbance = async (forward) => {
    this.disturbances += 1;
    await forward();
    await delay(60_000);
    return null;
  };

  /** How many job runs of this name there have been. */
  async jobRuns(name: string): Promise<number> {
    const client = new EMRServerlessClient();
    const { EMR_APPLICATION_ID, EMR_BACKFILL_APPLICATION_ID } = this.session.platform.environment;
    let count = 0;
    for (const applicationId of [EMR_APPLICATION_ID, EMR_BACKFILL_APPLICATION_ID])
      for await (const { jobRuns } of paginateListJobRuns({ client }, { applicationId }))
        count += (jobRuns ?? []).filter((run) => run.name === name).length;
    return count;
  }

  /** How many commits a product's table has whose builds cover the interval. */
  async commits(product: string, interval: string): Promise<number> {
    const commits = await readCommits(this.session.platform.s3, buckets.lake, product);
    return commits.filter(({ build }) => build?.intervals.some((rows) => rows.interval === interval)).length;
  }
}

async function gone(pid: number | undefined): Promise<void> {
  while (pid !== undefined && signal(pid, 0)) await delay(10);
}

async function javaUnder(ancestor: number): Promise<number[]> {
  const family = new Set(await descendants(ancestor));
  const rows = execFileSync('ps', ['-e', '-o', 'pid=,comm='], { encoding: 'utf8' }).trim().split('\n');
  return rows
    .map((row) => row.trim().split(/\s+/))
    .flatMap(([pid, command]) => (command === 'java' && family.has(Number(pid)) ? [Number(pid)] : []));
}
