import { type MetricName, metrics } from './metrics.ts';
import { eventStream, type ServiceMetric, streamMetric } from './stream.ts';

/** A condition of which a person is told. */
export interface Alarm {
  /** P0 wakes somebody, P1 tells the team, P2 is read by day. Its runbook bears the same name. */
  readonly name: `P${0 | 1 | 2}-${string}`;
  /** What is wrong, and for whom, in a sentence. */
  readonly meaning: string;
  /** One of ours, of all products together, or one of a service. */
  readonly metric: MetricName | ServiceMetric;
  readonly statistic: 'Sum' | 'Average' | 'Minimum' | 'Maximum';
  readonly comparison: 'GreaterThanThreshold' | 'GreaterThanOrEqualToThreshold' | 'LessThanThreshold';
  readonly threshold: number;
  readonly periodSeconds: number;
  /** So many periods in a row. */
  readonly periods: number;
  /** What a period without a figure says. */
  readonly missing: 'breaching' | 'notBreaching';
  /** A visibility query for the runs that it is about. */
  readonly runs?: string;
  /** The stack's parameter that sets another threshold. */
  readonly thresholdParameter?: string;
  /** It is about something that has happened, and is never over: nobody is told so. */
  readonly isEvent?: true;
  /** People are told of each of its findings, by the watch: the alarm itself is only to be seen. */
  readonly toldByWatch?: true;
}

const minute = 60;
const hour = 3_600;
/** The watch tells its figures every half an hour, bronze some at every hourly run. */
const hourly = { periodSeconds: hour, periods: 1, missing: 'notBreaching' } as const;
/** The watch has found at least one. In so long it has looked once at least: what is over is soon told to be. */
const some = {
  statistic: 'Maximum',
  comparison: 'GreaterThanThreshold',
  threshold: 0,
  periodSeconds: 40 * minute,
  periods: 1,
  missing: 'notBreaching',
  toldByWatch: true,
} as const;

const supervisions = 'WorkflowType = "superviseStream"';

