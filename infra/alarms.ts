import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSubscription, Topic } from 'aws-cdk-lib/aws-sns';
import { CfnCondition, CfnParameter, Duration, Fn, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { alarms, descriptionOf, topicOf, topics } from '../model/alarms.ts';
import { metrics } from '../model/metrics.ts';

/** A topic that CloudWatch may publish to; parameters of the stack say who is told, and stay as they are in later deploys. */
function createTopic(scope: Construct, id: string, topicName: string): Topic {
  const topic = new Topic(scope, `Alerts${id}`, { topicName, enforceSSL: true });
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  );
  for (const [protocol, name] of [
    ['https', 'Url'],
    ['email', 'Email'],
  ] as const) {
    // The address of a pager is a secret.
    const parameter = new CfnParameter(scope, `Alerts${id}${name}`, { default: '', noEcho: protocol === 'https' });
    const subscription = new CfnSubscription(scope, `Alerts${id}To${name}`, {
      topicArn: topic.topicArn,
      protocol,
      endpoint: parameter.valueAsString,
    });
    subscription.cfnOptions.condition = new CfnCondition(scope, `Alerts${id}Has${name}`, {
      expression: Fn.conditionNot(Fn.conditionEquals(parameter.valueAsString, '')),
    });
  }
  return topic;
}

/** The alarms of `model/alarms.ts` and the two topics on which they ring and end. */
export function createAlarms(scope: Construct): void {
  const made = {
    onCall: createTopic(scope, 'OnCall', topics.onCall),
    team: createTopic(scope, 'Team', topics.team),
  };
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
    if (!alarm.isEvent) created.addOkAction(told);
  }
}

const operators = {
  GreaterThanThreshold: 'GREATER_THAN_THRESHOLD',
  GreaterThanOrEqualToThreshold: 'GREATER_THAN_OR_EQUAL_TO_THRESHOLD',
  LessThanThreshold: 'LESS_THAN_THRESHOLD',
} as const;
