import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import { wholeTable } from '../../model/messages/builds.ts';
import type { Measurement, MetricName } from '../../model/metrics.ts';
import { laneQueue } from '../../model/queues.ts';
import type { BuildFailure, Claimant, Loaded, PublishedBuild } from '../ledger/records.ts';
import { leastLines } from '../planning/line-counts.ts';
import type { Metrics } from './metrics.ts';

/** An activity that has ended well. */
interface Call {
  readonly input: unknown;
  readonly isScheduled: boolean;
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

function figuresOfBuild(
  { product, intervals, qualityScore, jobSeconds, costUsd }: PublishedBuild,
  isScheduled: boolean,
): Measurement[] {
  const layer = layerOf(product);
  // Every hour is built twice: what is as it was has been told.
  const changed = intervals.filter((rows) => rows.changed);
  const total = (count: 'rowsIn' | 'rowsPublished' | 'rowsQuarantined'): number =>
    changed.reduce((sum, rows) => sum + rows[count], 0);
  const told: [MetricName | undefined, number | null][] = [
    [processingTime[layer], jobSeconds],
    ['cost_usd', costUsd],
    ['quality_score', qualityScore],
  ];
  if (layer === 'bronze')
    told.push(
      ['raw_events_count', total('rowsIn')],
      ['bronze_events_count', total('rowsPublished')],
      ['quarantined_rows', total('rowsQuarantined')],
    );
  if (product === 'silver.trips') told.push(['silver_trips_count', total('rowsPublished')]);
  // A person who builds bad days of long ago knows of them.
  for (const { rowsIn, rowsQuarantined } of isScheduled ? changed : [])
    if (layer === 'silver') told.push([validity[layer], 100]);
    else if (rowsIn >= leastLines) told.push([validity[layer], (100 * (rowsIn - rowsQuarantined)) / rowsIn]);
  return told.flatMap(([name, value]) => (name === undefined || value === null ? [] : [{ name, value, product }]));
}

/** What is released without a failure has told by its build. What a person builds, that person sees. */
function figuresOfEnd(
  { product, intervals, failure }: Claimant & { readonly failure: Pick<BuildFailure, 'state'> | null },
  isScheduled: boolean,
): Measurement[] {
  if (failure === null || !isScheduled) return [];
  if (failure.state !== 'quarantined') return [{ name: 'builds_failed', value: 1, product }];
  const held = intervals.filter((interval) => interval !== wholeTable);
  const layer = layerOf(product);
  const name = validity[layer];
  const figures: Measurement[] = name === undefined ? [] : held.map(() => ({ name, value: 0, product }));
  // An hour of bronze tells by its validity alone.
  return layer === 'bronze' ? figures : [{ name: 'intervals_held_back', value: held.length, product }, ...figures];
}

/** By activity, what it tells. */
const figures: Readonly<Record<string, (call: Call) => Measurement[]>> = {
  recordPublished: ({ input, isScheduled }) => figuresOfBuild(input as PublishedBuild, isScheduled),
  releaseIntervals: ({ input, isScheduled }) => figuresOfEnd(input as Parameters<typeof figuresOfEnd>[0], isScheduled),
  recordLoaded({ input }) {
    const { product, rows } = input as Loaded & { readonly product: string };
    return [{ name: 'rows_loaded', value: rows, product }];
  },
  awaitInputs: ({ seconds }) => [{ name: 'inputs_wait_seconds', value: seconds }],
};

/**
 * An interceptor that publishes what activities tell of the platform. An activity whose end a worker could not report is run
 * again, and told again: figures are no ledger.
 */
export function measuring(
  metrics: Pick<Metrics, 'put'>,
  warn: (text: string) => void,
): (context: Context) => ActivityInterceptors {
  return ({ info: { activityType, taskQueue } }) => ({
    inbound: {
      async execute({ args, headers }, next) {
        const begun = Date.now();
        const result: unknown = await next({ args, headers });
        const call = {
          input: args[0],
          isScheduled: taskQueue === laneQueue('scheduled'),
          seconds: (Date.now() - begun) / 1000,
        };
        try {
          metrics.put(figures[activityType]?.(call) ?? []);
        } catch (error) {
          // What is done is done.
          warn(`The figures of ${activityType} are not published: ${String(error)}`);
        }
        return result;
      },
    },
  });
}
