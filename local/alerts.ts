import { type CloudWatchClient, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTopicCommand, type SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { type Alarm, alarmProperties, alarms, topicOf, topics } from '../model/alarms.ts';

export type TopicArns = Readonly<Record<keyof typeof topics, string>>;

/** Makes the topics, and a queue that takes what rings: here nobody has a pager. */
export async function ensureTopics(sns: SNSClient, sqs: SQSClient): Promise<{ queueUrl: string; arns: TopicArns }> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'tideline-alerts' }));
  const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
  const { Attributes } = await sqs.send(asked);
  // Alarms begin anew, and what an earlier run did not read is of that run.
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  const arns = { onCall: '', team: '' };
  for (const id of ['onCall', 'team'] as const) {
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: topics[id] }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: Attributes?.QueueArn }));
    arns[id] = TopicArn;
  }
  return { queueUrl: QueueUrl, arns };
}

/** A trickle is far less than what production must not fall below. */
const thresholdsHere: Partial<Record<Alarm['name'], number>> = { 'P0-KinesisIngestionStopped': 1 };

/** Makes the alarms, which ring on these topics. */
export async function ensureAlarms(cloudWatch: CloudWatchClient, arns: TopicArns, workflowsUrl: string): Promise<void> {
  await Promise.all(
    alarms.map((alarm) => {
      const { Threshold, ...properties } = alarmProperties(alarm, arns[topicOf(alarm)], workflowsUrl);
      const input = { ...properties, Threshold: thresholdsHere[alarm.name] ?? Threshold };
      return cloudWatch.send(new PutMetricAlarmCommand(input));
    }),
  );
}

/** What rings, as SNS hands it on. */
const alertSchema = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  NewStateValue: z.enum(['ALARM', 'OK']),
  NewStateReason: z.string(),
  StateChangeTime: z.iso.datetime(),
});
export type Alert = z.infer<typeof alertSchema>;

const envelopeSchema = z.object({ Message: z.string() });

/** The alerts that have come since the last call, each once; waits for `seconds` where there is none. */
export async function receiveAlerts(sqs: SQSClient, QueueUrl: string, seconds: number, abortSignal?: AbortSignal) {
  const asked = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: seconds });
  const { Messages = [] } = await sqs.send(asked, abortSignal ? { abortSignal } : {});
  const alerts: Alert[] = [];
  for (const { Body = '', ReceiptHandle } of Messages) {
    alerts.push(alertSchema.parse(JSON.parse(envelopeSchema.parse(JSON.parse(Body)).Message)));
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  }
  return alerts;
}
