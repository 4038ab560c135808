import type { CfnApplication } from 'aws-cdk-lib/aws-emrserverless';
import { type IRole, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnWorkgroup } from 'aws-cdk-lib/aws-redshiftserverless';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { namespaces } from '../model/metrics.ts';
import type { PlacedApplication } from './streams.ts';
import type { Storage } from './storage.ts';

export interface Used extends Storage {
  readonly applications: readonly CfnApplication[];
  readonly jobRoles: readonly IRole[];
  readonly workgroup: CfnWorkgroup;
  readonly alerts: ITopic;
  readonly streams: readonly PlacedApplication[];
  /** Keys of the tables that streams keep. */
  readonly streamTables: readonly string[];
}

/** What data-plane workers may do: the calls of `activities/`, no more (test/unit/permissions.test.ts). */
export function createWorkerPolicy(scope: Construct, used: Used): ManagedPolicy {
  const { alerts, applications, jobRoles, workgroup, lake, artifacts, ledger, raw, streams, streamTables } = used;
  return new ManagedPolicy(scope, 'WorkerPolicy', {
    description: 'Data-plane workers: start and watch jobs, load the warehouse, read what builds say about themselves',
    statements: [
      new PolicyStatement({
        actions: ['emr-serverless:StartJobRun', 'emr-serverless:ListJobRuns'],
        resources: applications.map(({ attrArn }) => attrArn),
      }),
      new PolicyStatement({
        actions: ['emr-serverless:GetJobRun', 'emr-serverless:CancelJobRun', 'emr-serverless:TagResource'],
        resources: applications.map(({ attrArn }) => `${attrArn}/jobruns/*`),
      }),
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: jobRoles.map(({ roleArn }) => roleArn),
        conditions: { StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' } },
      }),
      new PolicyStatement({
        actions: [
          'DescribeApplication',
          'StartApplication',
          'StopApplication',
          'UpdateApplication',
          'RollbackApplication',
          'AddApplicationCloudWatchLoggingOption',
          'ListApplicationOperations',
          'DescribeApplicationOperation',
          'ListApplicationSnapshots',
          'CreateApplicationSnapshot',
          'DeleteApplicationSnapshot',
        ].map((action) => `kinesisanalytics:${action}`),
        resources: streams.map(({ arn }) => arn),
      }),
      // It knows no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisanalyticsv2.html
      new PolicyStatement({ actions: ['kinesisanalytics:CreateApplication'], resources: ['*'] }),
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: streams.map(({ role }) => role.roleArn),
        conditions: { StringEquals: { 'iam:PassedToService': 'kinesisanalytics.amazonaws.com' } },
      }),
      // How its applications do, they tell CloudWatch; it knows no resources.
      new PolicyStatement({ actions: ['cloudwatch:GetMetricStatistics'], resources: ['*'] }),
      new PolicyStatement({
        actions: [
          'redshift-data:BatchExecuteStatement',
          'redshift-data:ExecuteStatement',
          'redshift-serverless:GetCredentials',
        ],
        resources: [workgroup.attrWorkgroupWorkgroupArn],
      }),
      // These know no resources. The condition on a statement's owner means the session, and each worker has one of
      // its own: none could adopt what another has begun.
      new PolicyStatement({
        actions: [
          'redshift-data:DescribeStatement',
          'redshift-data:GetStatementResult',
          'redshift-data:CancelStatement',
        ],
        resources: ['*'],
      }),
      new PolicyStatement({
        actions: ['dynamodb:Query', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem'],
        resources: [ledger.tableArn],
      }),
      // After a restore the ledger is told what the table's commits say.
      new PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [artifacts.arnForObjects('builds/*'), lake.arnForObjects('*/_delta_log/*')],
      }),
      // Which files a merge takes is written down before the warehouse is told to copy them.
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: streamTables.map((table) => lake.arnForObjects(`_staging/${table}/*/manifest.json`)),
      }),
      // It knows no resources.
      new PolicyStatement({
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': [...namespaces] } },
      }),
      new PolicyStatement({ actions: ['sns:Publish'], resources: [alerts.topicArn] }),
      // Without it S3 answers "access denied" for a result that no job has written. No condition on prefixes: a read has none.
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [lake.bucketArn, artifacts.bucketArn, raw.bucketArn],
      }),
    ],
  });
}
