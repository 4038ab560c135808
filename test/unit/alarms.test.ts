import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../local/cloudwatch/evaluate.ts';
import { Figures } from '../../local/cloudwatch/figures.ts';
import { alarmProperties, alarms, runbookOf, topicOf } from '../../model/alarms.ts';
import { type MetricName, metrics } from '../../model/metrics.ts';
import { root } from '../tools.ts';
import { templateOf } from './stack.ts';

const workflowsUrl = 'https://temporal.example.com/namespaces/lakehouse/workflows';
const minuteMs = 60_000;
const start = Date.UTC(2025, 0, 6);
const ofStream = [{ Name: 'StreamName', Value: 'ride-hailing-events' }];

describe('an alarm', () => {
  it('has a runbook of its name, and every such runbook an alarm', () => {
    const runbooks = globSync('docs/runbooks/P*.md', { cwd: root }).map((file) => basename(file, '.md'));
    expect(runbooks.sort()).toEqual(alarms.map(({ name }) => name).sort());
    for (const alarm of alarms)
      expect(readFileSync(join(root, runbookOf(alarm)), 'utf8'), alarm.name).toMatch(/^# [^]*\n1\. [^]*\n2\. /);
  });

  it('is in AWS what it is here, with who is told when it rings and when it is over', () => {
    const template = templateOf();
    const made = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties as Record<string, unknown>,
    );
    expect(made).toHaveLength(alarms.length);
    for (const alarm of alarms) {
      const { AlarmActions, OKActions, AlarmDescription: _, ...expected } = alarmProperties(alarm, '', workflowsUrl);
      const found = made.find(({ AlarmName }) => AlarmName === alarm.name) ?? {};
      const { thresholdParameter } = alarm;
      expect(found).toMatchObject({
        ...expected,
        ...(thresholdParameter && { Threshold: { Ref: thresholdParameter } }),
      });
      expect(JSON.stringify(found.AlarmDescription)).toContain(`/${alarm.name}.md`);
      expect(JSON.stringify(found.AlarmDescription)).toContain('RunbooksUrl');
      const topic = JSON.stringify(found.AlarmActions);
      if (AlarmActions) expect(topic.toLowerCase()).toContain(`alerts${topicOf(alarm)}`.toLowerCase());
      else expect(topic).toBeUndefined();
      expect(JSON.stringify(found.OKActions)).toBe(OKActions ? topic : undefined);
    }
    template.hasParameter('DailyBudgetUsd', { Default: 500 });
    template.hasParameter('MinimumEventsInFiveMinutes', { Default: 1_000 });
    // 70 % of 200 MB/s, for a minute.
    template.hasParameter('StreamBytesInAMinute', { Default: 8_808_038_400 });
    template.resourceCountIs('AWS::SNS::Subscription', 4);
    template.hasParameter('AlertsOnCallUrl', { NoEcho: true, Default: '' });
  });

  it('reaches its topic: a policy that only denies would take away what SNS allows by default', () => {
    const policies = Object.values(templateOf().findResources('AWS::SNS::TopicPolicy'));
    expect(policies).toHaveLength(2);
    for (const { Properties } of policies)
      expect((Properties as { PolicyDocument: { Statement: object[] } }).PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({
          Effect: 'Allow',
          Action: 'sns:Publish',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        }),
      );
  });
});

/** Figures of ours, and those that Kinesis tells of the stream. */
type Published = MetricName | 'IncomingRecords' | 'IncomingBytes';

/** What happens to the figures of a platform that is otherwise well. */
interface Fault {
  readonly publishes?: (name: Published, at: number) => boolean;
  readonly values?: (at: number) => Partial<Record<Published, number>>;
}

