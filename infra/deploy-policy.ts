import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Used } from './worker-policy.ts';

/** What `lake deploy` does in AWS: the calls of `deployment/`, no more (test/unit/permissions.test.ts). `databases` are Glue's. */
export function createDeployPolicy(
  scope: Construct,
  { workgroup, artifacts }: Pick<Used, 'workgroup' | 'artifacts'>,
  databases: readonly string[],
): ManagedPolicy {
  const glue = (resource: string): string => Stack.of(scope).formatArn({ service: 'glue', resource });
  const ofDatabases = [glue('catalog'), ...databases.map((name) => glue(`database/${name}`))];
  return new ManagedPolicy(scope, 'DeployPolicy', {
    description:
      'Whoever runs lake deploy: Spark jobs, applications of the stream, the tables and views of the warehouse, the Glue Data Catalog',
    statements: [
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: [artifacts.arnForObjects('spark-jobs/*'), artifacts.arnForObjects('flink-jobs/*')],
      }),
      // Without it S3 answers "access denied" for what nobody has uploaded yet.
      new PolicyStatement({ actions: ['s3:ListBucket'], resources: [artifacts.bucketArn] }),
      new PolicyStatement({
        actions: [
          'redshift-data:BatchExecuteStatement',
          'redshift-data:ExecuteStatement',
          'redshift-data:DescribeTable',
          'redshift-serverless:GetCredentials',
        ],
        resources: [workgroup.attrWorkgroupWorkgroupArn],
      }),
      // These know no resources.
      new PolicyStatement({
        actions: ['redshift-data:DescribeStatement', 'redshift-data:GetStatementResult'],
        resources: ['*'],
      }),
      new PolicyStatement({ actions: ['glue:GetDatabase', 'glue:CreateDatabase'], resources: ofDatabases }),
      new PolicyStatement({
        actions: ['glue:GetTables', 'glue:CreateTable', 'glue:UpdateTable'],
        resources: [...ofDatabases, ...databases.map((name) => glue(`table/${name}/*`))],
      }),
    ],
  });
}
