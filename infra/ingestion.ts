import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ShardLevelMetrics, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, LogStream, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { delivery, eventStream } from '../model/stream.ts';
import type { Storage } from './storage.ts';

/** In UTC, of the oldest record of a file. */
const byHour = ['year=!{timestamp:yyyy}', 'month=!{timestamp:MM}', 'day=!{timestamp:dd}', 'hour=!{timestamp:HH}'];
const inFolder = (...parts: string[]): string => `${[...parts, ...byHour].join('/')}/`;

/** Only as part of what a service does with the stream. */
export const viaKinesis = (scope: Construct) => ({
  StringEquals: { 'kms:ViaService': `kinesis.${Stack.of(scope).region}.amazonaws.com` },
});

export interface EventStream {
  readonly stream: Stream;
  readonly key: Key;
}

/** The stream of events, its delivery into raw files, and what its producers may do. */
export function createIngestion(
  scope: Construct,
  { raw }: Pick<Storage, 'raw'>,
): EventStream & { readonly producerPolicy: ManagedPolicy } {
  const key = new Key(scope, 'EventsKey', { description: 'Events in the stream', enableKeyRotation: true });
  const stream = new Stream(scope, 'Events', {
    streamName: eventStream.name,
    streamMode: StreamMode.ON_DEMAND,
    retentionPeriod: Duration.hours(eventStream.retentionHours),
    encryption: StreamEncryption.KMS,
    encryptionKey: key,
    // What tells one key with too many events from too many events; the stream's own figures tell all else.
    shardLevelMetrics: [ShardLevelMetrics.INCOMING_BYTES, ShardLevelMetrics.WRITE_PROVISIONED_THROUGHPUT_EXCEEDED],
  });
  createDelivery(scope, raw, stream, key);
  const producerPolicy = new ManagedPolicy(scope, 'ProducerPolicy', {
    description: 'Producers of events: put them into the stream, and what is no event beside the raw files',
    statements: [
      new PolicyStatement({ actions: ['kinesis:PutRecords'], resources: [stream.streamArn] }),
      new PolicyStatement({
        actions: ['kms:GenerateDataKey'],
        resources: [key.keyArn],
        conditions: viaKinesis(scope),
      }),
      new PolicyStatement({
        actions: ['s3:PutObject'],
        resources: [raw.arnForObjects(`${delivery.errorsFolder}/refused/*`)],
      }),
    ],
  });
  return { stream, key, producerPolicy };
}

function createDelivery(scope: Construct, raw: Storage['raw'], stream: Stream, key: Key): void {
  const stack = Stack.of(scope);
  const logGroup = new LogGroup(scope, 'DeliveryLogs', {
    logGroupName: `/aws/kinesisfirehose/${delivery.name}`,
    retention: RetentionDays.THREE_MONTHS,
  });
  const errors = new LogStream(scope, 'DeliveryErrors', { logGroup, logStreamName: 'DestinationDelivery' });
  const role = new Role(scope, 'DeliveryRole', {
    assumedBy: new ServicePrincipal('firehose.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnEquals: {
          'aws:SourceArn': stack.formatArn({
            service: 'firehose',
            resource: 'deliverystream',
            resourceName: delivery.name,
          }),
        },
      },
    }),
    description: 'Delivery of events: read the stream, write raw files and errors',
  });
  // https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
  for (const statement of [
    new PolicyStatement({
      actions: ['kinesis:DescribeStream', 'kinesis:GetShardIterator', 'kinesis:GetRecords', 'kinesis:ListShards'],
      resources: [stream.streamArn],
    }),
    new PolicyStatement({ actions: ['kms:Decrypt'], resources: [key.keyArn], conditions: viaKinesis(scope) }),
    new PolicyStatement({
      actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
      resources: [raw.bucketArn],
    }),
    new PolicyStatement({
      actions: ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload'],
      resources: [delivery.folder, delivery.errorsFolder].map((folder) => raw.arnForObjects(`${folder}/*`)),
    }),
    new PolicyStatement({
      actions: ['logs:PutLogEvents'],
      resources: [
        stack.formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: `${logGroup.logGroupName}:log-stream:${errors.logStreamName}`,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
    }),
  ])
    role.addToPolicy(statement);

  const firehose = new CfnDeliveryStream(scope, 'Delivery', {
    deliveryStreamName: delivery.name,
    deliveryStreamType: 'KinesisStreamAsSource',
    kinesisStreamSourceConfiguration: { kinesisStreamArn: stream.streamArn, roleArn: role.roleArn },
    extendedS3DestinationConfiguration: {
      bucketArn: raw.bucketArn,
      roleArn: role.roleArn,
      prefix: inFolder(delivery.folder),
      errorOutputPrefix: inFolder(delivery.errorsFolder, '!{firehose:error-output-type}'),
      bufferingHints: { intervalInSeconds: delivery.bufferSeconds, sizeInMBs: delivery.bufferMebibytes },
      compressionFormat: 'GZIP',
      fileExtension: '.json.gz',
      // Else the events of a file are one line.
      processingConfiguration: {
        enabled: true,
        processors: [
          {
            type: 'AppendDelimiterToRecord',
            parameters: [{ parameterName: 'Delimiter', parameterValue: '\\n' }],
          },
        ],
      },
      cloudWatchLoggingOptions: {
        enabled: true,
        logGroupName: logGroup.logGroupName,
        logStreamName: errors.logStreamName,
      },
    },
  });
  // It reads as soon as it is made.
  firehose.node.addDependency(role.node.findChild('DefaultPolicy'));
}
