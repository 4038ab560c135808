import { type Alarm, alarms } from './alarms.ts';
import { applicationDimensions, type ApplicationIds } from './applications.ts';
import { type MetricName, metrics } from './metrics.ts';
import { type ServiceMetric, streamMetric } from './stream.ts';

/** A metric of CloudWatch, drawn as a line. */
export interface Series extends ServiceMetric {
  readonly label: string;
  readonly statistic: Alarm['statistic'];
  readonly axis: 'left' | 'right';
}

interface Axis {
  readonly label: string;
  readonly min?: number;
  readonly max?: number;
}

/** A line across a chart, of the left axis. */
export interface Threshold {
  readonly label: string;
  readonly value: number;
  /** On which side an alarm rings; none does for a line that is only to be seen. */
  readonly rings?: 'above' | 'below';
}

export interface Chart {
  readonly title: string;
  readonly periodSeconds: number;
  readonly axes: { readonly left: Axis; readonly right?: Axis };
  readonly series: readonly Series[];
  readonly thresholds: readonly Threshold[];
}

export const dashboardName = 'RideHailingDataPipeline';

const minute = 60;
const hour = 3_600;

/** A figure of ours, of all products together. */
const figure = (
  metric: MetricName,
  statistic: Series['statistic'],
  label: string,
  axis: Series['axis'] = 'left',
): Series => ({ label, namespace: metrics[metric].namespace, metric, dimensions: {}, statistic, axis });

const thresholdOf = ({ name, threshold, comparison }: Alarm): Threshold => ({
  label: name,
  value: threshold,
  rings: comparison === 'LessThanThreshold' ? 'below' : 'above',
});

/** Where the alarms about a metric ring. */
const thresholdsOf = (metric: MetricName): Threshold[] =>
  alarms.filter((alarm) => alarm.metric === metric).map(thresholdOf);

/**
 * EMR Serverless tells bytes that were read by job only, which no dashboard can name beforehand; of an application it tells
 * workers: https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/app-job-metrics.html
 */
const workers = (application: keyof ApplicationIds, ids: ApplicationIds): Series => ({
  label: `workers, ${application}`,
  namespace: 'AWS/EMRServerless',
  metric: 'RunningWorkerCount',
  dimensions: applicationDimensions(application, ids),
  // Of each minute, as AWS's own dashboard has it: a minute may have a figure for each kind of worker.
  statistic: 'Sum',
  axis: 'left',
});

/** The dashboard's rows, from the stream to what readers have. */
export const dashboardCharts = (applications: ApplicationIds): readonly Chart[] => [
  {
    title: 'Ingestion',
    periodSeconds: hour,
    axes: { left: { label: 'lines an hour', min: 0 }, right: { label: 'quarantined an hour', min: 0 } },
    series: [
      { ...streamMetric('IncomingRecords'), label: 'records into the stream', statistic: 'Sum', axis: 'left' },
      figure('raw_events_count', 'Sum', 'raw lines read'),
      figure('quarantined_rows', 'Sum', 'lines quarantined', 'right'),
    ],
    thresholds: [],
  },
  {
    title: 'Batch processing on EMR Serverless',
    periodSeconds: minute,
    axes: { left: { label: 'workers', min: 0 }, right: { label: 'seconds a build', min: 0 } },
    series: [
      workers('scheduled', applications),
      workers('backfill', applications),
      figure('bronze_processing_time_seconds', 'Maximum', 'bronze build', 'right'),
      figure('silver_processing_time_seconds', 'Maximum', 'silver build', 'right'),
      figure('gold_processing_time_seconds', 'Maximum', 'gold build', 'right'),
    ],
    thresholds: [],
  },
  {
    title: 'Data quality, the worst of each hour',
    periodSeconds: hour,
    axes: { left: { label: '% valid', min: 0, max: 100 } },
    series: [
      figure('bronze_validation_success_rate', 'Minimum', 'bronze'),
      figure('silver_validation_success_rate', 'Minimum', 'silver'),
    ],
    thresholds: thresholdsOf('bronze_validation_success_rate'),
  },
  {
    title: 'Live rows',
    periodSeconds: 10 * minute,
    axes: { left: { label: 'minutes', min: 0 }, right: { label: 'rows', min: 0 } },
    series: [
      figure('streaming_processing_latency_minutes', 'Maximum', 'age of the newest row'),
      figure('stream_rows_merged', 'Sum', 'merged', 'right'),
      figure('late_stream_rows', 'Sum', 'of closed dates', 'right'),
    ],
    thresholds: thresholdsOf('streaming_processing_latency_minutes'),
  },
  {
    title: 'Applications of the stream',
    periodSeconds: 5 * minute,
    axes: { left: { label: 'minutes', min: 0 }, right: { label: 'applications, checkpoints', min: 0 } },
    series: [
      figure('stream_lag_minutes', 'Maximum', 'behind the stream'),
      figure('streams_down', 'Maximum', 'down', 'right'),
      figure('stream_checkpoints_failed', 'Maximum', 'checkpoints failed in ten minutes', 'right'),
    ],
    thresholds: thresholdsOf('stream_lag_minutes'),
  },
  {
    title: 'Batch latency',
    periodSeconds: hour,
    axes: { left: { label: 'hours', min: 0 } },
    series: [figure('batch_processing_latency_hours', 'Maximum', 'hours since the end of the newest date in gold')],
    thresholds: [{ label: 'Batch SLA', value: 24 }, ...thresholdsOf('batch_processing_latency_hours')],
  },
  {
    title: 'Records from raw to the warehouse',
    periodSeconds: hour,
    axes: { left: { label: 'records an hour', min: 0 } },
    series: [
      figure('raw_events_count', 'Sum', 'raw lines'),
      figure('bronze_events_count', 'Sum', 'bronze events'),
      figure('silver_trips_count', 'Sum', 'silver trips'),
      figure('rows_loaded', 'Sum', 'rows loaded'),
    ],
    thresholds: [],
  },
];