/** Which alarms change their state in two weeks, of which the first hours are the deploy's own. */
function fortnight({ publishes = () => true, values = () => ({}) }: Fault = {}): string[] {
  const figures = new Figures();
  const states = new Map<string, string | undefined>();
  const told: string[] = [];
  const put = (MetricName: Published, Value: number, at: number): void => {
    const data = { MetricName, Value: values(at)[MetricName] ?? Value, Timestamp: new Date(at) };
    if (!publishes(MetricName, at)) return;
    if (MetricName === 'IncomingRecords' || MetricName === 'IncomingBytes')
      figures.put('AWS/Kinesis', [{ ...data, Dimensions: ofStream }], at);
    else figures.put(metrics[MetricName].namespace, [data], at);
  };
  for (let minute = 0; minute < 14 * 1440; minute += 1) {
    const at = start + minute * minuteMs;
    const [hour, ofHour] = [Math.floor(minute / 60) % 24, minute % 60];
    put('task_queue_workers', 1, at);
    // At night a fifth of what it is by day.
    put('IncomingRecords', hour < 5 ? 70_000 : 350_000, at);
    put('IncomingBytes', hour < 5 ? 350e6 : 1_750e6, at);
    for (const found of ['streams_down', 'stream_updates_refused', 'stream_checkpoints_failed'] as const)
      put(found, 0, at);
    put('stream_lag_minutes', 0.02, at);
    for (const event of ['builds_failed', 'intervals_held_back'] as const)
      if (values(at)[event] !== undefined) put(event, 1, at);
    // Rows are a minute old when a merge begins; the one of the night waits for the reconciliation.
    if (ofHour % 10 === 1) put('streaming_processing_latency_minutes', hour === 2 && ofHour === 1 ? 11 : 2.5, at);
    if (ofHour === 22) {
      // Two hours a run, in one of which a few lines are broken.
      put('bronze_validation_success_rate', 99.4, at);
      put('bronze_validation_success_rate', 100, at);
      put('cost_usd', 0.8, at);
    }
    if (ofHour === 20 || ofHour === 50) {
      put('intervals_expected', 104, at);
      for (let look = 0; look < 3; look += 1) put('findings_not_fresh', 0, at);
      for (const found of ['schedules_stopped', 'restatements_waiting', 'claims_held'] as const) put(found, 0, at);
      // The batch of the date before is loaded half an hour after one.
      put('batch_processing_latency_hours', (hour < 2 && hour * 60 + ofHour < 90 ? 24 : 0) + hour + ofHour / 60, at);
    }
    if (minute % 5 > 0 || minute < 180) continue;
    for (const alarm of alarms) {
      const input: MetricAlarm = alarmProperties(alarm, '', workflowsUrl);
      const { StateValue } = evaluate(input, figures, at);
      if (states.has(alarm.name) && states.get(alarm.name) !== StateValue) told.push(`${alarm.name} ${StateValue}`);
      states.set(alarm.name, StateValue);
    }
  }
  return told;
}

const day = 5;
const within = (at: number, hours: number): boolean => {
  const since = at - (start + day * 86_400_000);
  return since >= 0 && since < hours * 3_600_000;
};

