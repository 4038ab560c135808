const pipeline = 'RideHailing/Pipeline';
const dataQuality = 'RideHailing/DataQuality';
export const namespaces = [pipeline, dataQuality] as const;

interface Metric {
  readonly namespace: (typeof namespaces)[number];
  /** Of CloudWatch, which has none for hours and dollars. */
  readonly unit: 'Count' | 'Percent' | 'Seconds' | 'None';
  readonly about: string;
}

/** What is measured, by name: in CloudWatch and, with `tideline_` before it, at the workers' Prometheus endpoint. */
export const metrics = {
  raw_events_count: { namespace: pipeline, unit: 'Count', about: 'lines that builds of bronze have read' },
  bronze_events_count: { namespace: pipeline, unit: 'Count', about: 'events that builds of bronze have published' },
  silver_trips_count: { namespace: pipeline, unit: 'Count', about: 'trips that builds of silver have published' },
  bronze_processing_time_seconds: { namespace: pipeline, unit: 'Seconds', about: 'what the jobs of a build took' },
  silver_processing_time_seconds: { namespace: pipeline, unit: 'Seconds', about: 'what the jobs of a build took' },
  gold_processing_time_seconds: { namespace: pipeline, unit: 'Seconds', about: 'what the jobs of a build took' },
  cost_usd: { namespace: pipeline, unit: 'None', about: 'what the jobs of a build cost, in US dollars' },
  rows_loaded: { namespace: pipeline, unit: 'Count', about: 'rows that a load has put into the warehouse' },
  inputs_wait_seconds: { namespace: pipeline, unit: 'Seconds', about: 'how long a batch has waited for its inputs' },
  builds_failed: { namespace: pipeline, unit: 'Count', about: 'builds of the scheduled lane that have failed' },
  intervals_held_back: {
    namespace: pipeline,
    unit: 'Count',
    about: 'dates of silver and gold that the audit has held back',
  },
  intervals_expected: { namespace: pipeline, unit: 'Count', about: 'intervals that should be published by now' },
  findings_not_fresh: { namespace: pipeline, unit: 'Count', about: 'what the watch has found amiss' },
  schedules_stopped: {
    namespace: pipeline,
    unit: 'Count',
    about: 'findings about schedules that are paused or missing',
  },
  restatements_waiting: { namespace: pipeline, unit: 'Count', about: 'restatements that wait for approval' },
  claims_held: { namespace: pipeline, unit: 'Count', about: 'intervals that one build has held for long' },
  task_queue_workers: { namespace: pipeline, unit: 'Count', about: 'workers of the task queue that has the fewest' },
  batch_processing_latency_hours: {
    namespace: pipeline,
    unit: 'None',
    about: 'hours since the end of the newest date whose gold is published, and loaded where the warehouse has it',
  },
  stream_rows_merged: {
    namespace: pipeline,
    unit: 'Count',
    about: 'rows that merges have put into a table of a stream',
  },
  streaming_processing_latency_minutes: {
    namespace: pipeline,
    unit: 'None',
    about: 'how old the newest row was that readers had of a stream when a merge ended',
  },
  streams_down: { namespace: pipeline, unit: 'Count', about: 'applications of the stream that do not run' },
  stream_lag_minutes: {
    namespace: pipeline,
    unit: 'None',
    about: 'how far behind the stream the application is that is furthest',
  },
  stream_checkpoints_failed: {
    namespace: pipeline,
    unit: 'Count',
    about: 'checkpoints of an application of the stream that have failed in ten minutes',
  },
  stream_updates_refused: {
    namespace: pipeline,
    unit: 'Count',
    about: 'applications of the stream whose deployed version has not run well, so that the one before runs',
  },
  late_stream_rows: {
    namespace: pipeline,
    unit: 'Count',
    about: 'rows of a stream that came after the batch had settled their date',
  },
  reconciled_at_minutes: {
    namespace: pipeline,
    unit: 'None',
    about: 'minutes after midnight at which readers had the batch’s rows of the date before',
  },
  stream_batch_divergence_pct: {
    namespace: dataQuality,
    unit: 'Percent',
    about: 'trips that stream or batch lack, or have otherwise, of those of the batch',
  },
  stream_rows_differing_pct: {
    namespace: dataQuality,
    unit: 'Percent',
    about:
      'rows that stream or batch lack, or have otherwise, of those of the batch, in tables that the batch does not settle',
  },
  cities_divergent: { namespace: dataQuality, unit: 'Count', about: 'cities in which more than 1 % of trips differ' },
  bronze_validation_success_rate: {
    namespace: dataQuality,
    unit: 'Percent',
    about: 'valid lines of an hour that the schedule has built, of all that came in; 0 where it is held back',
  },
  silver_validation_success_rate: {
    namespace: dataQuality,
    unit: 'Percent',
    about: '100 for a date that is published, 0 for one that is held back',
  },
  quality_score: { namespace: dataQuality, unit: 'None', about: 'weighted share of the rules that a build holds' },
  quarantined_rows: { namespace: dataQuality, unit: 'Count', about: 'lines that builds have put into quarantine' },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof metrics;

/** A figure, of one product where it has one. */
export interface Measurement {
  readonly name: MetricName;
  readonly value: number;
  readonly product?: string;
}
