import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, LogStream, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import {
  applicationLogGroup,
  applicationLogStream,
  lookupExpiry,
  lookupKey,
  type StreamApplication,
  streamApplications,
} from '../model/stream-applications.ts';
import { type EventStream, viaKinesis } from './ingestion.ts';
import type { Storage } from './storage.ts';

export interface PlacedApplication {
  readonly name: string;
  readonly arn: string;
  readonly role: Role;
}

/** How the stack writes a name. */
export const pascalCase = (name: string): string =>
  name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/**
 * What the applications of the stream may do, and where their logs go. The applications themselves are made by their
 * supervisors, from what `lake deploy` has uploaded.
 */
export const createStreams = (scope: Construct, storage: Storage, events: EventStream): PlacedApplication[] =>
  streamApplications.map((application) => createApplication(scope, application, storage, events));

function createApplication(
  scope: Construct,
  { name, folders, lookupTable }: StreamApplication,
  { lake, artifacts }: Storage,
  { stream, key }: EventStream,
): PlacedApplication {
  const stack = Stack.of(scope);
  const id = pascalCase(name);
  const arn = stack.formatArn({ service: 'kinesisanalytics', resource: 'application', resourceName: name });
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    logGroupName: applicationLogGroup(name),
    retention: RetentionDays.TWO_WEEKS,
  });
  const logs = new LogStream(scope, `${id}LogStream`, { logGroup, logStreamName: applicationLogStream });
  const ofLogs = (resourceName: string): string =>
    stack.formatArn({ service: 'logs', resource: 'log-group', resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
  const allow = (actions: string[], ...resources: string[]) => new PolicyStatement({ actions, resources });
  const role = new Role(scope, `${id}Role`, {
    assumedBy: new ServicePrincipal('kinesisanalytics.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': stack.account }, ArnEquals: { 'aws:SourceArn': arn } },
    }),
    description: `Application ${name} of the stream: read the stream, write its folders of the lake`,
  });
  // https://docs.aws.amazon.com/managed-flink/latest/java/how-zeppelin-appendix-iam.html
  for (const statement of [
    allow(
      ['kinesis:DescribeStream', 'kinesis:GetShardIterator', 'kinesis:GetRecords', 'kinesis:ListShards'],
      stream.streamArn,
    ),
    new PolicyStatement({ actions: ['kms:Decrypt'], resources: [key.keyArn], conditions: viaKinesis(scope) }),
    allow(['s3:GetObject', 's3:GetObjectVersion'], artifacts.arnForObjects(`flink-jobs/${name}/*`)),
    // After a failure it looks for the file that it was to make visible.
    allow(
      ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      ...folders.map((folder) => lake.arnForObjects(`${folder}/*`)),
    ),
    allow(['s3:ListBucket'], lake.bucketArn),
    allow(['logs:DescribeLogGroups'], ofLogs('*')),
    allow(['logs:DescribeLogStreams'], ofLogs(`${logGroup.logGroupName}:log-stream:*`)),
    allow(['logs:PutLogEvents'], ofLogs(`${logGroup.logGroupName}:log-stream:${logs.logStreamName}`)),
  ])
    role.addToPolicy(statement);
  if (lookupTable !== undefined) {
    const table = new TableV2(scope, `${id}Lookup`, {
      tableName: lookupTable,
      partitionKey: { name: lookupKey, type: AttributeType.STRING },
      billing: Billing.onDemand(),
      timeToLiveAttribute: lookupExpiry,
      // What it holds is of the last hour.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    role.addToPolicy(allow(['dynamodb:PutItem'], table.tableArn));
  }
  return { name, arn, role };
}