describe('a fortnight', () => {
  it('on a healthy platform rings nothing', () => {
    expect(fortnight()).toEqual([]);
  });

  it.each<[string, Fault]>([
    ['P0-BuildFailed', { values: (at) => (within(at, 1 / 60) ? { builds_failed: 1 } : {}) }],
    ['P0-KinesisIngestionStopped', { values: (at) => (within(at, 1) ? { IncomingRecords: 3 } : {}) }],
    ['P0-KinesisIngestionStopped', { publishes: (name, at) => !name.startsWith('Incoming') || !within(at, 1) }],
    ['P1-KinesisNearItsLimit', { values: (at) => (within(at, 1) ? { IncomingBytes: 9e9 } : {}) }],
    ['P0-WorkersGone', { values: (at) => (within(at, 1) ? { task_queue_workers: 0 } : {}) }],
    ['P0-WorkersGone', { publishes: (name, at) => name !== 'task_queue_workers' || !within(at, 1) }],
    ['P1-DataQualityDegraded', { values: (at) => (within(at, 1) ? { bronze_validation_success_rate: 80 } : {}) }],
    ['P1-DatesHeldBack', { values: (at) => (within(at, 1 / 60) ? { intervals_held_back: 2 } : {}) }],
    ['P1-DataNotFresh', { values: (at) => (within(at, 3) ? { findings_not_fresh: 2 } : {}) }],
    ['P1-ScheduleStopped', { values: (at) => (within(at, 3) ? { schedules_stopped: 9 } : {}) }],
    ['P1-RestatementWaits', { values: (at) => (within(at, 3) ? { restatements_waiting: 1 } : {}) }],
    ['P1-ClaimHeld', { values: (at) => (within(at, 3) ? { claims_held: 24 } : {}) }],
    ['P1-WatchSilent', { publishes: (name, at) => name !== 'intervals_expected' || !within(at, 6) }],
    [
      'P1-StreamingLatencyHigh',
      { values: (at) => (within(at, 1) ? { streaming_processing_latency_minutes: 24 } : {}) },
    ],
    ['P1-StreamDown', { values: (at) => (within(at, 1) ? { streams_down: 1 } : {}) }],
    ['P1-StreamDown', { publishes: (name, at) => !name.startsWith('stream') || !within(at, 1) }],
    ['P1-StreamLagging', { values: (at) => (within(at, 1) ? { stream_lag_minutes: 12 } : {}) }],
    ['P1-StreamCheckpointsFailing', { values: (at) => (within(at, 1) ? { stream_checkpoints_failed: 4 } : {}) }],
    ['P1-StreamUpdateRefused', { values: (at) => (within(at, 3) ? { stream_updates_refused: 1 } : {}) }],
    ['P2-BatchProcessingDelayed', { values: (at) => (within(at, 8) ? { batch_processing_latency_hours: 27 } : {}) }],
    ['P2-CostAboveBudget', { values: (at) => (within(at, 1) ? { cost_usd: 700 } : {}) }],
  ])('with one fault rings %s, once, and tells when it is over', (name, fault) => {
    expect(fortnight(fault)).toEqual([`${name} ALARM`, `${name} OK`]);
  });
});

describe('two of the documents’ alarms as they are written', () => {
  const asWritten = { Period: 300, TreatMissingData: 'breaching' } as const;
  const now = start + 3_600_000;
  const rings = (alarm: MetricAlarm, namespace: string, dimensions: Record<string, string>, value: number) => {
    const figures = new Figures();
    const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
    for (let at = start; at <= now; at += minuteMs)
      figures.put(namespace, [{ MetricName: alarm.MetricName, Dimensions, Value: value, Timestamp: new Date(at) }], at);
    return evaluate({ ...asWritten, ...alarm }, figures, now).StateValue;
  };

  it('ring for ever on a healthy platform: a stream’s metric has its name as dimension, and executors at work are no fault', () => {
    const stopped = {
      ...{ Namespace: 'AWS/Kinesis', MetricName: 'IncomingRecords', Statistic: 'Sum', EvaluationPeriods: 2 },
      ...{ ComparisonOperator: 'LessThanThreshold', Threshold: 1000 },
    } satisfies MetricAlarm;
    const stream = { StreamName: 'ride-hailing-events' };
    expect(rings(stopped, 'AWS/Kinesis', stream, 350_000)).toBe('ALARM');
    expect(rings({ ...stopped, Dimensions: ofStream }, 'AWS/Kinesis', stream, 350_000)).toBe('OK');
    const executors = 'glue.driver.ExecutorAllocationManager.executors.numberAllExecutors';
    const failed = {
      ...{ Namespace: 'AWS/Glue', MetricName: executors, Statistic: 'Minimum', EvaluationPeriods: 1 },
      ...{ ComparisonOperator: 'GreaterThanThreshold', Threshold: 0 },
    } satisfies MetricAlarm;
    expect(rings(failed, 'AWS/Glue', {}, 40)).toBe('ALARM');
  });
});
