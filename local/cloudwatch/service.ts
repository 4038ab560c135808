import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { type AwsServer, createAwsServer, operation } from '../wire/index.ts';
import { evaluate, unsupported } from './evaluate.ts';
import { Figures } from './figures.ts';

export interface CloudWatchOptions {
  /** Where alarms ring. */
  readonly sns: SNSClient;
  /** How often alarms are evaluated; CloudWatch does it once a minute. */
  readonly evaluateEveryMs: number;
  readonly onDefect: (error: unknown, operation: string | undefined) => void;
  readonly port?: number;
}

const refused = (message: string) => new cloudwatch.InvalidParameterValueException({ $metadata: {}, message });

/** CloudWatch's metrics and alarms: figures in memory, states evaluated in time, changes of state published to SNS. */
export async function startCloudWatch({
  sns,
  evaluateEveryMs,
  onDefect,
  port = 0,
}: CloudWatchOptions): Promise<AwsServer> {
  const since = Date.now();
  const figures = new Figures();
  const alarms = new Map<string, cloudwatch.MetricAlarm>();

  const operations = [
    operation<cloudwatch.PutMetricDataInput, object>(cloudwatch.PutMetricData$, ({ Namespace, MetricData = [] }) => {
      figures.put(Namespace, MetricData, Date.now());
      return {};
    }),
    operation<cloudwatch.GetMetricStatisticsInput, cloudwatch.GetMetricStatisticsOutput>(
      cloudwatch.GetMetricStatistics$,
      ({ Namespace, MetricName, Dimensions = [], StartTime, EndTime, Period, Statistics = [] }) => {
        const ms = Period * 1000;
        const first = Math.floor(StartTime.getTime() / ms) * ms;
        const count = Math.ceil((EndTime.getTime() - first) / ms);
        const Datapoints = Array.from({ length: count }, (_, index) => first + index * ms).flatMap((start) => {
          const found = figures.statistics(Namespace, MetricName, Dimensions, start - 1, start + ms - 1);
          const asked = Statistics.map((name) => [name, found?.[name]] as const);
          return found ? [{ Timestamp: new Date(start), ...Object.fromEntries(asked) }] : [];
        });
        return { Label: MetricName, Datapoints };
      },
    ),
    operation<cloudwatch.PutMetricAlarmInput, object>(cloudwatch.PutMetricAlarm$, (input) => {
      const alarm: cloudwatch.MetricAlarm = { ...input };
      const problem = unsupported(alarm);
      if (problem) throw refused(`${input.AlarmName}: not here: ${problem}`);
      const StateValue = alarms.get(input.AlarmName)?.StateValue ?? 'INSUFFICIENT_DATA';
      alarms.set(input.AlarmName, { ...alarm, StateValue });
      return {};
    }),
    operation<cloudwatch.DescribeAlarmsInput, cloudwatch.DescribeAlarmsOutput>(
      cloudwatch.DescribeAlarms$,
      ({ AlarmNames = [], StateValue }) => ({
        MetricAlarms: [...alarms.values()].filter(
          (alarm) =>
            (AlarmNames.length === 0 || AlarmNames.includes(alarm.AlarmName ?? '')) &&
            (StateValue === undefined || alarm.StateValue === StateValue),
        ),
      }),
    ),
  ];

  async function evaluateAll(): Promise<void> {
    for (const [name, alarm] of alarms) {
      const next = evaluate(alarm, figures, Date.now(), since);
      if (next.StateValue === alarm.StateValue) continue;
      const now = new Date();
      const changed = { ...alarm, ...next, StateUpdatedTimestamp: now, StateTransitionedTimestamp: now };
      // What begins well is no news.
      if (alarm.StateValue !== 'INSUFFICIENT_DATA' || next.StateValue === 'ALARM')
        await ring(changed, alarm.StateValue);
      alarms.set(name, changed);
    }
  }

  async function ring(alarm: cloudwatch.MetricAlarm, before: string | undefined): Promise<void> {
    const topics = (alarm.StateValue === 'ALARM' ? alarm.AlarmActions : alarm.OKActions) ?? [];
    // As CloudWatch writes it: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    const message = {
      AlarmName: alarm.AlarmName,
      AlarmDescription: alarm.AlarmDescription,
      NewStateValue: alarm.StateValue,
      NewStateReason: alarm.StateReason,
      StateChangeTime: alarm.StateUpdatedTimestamp?.toISOString(),
      OldStateValue: before,
      Trigger: { MetricName: alarm.MetricName, Namespace: alarm.Namespace, Threshold: alarm.Threshold },
    };
    for (const TopicArn of topics) await sns.send(new PublishCommand({ TopicArn, Message: JSON.stringify(message) }));
  }

  const server = await createAwsServer({
    service: 'cloudwatch',
    protocol: 'awsJson1_0',
    errors: cloudwatch.errorTypeRegistries,
    operations,
    port,
    onDefect,
  });
  let evaluating: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    evaluating = evaluating.then(evaluateAll).catch((error: unknown) => {
      onDefect(error, 'evaluation');
    });
  }, evaluateEveryMs);
  return {
    url: server.url,
    close: async () => {
      clearInterval(timer);
      await evaluating;
      await server.close();
    },
  };
}
