import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, UrlSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { alarms, descriptionOf, topicOf, topics } from '../model/alarms.ts';
import { metrics } from '../model/metrics.ts';

/** Who is told: `https://…` (PagerDuty, Slack through a relay) or an e-mail address; each by topic. */
export type Subscribers = Readonly<Partial<Record<keyof typeof topics, readonly string[]>>>;

/** The alarms of `model/alarms.ts` and the two topics on which they ring and end. */
export function createAlarms(scope: Construct, subscribers: Subscribers = {}): void {
  const topicFor = (id: keyof typeof topics): Topic => {
    const topic = new Topic(scope, `Alerts${id}`, { topicName: topics[id], enforceSSL: true });
    for (const to of subscribers[id] ?? [])
      topic.addSubscription(to.startsWith('https://') ? new UrlSubscription(to) : new EmailSubscription(to));
    return topic;
  };
  const made = { onCall: topicFor('onCall'), team: topicFor('team') };
  for (const alarm of alarms) {
    const { name, metric, statistic, comparison, threshold, periodSeconds, periods, missing } = alarm;
    const { namespace } = metrics[metric];
    const told = new SnsAction(made[topicOf(alarm)]);
    const created = new Alarm(scope, name, {
      alarmName: name,
      alarmDescription: descriptionOf(alarm),
      metric: new Metric({ namespace, metricName: metric, statistic, period: Duration.seconds(periodSeconds) }),
      comparisonOperator: ComparisonOperator[operators[comparison]],
      threshold,
      evaluationPeriods: periods,
      treatMissingData: missing === 'breaching' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    created.addAlarmAction(told);
    created.addOkAction(told);
  }
}

const operators = {
  GreaterThanThreshold: 'GREATER_THAN_THRESHOLD',
  GreaterThanOrEqualToThreshold: 'GREATER_THAN_OR_EQUAL_TO_THRESHOLD',
  LessThanThreshold: 'LESS_THAN_THRESHOLD',
} as const;
