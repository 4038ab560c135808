import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import { wholeTable } from '../../model/messages/builds.ts';
import type { FreshnessFinding, FreshnessReport } from '../../model/messages/freshness.ts';
import type { Measurement, MetricName } from '../../model/metrics.ts';
import { laneQueue } from '../../model/queues.ts';
import type { BuildFailure, Claimant, Loaded, PublishedBuild } from '../ledger/records.ts';
import type { Metrics } from './metrics.ts';

/** An activity that has ended well. */
interface Call {
  readonly input: unknown;
  readonly result: unknown;
  readonly taskQueue: string;
  readonly seconds: number;
}

/** The figure of each layer, where it has one. */
const processingTime: Readonly<Record<string, MetricName>> = {
  bronze: 'bronze_processing_time_seconds',
  silver: 'silver_processing_time_seconds',
  gold: 'gold_processing_time_seconds',
};
const validity: Readonly<Record<string, MetricName>> = {
  bronze: 'bronze_validation_success_rate',
  silver: 'silver_validation_success_rate',
};

const layerOf = (product: string): string => product.split('.')[0] ?? '';

function figuresOfBuild({ product, intervals, qualityScore, jobSeconds, costUsd }: PublishedBuild): Measurement[] {
  const layer = layerOf(product);
  const sum = (count: (rows: (typeof intervals)[number]) => number): number =>
    intervals.reduce((total, rows) => total + count(rows), 0);
  const figure = (name: MetricName | undefined, value: number | null): Measurement[] =>
    name === undefined || value === null ? [] : [{ name, value, product }];
  const published = sum(({ rowsPublished }) => rowsPublished);
  const valid = intervals.flatMap(({ rowsIn, rowsQuarantined }) =>
    layer === 'silver' ? 100 : rowsIn === 0 ? [] : (100 * (rowsIn - rowsQuarantined)) / rowsIn,
  );
  return [
    ...(layer === 'bronze'
      ? figure(
          'raw_events_count',
          sum(({ rowsIn }) => rowsIn),
        )
      : []),
    ...(layer === 'bronze' ? figure('bronze_events_count', published) : []),
    ...(layer === 'bronze'
      ? figure(
          'quarantined_rows',
          sum(({ rowsQuarantined }) => rowsQuarantined),
        )
      : []),
    ...(product === 'silver.trips' ? figure('silver_trips_count', published) : []),
    ...valid.flatMap((share) => figure(validity[layer], share)),
    ...figure(processingTime[layer], jobSeconds),
    ...figure('cost_usd', costUsd),
    ...figure('quality_score', qualityScore),
  ];
}

/** What is released without a failure has told by its build. */
function figuresOfEnd(
  { product, intervals, failure }: Claimant & { readonly failure: Pick<BuildFailure, 'state'> | null },
  taskQueue: string,
): Measurement[] {
  if (failure === null) return [];
  if (failure.state !== 'quarantined')
    return taskQueue === laneQueue('scheduled') ? [{ name: 'builds_failed', value: 1, product }] : [];
  const held = intervals.filter((interval) => interval !== wholeTable);
  const name = validity[layerOf(product)];
  return [
    { name: 'intervals_held_back', value: held.length, product },
    ...held.flatMap((): Measurement[] => (name === undefined ? [] : [{ name, value: 0, product }])),
  ];
}

const figuresOfFindings = (findings: readonly FreshnessFinding[]): Measurement[] => [
  { name: 'findings_not_fresh', value: findings.filter(({ alarm }) => alarm === undefined).length },
];

function figuresOfWatch({ expected, findings, batchLatencyHours = null }: FreshnessReport): Measurement[] {
  // Every product of a schedule tells of it.
  const stopped = findings.filter(({ alarm }) => alarm === 'P1-ScheduleStopped').length;
  const latency: Measurement[] =
    batchLatencyHours === null ? [] : [{ name: 'batch_processing_latency_hours', value: batchLatencyHours }];
  return [
    { name: 'intervals_expected', value: expected },
    ...figuresOfFindings(findings),
    { name: 'schedules_stopped', value: stopped },
    ...latency,
  ];
}

/** By activity, what it tells. */
const figures: Readonly<Record<string, (call: Call) => Measurement[]>> = {
  recordPublished: ({ input }) => figuresOfBuild(input as PublishedBuild),
  releaseIntervals: ({ input, taskQueue }) => figuresOfEnd(input as Parameters<typeof figuresOfEnd>[0], taskQueue),
  recordLoaded({ input }) {
    const { product, rows } = input as Loaded & { readonly product: string };
    return [{ name: 'rows_loaded', value: rows, product }];
  },
  awaitInputs: ({ seconds }) => [{ name: 'inputs_wait_seconds', value: seconds }],
  recordUnrecorded: ({ result }) => figuresOfFindings(result as FreshnessFinding[]),
  findUnreadRaw: ({ result }) => figuresOfFindings(result as FreshnessFinding[]),
  checkFreshness: ({ result }) => figuresOfWatch(result as FreshnessReport),
};

/**
 * An interceptor that publishes what activities tell of the platform. An activity whose end a worker could not report is run
 * again, and told again: figures are no ledger.
 */
export function measuring(metrics: Pick<Metrics, 'put'>): (context: Context) => ActivityInterceptors {
  return ({ info }) => ({
    inbound: {
      async execute(input, next) {
        const begun = Date.now();
        const result = await next(input);
        const seconds = (Date.now() - begun) / 1000;
        const told = figures[info.activityType]?.({ input: input.args[0], result, taskQueue: info.taskQueue, seconds });
        metrics.put(told ?? []);
        return result;
      },
    },
  });
}
