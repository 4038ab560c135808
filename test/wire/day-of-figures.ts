import { type CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { applicationDimensions, type ApplicationIds } from '../../model/applications.ts';
import { type MetricName, metrics, namespaces } from '../../model/metrics.ts';
import { type ServiceMetric, streamMetric } from '../../model/stream.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** So long after the day's midnight it ends, whatever the clock says: its batch is always in it, and never the last of it. */
const hoursSinceMidnight = 22;
/** Of the day, in which everything stood still. */
const outageHour = 9;

interface Figure extends ServiceMetric {
  readonly at: number;
  readonly value: number;
}

const figure = (metric: MetricName, at: number, value: number): Figure => ({
  ...{ namespace: metrics[metric].namespace, metric, dimensions: {}, at, value },
});

/** Most trips begin in the evening, fewest before dawn. */
const linesOf = (hour: number): number => Math.round(72_000 + 46_000 * Math.sin(((hour - 12) / 24) * 2 * Math.PI));

/** What comes into the stream in a minute. */
const incoming = (at: number, hour: number): Figure[] => [
  { ...streamMetric('IncomingRecords'), at, value: Math.round(linesOf(hour) / 58) },
  { ...streamMetric('IncomingBytes'), at, value: linesOf(hour) * 90 },
];

/** What the build of an hour tells; of the newest a tenth is broken. */
function hourlyBuild(at: number, hour: number, isNewest: boolean): Figure[] {
  const lines = linesOf(hour);
  const quarantined = Math.round(lines * (isNewest ? 0.092 : 0.004));
  return [
    figure('raw_events_count', at, lines),
    figure('quarantined_rows', at, quarantined),
    figure('bronze_events_count', at, lines - quarantined),
    figure('bronze_validation_success_rate', at, 100 * (1 - quarantined / lines)),
    figure('bronze_processing_time_seconds', at, 160 + lines / 1_500),
  ];
}

/** What a merge of live trips tells; after the outage the stream catches up, and rows of dates that are settled come too. */
const merge = (at: number, hour: number): Figure[] => [
  figure('streaming_processing_latency_minutes', at, hour === outageHour + 1 ? 12 : 2 + (hour % 5) / 4),
  figure('stream_rows_merged', at, Math.round(linesOf(hour) / 36)),
  figure('late_stream_rows', at, hour === outageHour + 1 ? 900 : 0),
];

/** What a supervision tells; after the outage its application catches up. */
const supervision = (at: number, hour: number): Figure[] => [
  figure('streams_down', at, 0),
  figure('stream_updates_refused', at, 0),
  figure('stream_checkpoints_failed', at, 0),
  figure('stream_lag_minutes', at, hour === outageHour + 1 ? 3.4 : 0.1 + (hour % 4) / 20),
];

const batchMinutes = 100;

const dailyBatch = (midnight: number): Figure[] => [
  figure('silver_validation_success_rate', midnight + 44 * minuteMs, 100),
  figure('silver_processing_time_seconds', midnight + 44 * minuteMs, 890),
  figure('silver_trips_count', midnight + 44 * minuteMs, 186_400),
  figure('gold_processing_time_seconds', midnight + 80 * minuteMs, 620),
  figure('rows_loaded', midnight + batchMinutes * minuteMs, 241_900),
];

/** What the watch tells: the newest date in gold is yesterday's once the batch has ended, before that the one before. */
const watch = (at: number, midnight: number): Figure[] => [
  figure('intervals_expected', at, 83),
  figure(
    'batch_processing_latency_hours',
    at,
    (at - midnight) / hourMs + (at < midnight + batchMinutes * minuteMs ? 24 : 0),
  ),
];

function workers(ids: ApplicationIds, at: number, hour: number): Figure[] {
  const minute = Math.floor((at % hourMs) / minuteMs);
  const batch = hour === 0 || hour === 1 ? 12 : 0;
  const hourly = minute >= 20 && minute < 25 ? 4 : 0;
  const values = { scheduled: batch + hourly, backfill: hour >= 14 && hour < 17 ? 8 : 0 };
  return (['scheduled', 'backfill'] as const).map((application) => ({
    ...{ namespace: 'AWS/EMRServerless', metric: 'RunningWorkerCount', at, value: values[application] },
    dimensions: applicationDimensions(application, ids),
  }));
}

/** A plausible day before `end`: hourly bronze, a daily batch, a backfill, an hour's outage, and a bad hour at the last. */
function dayOfFigures(ids: ApplicationIds, end: number): Figure[] {
  const midnight = Math.floor(end / hourMs) * hourMs - hoursSinceMidnight * hourMs;
  const hourOf = (at: number): number => (Math.floor((at - midnight) / hourMs) + 24) % 24;
  const timesEvery = (ms: number): number[] =>
    Array.from({ length: (24 * hourMs) / ms }, (_, index) => end - 24 * hourMs + (index + 0.5) * ms).filter(
      (at) => hourOf(at) !== outageHour,
    );
  return [
    ...timesEvery(hourMs).flatMap((at, index, { length }) => hourlyBuild(at, hourOf(at), index === length - 1)),
    ...dailyBatch(midnight),
    ...timesEvery(hourMs / 2).flatMap((at) => watch(at, midnight)),
    ...timesEvery(10 * minuteMs).flatMap((at) => merge(at, hourOf(at))),
    ...timesEvery(minuteMs).flatMap((at) => [
      ...incoming(at, hourOf(at)),
      ...workers(ids, at, hourOf(at)),
      figure('task_queue_workers', at, 2),
      ...supervision(at, hourOf(at)),
    ]),
  ];
}

/** Puts the day before `end` into CloudWatch. */
export async function publishDay(client: CloudWatchClient, ids: ApplicationIds, end: number): Promise<void> {
  const figures = dayOfFigures(ids, end);
  for (const Namespace of [...namespaces, 'AWS/EMRServerless', 'AWS/Kinesis']) {
    const MetricData = figures
      .filter(({ namespace }) => namespace === Namespace)
      .map(({ metric, at, value, dimensions }) => ({
        MetricName: metric,
        Timestamp: new Date(at),
        Value: value,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      }));
    for (let from = 0; from < MetricData.length; from += 1_000)
      await client.send(new PutMetricDataCommand({ Namespace, MetricData: MetricData.slice(from, from + 1_000) }));
  }
}
