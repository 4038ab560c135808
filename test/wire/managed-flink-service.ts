import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudWatchClient, type Dimension, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import {
  type ApplicationDetail,
  type ApplicationStatus,
  DescribeApplicationCommand,
  DescribeApplicationSnapshotCommand,
  KinesisAnalyticsV2Client,
  type SnapshotDetails,
} from '@aws-sdk/client-kinesis-analytics-v2';
import { SNSClient } from '@aws-sdk/client-sns';
import { startCloudWatch } from '../../local/cloudwatch/service.ts';
import { clusterFiles } from '../../local/managed-flink/flink-configuration.ts';
import { announcement } from '../../local/platform.ts';
import { Supervisor } from '../../local/supervisor.ts';
import type { AwsServer } from '../../local/wire/index.ts';
import { root } from '../tools.ts';
import { access } from './access.ts';
import type { LocalS3 } from './local-s3.ts';

const POLL_MS = 50;

/** Jars of the same job tell themselves apart by a label; one may keep a field more of each digit. */
export const buildJob = (label: string, field = ''): Buffer => {
  const folder = mkdtempSync(join(tmpdir(), 'flink-job-'));
  const [classes, jar] = [join(folder, 'classes'), join(folder, 'job.jar')];
  const libraries = join(root, '.tideline', 'tools', 'flink', 'lib', '*');
  const source = join(folder, 'CountingJob.java');
  const code = readFileSync(join(root, 'test', 'wire', 'flink-job', 'CountingJob.java'), 'utf8');
  writeFileSync(
    source,
    code.replace('public long count;', (count) => `${count} ${field}`),
  );
  execFileSync('javac', ['--release', '11', '-cp', libraries, '-d', classes, source], { stdio: 'pipe' });
  writeFileSync(join(classes, 'label'), label);
  execFileSync('jar', ['--create', '--file', jar, '--main-class', 'CountingJob', '-C', classes, '.']);
  const bytes = readFileSync(jar);
  rmSync(folder, { recursive: true });
  return bytes;
};

/** A part of what Flink's REST API tells of one. */
export interface Checkpoint {
  readonly id: number;
  readonly status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  readonly num_subtasks: number;
  readonly num_acknowledged_subtasks: number;
}

/** The service as a process of its own, so that it can be killed, and a CloudWatch for its figures. */
export class ManagedFlink {
  readonly folder = mkdtempSync(join(tmpdir(), 'managed-flink-'));
  readonly #supervisor = new Supervisor(this.folder);
  client = new KinesisAnalyticsV2Client(access);
  figures = new CloudWatchClient(access);
  /** Where both are reached, as a process of its own is told. */
  endpoints = { MANAGED_FLINK_URL: '', CLOUDWATCH_URL: '' };
  #cloudWatch: AwsServer | undefined;

