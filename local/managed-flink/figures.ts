import {
  type CloudWatchClient,
  type Dimension,
  type MetricDatum,
  PutMetricDataCommand,
  type StandardUnit,
} from '@aws-sdk/client-cloudwatch';
import type { Cluster } from './cluster.ts';
import type { Aggregated, JobManager } from './job-manager.ts';
import type { Jobs } from './jobs.ts';
import type { ApplicationRecord } from './records.ts';

// Names, units and dimensions: https://docs.aws.amazon.com/managed-flink/latest/java/metrics-dimensions.html and, of what an
// application counts itself, monitoring-metrics-custom.html beside it.
const jobFigures: Readonly<Record<string, StandardUnit>> = {
  downtime: 'Milliseconds',
  uptime: 'Milliseconds',
  fullRestarts: 'Count',
  lastCheckpointDuration: 'Milliseconds',
  lastCheckpointSize: 'Bytes',
  numberOfFailedCheckpoints: 'Count',
};
const taskFigures: Readonly<Record<string, StandardUnit>> = {
  numRecordsIn: 'Count',
  numRecordsInPerSecond: 'Count/Second',
  numRecordsOut: 'Count',
  numRecordsOutPerSecond: 'Count/Second',
};
const heapUsed = 'Status.JVM.Memory.Heap.Used';
const heapMax = 'Status.JVM.Memory.Heap.Max';
const cpuLoad = 'Status.JVM.CPU.Load';

type Figure = readonly [name: string, value: number, unit: StandardUnit, dimensions?: readonly Dimension[]];

/** The lag of each stream that a vertex reads: that of its shard that is furthest behind. */
export const lags = (metrics: readonly Aggregated[]): Figure[] => {
  const streams = new Map<string, number>();
  for (const { id, max } of metrics) {
    const stream = /\.stream\.(.+?)\.shardId\..*\.millisBehindLatest$/.exec(id)?.[1];
    // The connector says -1 until it has read.
    if (stream !== undefined && max !== undefined && max >= 0)
      streams.set(stream, Math.max(max, streams.get(stream) ?? 0));
  }
  return [...streams].map(([stream, lag]) => [
    'millisBehindLatest',
    lag,
    'Milliseconds',
    [
      { Name: 'Id', Value: stream.replaceAll('-', '_') },
      { Name: 'Flow', Value: 'Input' },
    ],
  ]);
};

/** What an application counts itself, in the group that the service passes on; whatever operators have it, they have it together. */
export const counters = (metrics: readonly Aggregated[]): Figure[] => {
  const sums = new Map<string, number>();
  for (const { id, sum = 0 } of metrics) {
    const name = /\.kinesisanalytics\.(?:.+\.)?(\w+)$/i.exec(id)?.[1];
    if (name !== undefined) sums.set(name, sum + (sums.get(name) ?? 0));
  }
  return [...sums].map(([name, value]) => [name, value, 'Count']);
};

const ofJob = async (jobManager: JobManager): Promise<Figure[]> => {
  const values = await jobManager.jobMetrics(Object.keys(jobFigures));
  return Object.entries(jobFigures).flatMap(([name, unit]) => {
    const value = values.get(name);
    // Flink says -1 where there is nothing yet, such as a first checkpoint.
    return value === undefined || value < 0 ? [] : [[name, value, unit] as const];
  });
};

const ofTasks = async (jobManager: JobManager, vertices: readonly string[]): Promise<Figure[]> => {
  const found = await Promise.all(
    vertices.map(async (vertex) => {
      const names = await jobManager.taskMetricNames(vertex);
      const ofOperators = names.filter((name) => /\.millisBehindLatest$|\.kinesisanalytics\./i.test(name));
      return jobManager.taskMetrics(vertex, [...Object.keys(taskFigures), ...ofOperators]);
    }),
  );
  const all = found.flat();
  const sums = Object.entries(taskFigures).map(([name, unit]): Figure => {
    const values = all.filter(({ id }) => id === name).map(({ sum = 0 }) => sum);
    return [name, values.reduce((total, value) => total + value, 0), unit];
  });
  return [...sums, ...lags(all), ...counters(all)];
};

const ofTaskManagers = async (jobManager: JobManager): Promise<Figure[]> => {
  const metrics = await jobManager.taskManagerMetrics([heapUsed, heapMax, cpuLoad]);
  const value = (name: string): number | undefined => metrics.find(({ id }) => id === name)?.max;
  const [used, most, load] = [value(heapUsed), value(heapMax), value(cpuLoad)];
  return [
    ...(used !== undefined && most ? [['heapMemoryUtilization', (100 * used) / most, 'Percent'] as const] : []),
    ...(load === undefined ? [] : [['cpuUtilization', 100 * load, 'Percent'] as const]),
  ];
};

/** What a cluster's KPUs are on the service, with the one that orchestrates. */
const kpus = ({ configuration: { parallelism } }: Cluster): Figure => [
  'KPUs',
  Math.ceil(parallelism.Parallelism / parallelism.ParallelismPerKPU) + 1,
  'Count',
];

const figuresOf = async (cluster: Cluster): Promise<Figure[]> => {
  const { jobManager } = cluster;
  const job = await jobManager?.job();
  if (jobManager === undefined || job === undefined) return [kpus(cluster)];
  const vertices = job.vertices.map(({ id }) => id);
  const parts = await Promise.all([ofJob(jobManager), ofTasks(jobManager, vertices), ofTaskManagers(jobManager)]);
  return [kpus(cluster), ...parts.flat()];
};

/** Tells CloudWatch what each running application's JobManager says. What CloudWatch does not take is lost: no job depends on it. */
export class Figures {
  readonly #cloudWatch: CloudWatchClient;
  readonly #jobs: Jobs;
  readonly #timer: NodeJS.Timeout;
  #publishing: Promise<void> | undefined;

  constructor(cloudWatch: CloudWatchClient, jobs: Jobs, everyMs: number, report: (error: unknown) => void) {
    this.#cloudWatch = cloudWatch;
    this.#jobs = jobs;
    this.#timer = setInterval(() => {
      // A JobManager that is slow to answer is not asked again meanwhile.
      this.#publishing ??= this.#publish()
        .catch(report)
        .finally(() => (this.#publishing = undefined));
    }, everyMs);
  }

  async #publish(): Promise<void> {
    const running = this.#jobs.running().filter(({ application: { status } }) => status === 'RUNNING');
    await Promise.all(running.map(({ application, cluster }) => this.#publishOne(application, cluster)));
  }

  async #publishOne({ name }: ApplicationRecord, cluster: Cluster): Promise<void> {
    const Timestamp = new Date();
    const MetricData = (await figuresOf(cluster)).map(([MetricName, Value, Unit, dimensions = []]): MetricDatum => ({
      MetricName,
      Value,
      Unit,
      Timestamp,
      Dimensions: [{ Name: 'Application', Value: name }, ...dimensions],
    }));
    await this.#cloudWatch.send(new PutMetricDataCommand({ Namespace: 'AWS/KinesisAnalytics', MetricData }));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#publishing;
    this.#cloudWatch.destroy();
  }
}