export const alarms: readonly Alarm[] = [
  {
    name: 'P0-BuildFailed',
    meaning: 'A build that the schedules asked for has failed for good: its intervals stay as they were',
    metric: 'builds_failed',
    statistic: 'Sum',
    comparison: 'GreaterThanOrEqualToThreshold',
    threshold: 1,
    periodSeconds: 5 * minute,
    periods: 1,
    // Builds fail one at a time, and most minutes have none.
    missing: 'notBreaching',
    runs: 'BuildState = "failed"',
    isEvent: true,
  },
  {
    name: 'P0-KinesisIngestionStopped',
    meaning: 'Hardly an event comes into the stream: apps do not reach it, or do not send',
    metric: streamMetric('IncomingRecords'),
    statistic: 'Sum',
    comparison: 'LessThanThreshold',
    threshold: 1_000,
    thresholdParameter: 'MinimumEventsInFiveMinutes',
    periodSeconds: 5 * minute,
    periods: 2,
    // Kinesis says nothing of minutes in which nothing came.
    missing: 'breaching',
  },
  {
    name: 'P0-WorkersGone',
    meaning: 'A task queue has no worker: nothing that waits there goes on',
    metric: 'task_queue_workers',
    // Several workers count, each by its own clock.
    statistic: 'Maximum',
    comparison: 'LessThanThreshold',
    threshold: 1,
    periodSeconds: minute,
    // A deploy takes a few.
    periods: 5,
    // Workers count themselves: when all are gone, nobody does.
    missing: 'breaching',
  },
  {
    name: 'P1-DataQualityDegraded',
    meaning: 'Less than 95 % of what came in within an hour is valid, or an hour is held back',
    metric: 'bronze_validation_success_rate',
    // One hour is enough, whatever else was built beside it.
    statistic: 'Minimum',
    comparison: 'LessThanThreshold',
    threshold: 95,
    ...hourly,
    runs: 'WorkflowType = "hourlyBronze"',
  },
  {
    name: 'P1-DatesHeldBack',
    meaning: 'The audit has held dates of silver or gold back: readers see them as they were before',
    metric: 'intervals_held_back',
    statistic: 'Sum',
    comparison: 'GreaterThanOrEqualToThreshold',
    threshold: 1,
    ...hourly,
    runs: 'BuildState = "failed"',
    isEvent: true,
  },
  {
    name: 'P1-DataNotFresh',
    meaning: 'What should be published by now is not, or what is published is not what it should be',
    metric: 'findings_not_fresh',
    ...some,
  },
  {
    name: 'P1-ScheduleStopped',
    meaning: 'A schedule is paused or missing: nothing new is built',
    metric: 'schedules_stopped',
    ...some,
  },
  {
    name: 'P1-RestatementWaits',
    meaning: 'So many dates have changed that their restatement waits for approval: what reads them is stale meanwhile',
    metric: 'restatements_waiting',
    ...some,
  },
  {
    name: 'P1-ClaimHeld',
    meaning: 'A build has held intervals for more than a day: nobody else can build them',
    metric: 'claims_held',
    ...some,
  },
  {
    name: 'P1-WatchSilent',
    meaning: 'Nobody has looked for two hours whether data is fresh: the watch does not run, or cannot look or tell',
    metric: 'intervals_expected',
    statistic: 'Maximum',
    comparison: 'LessThanThreshold',
    // No count is less: a figure that is there is enough.
    threshold: 0,
    periodSeconds: hour,
    periods: 2,
    missing: 'breaching',
    runs: 'WorkflowType = "watchFreshness"',
  },
  {
    name: 'P1-StreamingLatencyHigh',
    meaning: 'The newest trip that readers have of the stream was made more than 15 minutes ago',
    metric: 'streaming_processing_latency_minutes',
    statistic: 'Maximum',
    comparison: 'GreaterThanThreshold',
    threshold: 15,
    // Merges run every ten minutes.
    periodSeconds: 20 * minute,
    periods: 1,
    // Where no merge ends, the watch tells; where nothing has come for days, there is no stream.
    missing: 'notBreaching',
    runs: 'WorkflowType = "mergeRealtime"',
  },
  {
    name: 'P1-StreamDown',
    meaning: 'An application of the stream does not run, or nobody watches over it: its tables get no new rows',
    metric: 'streams_down',
    statistic: 'Maximum',
    comparison: 'GreaterThanThreshold',
    threshold: 0,
    // An update takes some minutes, in which nobody tells.
    periodSeconds: 5 * minute,
    periods: 3,
    missing: 'breaching',
    runs: supervisions,
  },
  {
    name: 'P1-StreamLagging',
    meaning: 'An application of the stream is more than five minutes behind it: what it writes comes late',
    metric: 'stream_lag_minutes',
    statistic: 'Maximum',
    comparison: 'GreaterThanThreshold',
    threshold: 5,
    periodSeconds: 5 * minute,
    periods: 3,
    // One that does not run tells nothing, and rings elsewhere.
    missing: 'notBreaching',
    runs: supervisions,
  },
  {
    name: 'P1-StreamCheckpointsFailing',
    meaning:
      'An application of the stream cannot keep its state: rows come late, and after a restart much is read anew',
    metric: 'stream_checkpoints_failed',
    statistic: 'Maximum',
    comparison: 'GreaterThanOrEqualToThreshold',
    threshold: 3,
    periodSeconds: 5 * minute,
    periods: 1,
    missing: 'notBreaching',
    runs: supervisions,
  },
  {
    name: 'P1-StreamUpdateRefused',
    meaning: 'What was deployed of an application of the stream did not run well: the version before runs',
    metric: 'stream_updates_refused',
    statistic: 'Maximum',
    comparison: 'GreaterThanThreshold',
    threshold: 0,
    periodSeconds: 5 * minute,
    periods: 1,
    missing: 'notBreaching',
    runs: supervisions,
  },
  {
    name: 'P1-StreamBatchDivergence',
    meaning: 'More than 1 % of a date’s trips were others in the stream than in the batch that has taken its place',
    metric: 'stream_batch_divergence_pct',
    statistic: 'Maximum',
    comparison: 'GreaterThanThreshold',
    threshold: 1,
    ...hourly,
    runs: 'WorkflowType = "reconcile"',
    isEvent: true,
  },
  {
    name: 'P1-KinesisNearItsLimit',
    meaning: 'The stream takes in more than 70 % of what it may at most: soon it turns records away',
    metric: streamMetric('IncomingBytes'),
    statistic: 'Sum',
    comparison: 'GreaterThanThreshold',
    threshold: Math.floor(0.7 * eventStream.bytesPerSecond * minute),
    thresholdParameter: 'StreamBytesInAMinute',
    periodSeconds: minute,
    periods: 5,
    missing: 'notBreaching',
  },
  {
    name: 'P2-BatchProcessingDelayed',
    meaning: 'The newest date of gold that is published and loaded ended more than 26 hours ago',
    metric: 'batch_processing_latency_hours',
    statistic: 'Maximum',
    comparison: 'GreaterThanThreshold',
    threshold: 26,
    ...hourly,
    runs: 'WorkflowType = "dailyBatch"',
  },
  {
    name: 'P2-CostAboveBudget',
    meaning: 'Jobs of one day have cost more than they may',
    metric: 'cost_usd',
    statistic: 'Sum',
    comparison: 'GreaterThanThreshold',
    threshold: 500,
    thresholdParameter: 'DailyBudgetUsd',
    periodSeconds: 24 * hour,
    periods: 1,
    missing: 'notBreaching',
    runs: 'CostUsd > 5',
  },
];

