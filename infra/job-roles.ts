import { Stack } from 'aws-cdk-lib';
import type { CfnApplication } from 'aws-cdk-lib/aws-emrserverless';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Storage } from './storage.ts';

/** What Spark jobs may do, by what they are for: only maintenance deletes published files. */
export function createJobRoles(
  scope: Construct,
  applications: readonly CfnApplication[],
  { raw, lake, artifacts }: Storage,
  rawFolders: readonly string[],
) {
  const allow = (actions: string[], ...resources: string[]) => new PolicyStatement({ actions, resources });
  const everyJob = [
    allow(['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'], lake.arnForObjects('*')),
    allow(['s3:GetObject'], artifacts.arnForObjects('spark-jobs/*')),
    allow(['s3:PutObject'], artifacts.arnForObjects('builds/*'), artifacts.arnForObjects('logs/*')),
    // Hadoop writes no file before it has looked whether a folder has its name.
    allow(['s3:ListBucket'], lake.bucketArn, artifacts.bucketArn),
  ];
  const role = (id: string, description: string, ...statements: PolicyStatement[]): Role => {
    const made = new Role(scope, id, {
      // No other application runs jobs with these rights.
      assumedBy: new ServicePrincipal('emr-serverless.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(scope).account },
          ArnEquals: { 'aws:SourceArn': applications.map(({ attrArn }) => attrArn) },
        },
      }),
      description,
    });
    for (const statement of [...everyJob, ...statements]) made.addToPolicy(statement);
    return made;
  };
  return {
    build: role(
      'JobRole',
      'Builds and restores: read raw events, write tables, results and logs',
      allow(['s3:ListBucket'], raw.bucketArn),
      // Before it lists a folder Hadoop looks whether it is a file.
      allow(
        ['s3:GetObject'],
        ...rawFolders.flatMap((folder) => [folder, `${folder}/*`].map((key) => raw.arnForObjects(key))),
      ),
      // Delta removes what is old of a table's log with every tenth commit.
      allow(['s3:DeleteObject'], lake.arnForObjects('_staging/*'), lake.arnForObjects('*/_delta_log/*')),
    ),
    maintenance: role(
      'MaintenanceRole',
      'Maintenance: compact tables, delete files that no version needs',
      allow(['s3:DeleteObject'], lake.arnForObjects('*')),
    ),
  };
}
