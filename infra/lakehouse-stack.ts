import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnApplication } from 'aws-cdk-lib/aws-emrserverless';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnNamespace, CfnWorkgroup } from 'aws-cdk-lib/aws-redshiftserverless';
import type { Construct } from 'constructs';
import { createStorage } from './storage.ts';

const databaseName = 'lakehouse';
const workgroupName = 'tideline';

/** Everything the batch products need in AWS: buckets, the Spark application, the warehouse, and a role for each job to be done. */
export class LakehouseStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const { raw, lake, artifacts, ledger } = createStorage(this);

    const jobRole = new Role(this, 'JobRole', {
      assumedBy: new ServicePrincipal('emr-serverless.amazonaws.com'),
      description: 'Spark jobs: read raw events and their code, write tables, results and logs',
    });
    raw.grantRead(jobRole);
    lake.grantReadWrite(jobRole);
    artifacts.grantRead(jobRole, 'spark-jobs/*');
    artifacts.grantPut(jobRole, 'builds/*');
    artifacts.grantPut(jobRole, 'logs/*');

    const application = new CfnApplication(this, 'Spark', {
      name: 'tideline',
      type: 'SPARK',
      releaseLabel: 'emr-spark-8.0.0',
      autoStartConfiguration: { enabled: true },
      autoStopConfiguration: { enabled: true, idleTimeoutMinutes: 60 },
      // Drivers that are ready within seconds for the hourly builds; everything above is made on demand.
      initialCapacity: [
        {
          key: 'DRIVER',
          value: { workerCount: 2, workerConfiguration: { cpu: '4vCPU', memory: '16GB' } },
        },
      ],
      schedulerConfiguration: { maxConcurrentRuns: 50, queueTimeoutMinutes: 720 },
    });

    const copyRole = new Role(this, 'CopyRole', {
      assumedBy: new ServicePrincipal('redshift.amazonaws.com'),
      description: 'COPY of audited builds into the warehouse, UNLOAD of reports',
    });
    lake.grantRead(copyRole, '_staging/*');
    artifacts.grantReadWrite(copyRole, 'reports/*');

    const namespace = new CfnNamespace(this, 'Namespace', {
      namespaceName: workgroupName,
      dbName: databaseName,
      iamRoles: [copyRole.roleArn],
      manageAdminPassword: true,
      logExports: ['userlog', 'connectionlog', 'useractivitylog'],
    });
    const workgroup = new CfnWorkgroup(this, 'Workgroup', {
      workgroupName,
      namespaceName: namespace.namespaceName,
      baseCapacity: 32,
      publiclyAccessible: false,
      enhancedVpcRouting: true,
    });
    workgroup.addResourceDependency(namespace);

    const workers = new ManagedPolicy(this, 'WorkerPolicy', {
      description:
        'Data-plane workers: start and watch jobs, load the warehouse, read what builds say about themselves',
      statements: [
        new PolicyStatement({
          actions: [
            'emr-serverless:StartJobRun',
            'emr-serverless:GetJobRun',
            'emr-serverless:CancelJobRun',
            'emr-serverless:TagResource',
          ],
          resources: [application.attrArn, `${application.attrArn}/jobruns/*`],
        }),
        new PolicyStatement({ actions: ['iam:PassRole'], resources: [jobRole.roleArn] }),
        new PolicyStatement({
          actions: ['redshift-data:BatchExecuteStatement', 'redshift-serverless:GetCredentials'],
          resources: [workgroup.attrWorkgroupWorkgroupArn],
        }),
        // These two know no resources; the condition keeps them to statements of the same caller.
        new PolicyStatement({
          actions: ['redshift-data:DescribeStatement', 'redshift-data:CancelStatement'],
          resources: ['*'],
          conditions: { StringEquals: { 'redshift-data:statement-owner-iam-userid': '${aws:userid}' } },
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
        new PolicyStatement({ actions: ['s3:ListBucket'], resources: [lake.bucketArn] }),
      ],
    });

    const outputs = {
      TidelineRawBucket: raw.bucketName,
      TidelineLakeBucket: lake.bucketName,
      TidelineArtifactsBucket: artifacts.bucketName,
      TidelineLedgerTable: ledger.tableName,
      EmrApplicationId: application.attrApplicationId,
      EmrExecutionRoleArn: jobRole.roleArn,
      RedshiftWorkgroup: workgroupName,
      RedshiftDatabase: databaseName,
      RedshiftCopyRoleArn: copyRole.roleArn,
      WorkerPolicyArn: workers.managedPolicyArn,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
