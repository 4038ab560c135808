import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { workgroupName } from './warehouse.ts';
import type { Used } from './worker-policy.ts';

/** What `lake deploy` does in AWS: the calls of `deployment/`, no more (test/unit/permissions.test.ts). `databases` are Glue's. */
export function createDeployPolicy(
  scope: Construct,
  { workgroup, artifacts }: Pick<Used, 'workgroup' | 'artifacts'>,
  databases: readonly string[],
): ManagedPolicy {
  const glue = (resource: string): string => Stack.of(scope).formatArn({ service: 'glue', resource });
  // CloudFormation does not tell the secret that Redshift makes: its name is that of the namespace and of its administrator.
  const adminSecret = Stack.of(scope).formatArn({
    ...{ service: 'secretsmanager', resource: 'secret', resourceName: `redshift!${workgroupName}-*` },
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
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
        ],
        resources: [workgroup.attrWorkgroupWorkgroupArn],
      }),
      // Users are made by the administrator alone: https://docs.aws.amazon.com/redshift/latest/dg/r_Users.html
      new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [adminSecret] }),
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
