import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSubscription, Topic } from 'aws-cdk-lib/aws-sns';
import { CfnCondition, CfnParameter, CfnResource, Fn, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { alarmProperties, alarms, topicOf, topics } from '../model/alarms.ts';

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

/** The alarms of `model/alarms.ts` and the two topics on which they ring and end; gives that of the team. */
export function createAlarms(scope: Construct, workflowsUrl: string, runbooksUrl: string): Topic {
  const made = {
    onCall: createTopic(scope, 'OnCall', topics.onCall),
    team: createTopic(scope, 'Team', topics.team),
  };
  for (const alarm of alarms) {
    const { thresholdParameter: name, threshold } = alarm;
    const parameter = name && new CfnParameter(scope, name, { type: 'Number', default: threshold, minValue: 0 });
    const properties = {
      ...alarmProperties(alarm, made[topicOf(alarm)].topicArn, workflowsUrl, runbooksUrl),
      ...(parameter && { Threshold: parameter.valueAsNumber }),
    };
    new CfnResource(scope, alarm.name, { type: 'AWS::CloudWatch::Alarm', properties });
  }
  return made.team;
}