/** Where alarms go: P0 to whoever is on call, the others to the team. */
export const topics = { onCall: 'ride-hailing-oncall-critical', team: 'ride-hailing-team-alerts' } as const;

export const topicOf = ({ name }: Pick<Alarm, 'name'>): keyof typeof topics =>
  name.startsWith('P0') ? 'onCall' : 'team';

/** Where the runbooks are, unless a deployment names an address. */
export const runbooksFolder = 'docs/runbooks';

export const runbookOf = ({ name }: { readonly name: string }, folder = runbooksFolder): string =>
  `${folder}/${name}.md`;

/** Where the runs of a visibility query are seen, under the address of the Web UI's page that lists a namespace's runs. */
export const runsUrl = (workflowsUrl: string, query: string): string =>
  `${workflowsUrl}?query=${encodeURIComponent(query)}`;

const named = (of: Alarm['metric']) => {
  if (typeof of === 'string') return { Namespace: metrics[of].namespace, MetricName: of };
  const Dimensions = Object.entries(of.dimensions).map(([Name, Value]) => ({ Name, Value }));
  return { Namespace: of.namespace, MetricName: of.metric, Dimensions };
};

/** An alarm in CloudWatch's own words, which PutMetricAlarm and CloudFormation share. */
export const alarmProperties = (alarm: Alarm, topicArn: string, workflowsUrl: string, runbooksUrl?: string) => ({
  ...named(alarm.metric),
  AlarmName: alarm.name,
  AlarmDescription: [
    alarm.meaning,
    ...(alarm.runs === undefined ? [] : [`Runs: ${runsUrl(workflowsUrl, alarm.runs)}`]),
    `What to do: ${runbookOf(alarm, runbooksUrl)}`,
  ].join('. '),
  Statistic: alarm.statistic,
  ComparisonOperator: alarm.comparison,
  Threshold: alarm.threshold,
  Period: alarm.periodSeconds,
  EvaluationPeriods: alarm.periods,
  TreatMissingData: alarm.missing,
  ...(!alarm.toldByWatch && { AlarmActions: [topicArn] }),
  ...(!alarm.toldByWatch && !alarm.isEvent && { OKActions: [topicArn] }),
});