  /** Beside an S3, in which it keeps what it keeps. */
  async start({ url }: Pick<LocalS3, 'url'>): Promise<void> {
    this.#cloudWatch = await startCloudWatch({
      sns: new SNSClient({ ...access, endpoint: url }),
      evaluateEveryMs: 60_000,
      onDefect: (error) => {
        throw error;
      },
    });
    this.figures = new CloudWatchClient({ ...access, endpoint: this.#cloudWatch.url });
    const { readyOutput } = await this.#supervisor.start({
      name: 'managed-flink',
      command: process.execPath,
      args: [join(root, 'local', 'managed-flink', 'main.ts')],
      env: {
        AWS_ENDPOINT_URL: url,
        AWS_ENDPOINT_URL_CLOUDWATCH: this.#cloudWatch.url,
        MANAGED_FLINK_FIGURES_EVERY_MS: '1000',
        MANAGED_FLINK_STATE_DIR: join(this.folder, 'state'),
        MANAGED_FLINK_LOG_DIR: join(this.folder, 'logs'),
      },
      isReady: (stdout) => announcement(stdout) !== undefined,
      readyTimeoutMs: 60_000,
    });
    this.#connect(readyOutput);
  }

  /** Ends the service with a signal and starts it again. */
  async restart(signal: NodeJS.Signals): Promise<void> {
    this.#connect((await this.#supervisor.restart('managed-flink', signal)).readyOutput);
  }

  #connect(readyOutput: string): void {
    this.client.destroy();
    const endpoint = String(announcement(readyOutput)?.listening);
    this.client = new KinesisAnalyticsV2Client({ ...access, endpoint, maxAttempts: 1 });
    this.endpoints = { MANAGED_FLINK_URL: endpoint, CLOUDWATCH_URL: this.#cloudWatch?.url ?? '' };
  }

  /** The process id of Flink's JobManager or TaskManager of an application. */
  pid(application: string, role: 'jobmanager' | 'taskmanager'): number {
    return this.pids().get(`flink-${application}-${role}`) ?? 0;
  }

  pids(): ReadonlyMap<string, number> {
    const file = join(this.folder, 'state', 'pids.json');
    const { pids } = JSON.parse(readFileSync(file, 'utf8')) as { pids: { name: string; pid: number }[] };
    return new Map(pids.map(({ name, pid }) => [name, pid]));
  }

  /** What the JobManager of an application says of its checkpoints, the newest first. */
  async checkpoints(application: string): Promise<readonly Checkpoint[]> {
    const { configuration } = clusterFiles(join(this.folder, 'state', 'clusters', application));
    const port = /^rest\.port: (\d+)$/m.exec(readFileSync(configuration, 'utf8'))?.[1];
    const get = async (path: string): Promise<unknown> =>
      (await fetch(`http://127.0.0.1:${port}/jobs${path}`, { signal: AbortSignal.timeout(10_000) })).json();
    const { jobs } = (await get('')) as { jobs: readonly { id: string }[] };
    return ((await get(`/${jobs[0]?.id}/checkpoints`)) as { history: readonly Checkpoint[] }).history;
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.#supervisor.stop();
    this.figures.destroy();
    await this.#cloudWatch?.close();
    rmSync(this.folder, { recursive: true });
  }

  async describe(ApplicationName: string): Promise<ApplicationDetail> {
    const { ApplicationDetail: detail } = await this.client.send(new DescribeApplicationCommand({ ApplicationName }));
    return detail!;
  }

  /** Polls until the application is in this status; gives the statuses on the way. */
  async untilStatus(ApplicationName: string, wanted: ApplicationStatus): Promise<ApplicationStatus[]> {
    const seen: ApplicationStatus[] = [];
    for (;;) {
      const { ApplicationStatus: status } = await this.describe(ApplicationName);
      if (seen.at(-1) !== status) seen.push(status!);
      if (status === wanted) return seen;
      await delay(POLL_MS);
    }
  }

  async untilSnapshot(ApplicationName: string, SnapshotName: string): Promise<SnapshotDetails> {
    for (;;) {
      const command = new DescribeApplicationSnapshotCommand({ ApplicationName, SnapshotName });
      const { SnapshotDetails: details } = await this.client.send(command);
      if (details?.SnapshotStatus !== 'CREATING') return details!;
      await delay(POLL_MS);
    }
  }
}

export interface Counted {
  readonly label: string;
  readonly number: number;
  readonly digit: number;
  readonly count: number;
}

/** Where a job counts, and what it has written there for good. */
export class CountedFiles {
  readonly folder = mkdtempSync(join(tmpdir(), 'counted-'));

  read(): Counted[] {
    mkdirSync(this.folder, { recursive: true });
    const files = readdirSync(this.folder, { recursive: true, withFileTypes: true });
    return files
      .filter((file) => file.isFile() && file.name.startsWith('part-'))
      .flatMap((file) => readFileSync(join(file.parentPath, file.name), 'utf8').trimEnd().split('\n'))
      .map((line) => line.split(','))
      .map(([label = '', number, digit, count]) => ({
        label,
        number: Number(number),
        digit: Number(digit),
        count: Number(count),
      }))
      .toSorted((a, b) => a.number - b.number);
  }

  /** Waits until so many more numbers are counted than now. */
  async more(numbers: number): Promise<Counted[]> {
    const before = this.read().length;
    for (;;) {
      const counted = this.read();
      if (counted.length >= before + numbers) return counted;
      await delay(POLL_MS);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** What a run that lost and doubled nothing has written of each number: once, and its place among those of its digit. */
export const exactlyOnce = (counted: readonly Counted[]): Omit<Counted, 'label'>[] =>
  counted.map((_, number) => ({ number, digit: number % 10, count: Math.floor(number / 10) + 1 }));

/** The most that CloudWatch has been told of a metric of an application, in the last minute or since then (ms since 1970). */
export const highestFigure = async (
  client: CloudWatchClient,
  application: string,
  MetricName: string,
  since = Date.now() - 60_000,
  dimensions: readonly Dimension[] = [],
): Promise<number> => {
  const command = new GetMetricStatisticsCommand({
    Namespace: 'AWS/KinesisAnalytics',
    MetricName,
    Dimensions: [{ Name: 'Application', Value: application }, ...dimensions],
    StartTime: new Date(since),
    EndTime: new Date(),
    Period: 1,
    Statistics: ['Maximum'],
  });
  const { Datapoints = [] } = await client.send(command);
  return Math.max(...Datapoints.map(({ Maximum = 0 }) => Maximum));
};
