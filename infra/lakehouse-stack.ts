import { CfnOutput, CfnParameter, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnApplication } from 'aws-cdk-lib/aws-emrserverless';
import type { Construct } from 'constructs';
import { runbooksFolder } from '../model/alarms.ts';
import { applicationNames } from '../model/applications.ts';
import { loadCatalogue, rawProducts } from '../model/catalogue.ts';
import { createAlarms } from './alarms.ts';
import { createDashboard } from './dashboard.ts';
import { createDeployPolicy } from './deploy-policy.ts';
import { createIngestion } from './ingestion.ts';
import { createJobRoles } from './job-roles.ts';
import { createNetwork } from './network.ts';
import { createStreams, pascalCase } from './streams.ts';
import { createStorage } from './storage.ts';
import { createWarehouse, databaseName, workgroupName } from './warehouse.ts';
import { createWorkerPolicy } from './worker-policy.ts';

export interface LakehouseProps extends StackProps {
  /** What all jobs together may use at once, which bounds what they cost in an hour. */
  readonly maximumVcpu?: number;
}

/** A worker as EMR Serverless makes it by default: https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/jobs-spark.html */
const worker = { vcpu: 4, memoryGb: 16, diskGb: 20 };
/** A driver and the three executors that a job begins with. */
const workersAtStart = 4;
const catalogue = loadCatalogue();
const rawFolders = rawProducts(catalogue).map(({ source }) => source.folder);
const streamFolders = [...catalogue.streams.values()].map(({ files }) => files.folder);
const layers = [...new Set([...catalogue.products.values()].map(({ layer }) => layer))];

/** Everything the batch products need in AWS: the stream, buckets, the Spark application, the warehouse, and a role for each job to be done. */
export class LakehouseStack extends Stack {
  constructor(scope: Construct, id: string, { maximumVcpu = 800, ...props }: LakehouseProps = {}) {
    super(scope, id, props);
    // A half each: what a backfill leaves of its half is not lent, and what the hourly builds need is always there.
    const workers = Math.floor(maximumVcpu / Object.keys(applicationNames).length / worker.vcpu);
    if (!(workers >= workersAtStart))
      throw new RangeError(
        `maximumVcpu is ${maximumVcpu}: each of two applications needs ${workersAtStart * worker.vcpu} for one job (a driver and three executors).`,
      );
    const storage = createStorage(this, streamFolders);
    const network = createNetwork(this);
    const { producerPolicy, ...events } = createIngestion(this, storage);
    const streams = createStreams(this, storage, events);

    const common = {
      type: 'SPARK',
      networkConfiguration: network.spark,
      // Spark 4.0.2, as on the local platform; its support ends on 2027-05-20. 8.2.0 is supported until 2029, but has
      // Spark 4.1 and Delta Lake 4.2: both change together. `s3://` is S3A in either.
      releaseLabel: 'emr-spark-8.0.0',
      autoStartConfiguration: { enabled: true },
      autoStopConfiguration: { enabled: true, idleTimeoutMinutes: 60 },
      maximumCapacity: {
        cpu: `${workers * worker.vcpu}vCPU`,
        memory: `${workers * worker.memoryGb}GB`,
        disk: `${workers * worker.diskGb}GB`,
      },
      // As many as find room to begin; others wait in the queue.
      schedulerConfiguration: { maxConcurrentRuns: Math.floor(workers / workersAtStart), queueTimeoutMinutes: 720 },
    };
    const application = new CfnApplication(this, 'Spark', {
      ...common,
      name: applicationNames.scheduled,
      // Drivers that are ready within seconds for the hourly builds; everything above is made on demand.
      initialCapacity: [
        {
          key: 'DRIVER',
          value: { workerCount: 2, workerConfiguration: { cpu: '4vCPU', memory: '16GB' } },
        },
      ],
    });
    // The queue of an application knows no lanes: late data and backfills wait in one of their own.
    const backfillApplication = new CfnApplication(this, 'SparkBackfill', {
      ...common,
      name: applicationNames.backfill,
    });
    const applications = [application, backfillApplication];
    const jobRoles = createJobRoles(this, applications, storage, rawFolders);
    const { copyRole, workgroup } = createWarehouse(this, storage, network.warehouse, streamFolders);
    const workflowsUrl = new CfnParameter(this, 'WorkflowsUrl', {
      description: 'The page of Temporal’s Web UI that lists the namespace’s runs: https://…/namespaces/…/workflows',
      allowedPattern: '^https?://.+/workflows$',
    }).valueAsString;
    const runbooksUrl = new CfnParameter(this, 'RunbooksUrl', {
      description: 'Where docs/runbooks is to be read, without a slash at its end',
      default: runbooksFolder,
    }).valueAsString;
    const alerts = createAlarms(this, workflowsUrl, runbooksUrl);
    const workerPolicy = createWorkerPolicy(this, {
      ...storage,
      alerts,
      applications,
      jobRoles: Object.values(jobRoles),
      workgroup,
      streams,
      streamTables: [...catalogue.streams.keys()],
    });
    createDashboard(this, {
      scheduled: application.attrApplicationId,
      backfill: backfillApplication.attrApplicationId,
    });
    const deployPolicy = createDeployPolicy(this, { ...storage, workgroup }, layers);

    const outputs = {
      TidelineRawBucket: storage.raw.bucketName,
      TidelineLakeBucket: storage.lake.bucketName,
      TidelineArtifactsBucket: storage.artifacts.bucketName,
      TidelineLedgerTable: storage.ledger.tableName,
      TidelineAlertsTopicArn: alerts.topicArn,
      TidelineWorkflowsUrl: workflowsUrl,
      TidelineRunbooksUrl: runbooksUrl,
      TidelineStreamArn: events.stream.streamArn,
      ...Object.fromEntries(streams.map(({ name, role }) => [`Flink${pascalCase(name)}RoleArn`, role.roleArn])),
      EmrApplicationId: application.attrApplicationId,
      EmrBackfillApplicationId: backfillApplication.attrApplicationId,
      EmrExecutionRoleArn: jobRoles.build.roleArn,
      EmrMaintenanceRoleArn: jobRoles.maintenance.roleArn,
      RedshiftWorkgroup: workgroupName,
      RedshiftDatabase: databaseName,
      RedshiftCopyRoleArn: copyRole.roleArn,
      WorkerPolicyArn: workerPolicy.managedPolicyArn,
      DeployPolicyArn: deployPolicy.managedPolicyArn,
      ProducerPolicyArn: producerPolicy.managedPolicyArn,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
