import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EMRServerlessClient } from '@aws-sdk/client-emr-serverless';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { ensureAlarms, ensureTopics } from './alerts.ts';
import { awsEmulator, awsVariables } from './aws-emulator.ts';
import { delivery, eventStream } from '../model/stream.ts';
import { deliveryProcess } from './delivery/process.ts';
import { announceEnvironment, forgetAws } from './environment.ts';
import { kinesisClient } from './kinesis-client.ts';
import { freePort } from './ports.ts';
import {
  buckets,
  ensureApplications,
  ensureBuckets,
  ensureLedger,
  ensureLookups,
  ensureStream,
  ledgerTable,
  workerRole,
} from './provision.ts';
import { type ProcessSpec, Supervisor } from './supervisor.ts';
import { temporalServer } from './temporal.ts';

export interface PlatformOptions {
  /** The checkout: its tools are under `.tideline/tools`. */
  readonly root: string;
  /** Where all state is kept between runs. */
  readonly folder: string;
  readonly onStep?: (text: string) => void;
  /** Spark jobs that run at once, each in a warm driver that holds a gigabyte; one by default. */
  readonly jobsAtOnce?: number;
  /** Ports that people remember; another is taken where one is in use, and where none is wanted. */
  readonly wantedPorts?: { readonly temporal?: number; readonly webUi?: number; readonly postgres?: number };
  /** Gives the address under which all others reach a service that listens at `url`; for tests that stand in between. */
  readonly reachedAt?: (service: AwsService, url: string) => Promise<string>;
}

export type AwsService = 'aws' | 'emr-serverless' | 'redshift-data';

export interface Platform {
  readonly supervisor: Supervisor;
  /** Variables with which the AWS SDKs, Temporal's SDK and the workers find this platform. */
  readonly environment: Readonly<Record<string, string>>;
  readonly s3: S3Client;
  /** Takes what alarms tell (`alerts.ts`). */
  readonly alertsQueue: string;
  readonly webUi: string;
  readonly postgresUrl: string;
  stop(): Promise<void>;
}

/** One JSON object that a server prints when it serves. */
export function announcement(stdout: string): Record<string, unknown> | undefined {
  const line = stdout.split('\n').find((text) => text.startsWith('{') && text.includes('"listening"'));
  return line ? (JSON.parse(line) as Record<string, unknown>) : undefined;
}

const announced = (stdout: string): boolean => stdout.includes('\n') && announcement(stdout) !== undefined;

/** Starts the AWS emulator, EMR Serverless, Managed Flink, Redshift, Temporal and the stream’s delivery, each on 127.0.0.1 with its state under `folder`. */
export async function startPlatform({
  root,
  folder,
  onStep = () => undefined,
  jobsAtOnce = 1,
  wantedPorts = {},
  reachedAt = (_, url) => Promise.resolve(url),
}: PlatformOptions): Promise<Platform> {
  mkdirSync(folder, { recursive: true });
  forgetAws(process.env);
  const supervisor = new Supervisor(folder);
  const bin = join(root, '.tideline', 'tools', 'venv', 'bin');
  const data = (name: string): string => join(folder, 'data', name);
  mkdirSync(data(''), { recursive: true });
  const node = (name: string, file: string, env: Record<string, string>): ProcessSpec => ({
    name,
    command: process.execPath,
    args: [join(root, file)],
    env,
    isReady: announced,
    readyTimeoutMs: 180_000,
  });

  try {
    const awsPort = await freePort();
    const awsUrl = `http://127.0.0.1:${awsPort}`;
    const aws = awsVariables(await reachedAt('aws', awsUrl));
    const ports = {
      grpc: await freePort(wantedPorts.temporal),
      ui: await freePort(wantedPorts.webUi),
      metrics: await freePort(),
    };
    onStep('Temporal, S3, EMR Serverless, Managed Flink and Redshift');
    const [, , cloudWatch, redshift] = await Promise.all([
      supervisor.start(temporalServer(join(bin, 'temporal'), ports, data('temporal.db'))),
      supervisor.start(awsEmulator(root, awsPort, data(''), aws)),
      supervisor.start(node('cloudwatch', 'local/cloudwatch/main.ts', aws)),
      supervisor.start(
        node('redshift-data', 'local/redshift-data/main.ts', {
          ...aws,
          REDSHIFT_DATA_DIR: data('redshift'),
          REDSHIFT_DATA_ROLES: workerRole,
          REDSHIFT_DATA_POSTGRES_PORT: String(await freePort(wantedPorts.postgres)),
        }),
      ),
    ]);
    const figures = { AWS_ENDPOINT_URL_CLOUDWATCH: String(announcement(cloudWatch.readyOutput)?.listening) };
    const [emr, flink] = await Promise.all([
      supervisor.start(
        node('emr-serverless', 'local/emr-serverless/main.ts', {
          ...aws,
          ...figures,
          EMR_SERVERLESS_STATE_DIR: data('emr-serverless'),
          EMR_SERVERLESS_MAX_CONCURRENT_RUNS: String(jobsAtOnce),
          EMR_SERVERLESS_WARM_DRIVERS: String(jobsAtOnce),
        }),
      ),
      supervisor.start(
        node('managed-flink', 'local/managed-flink/main.ts', {
          ...aws,
          ...figures,
          MANAGED_FLINK_STATE_DIR: data('managed-flink'),
          MANAGED_FLINK_LOG_DIR: join(folder, 'logs'),
        }),
      ),
    ]);
    const redshiftReady = announcement(redshift.readyOutput) as {
      listening: string;
      postgres: { host: string; port: number; database: string };
    };
    const endpoints = {
      ...aws,
      ...figures,
      AWS_ENDPOINT_URL_EMR_SERVERLESS: await reachedAt(
        'emr-serverless',
        String(announcement(emr.readyOutput)?.listening),
      ),
      AWS_ENDPOINT_URL_KINESIS_ANALYTICS_V2: String(announcement(flink.readyOutput)?.listening),
      AWS_ENDPOINT_URL_REDSHIFT_DATA: await reachedAt('redshift-data', redshiftReady.listening),
    };
    Object.assign(process.env, endpoints);

    onStep('buckets, the stream, the ledger, alarms and the EMR Serverless applications');
    const s3 = new S3Client({ forcePathStyle: true });
    const webUi = `http://127.0.0.1:${ports.ui}`;
    const workflowsUrl = `${webUi}/namespaces/default/workflows`;
    const alerting = async () => {
      const { queueUrl, arns } = await ensureTopics(new SNSClient(), new SQSClient());
      await ensureAlarms(new CloudWatchClient(), arns, workflowsUrl);
      return { queueUrl, topicArn: arns.team };
    };
    const streaming = async () => {
      await Promise.all([ensureBuckets(s3), ensureStream(kinesisClient())]);
      const settings = {
        DELIVERY_STATE_DIR: data('delivery'),
        DELIVERY_BUCKET: buckets.raw,
        DELIVERY_PREFIX: delivery.folder,
        // Who watches here does not wait for a quarter of an hour.
        DELIVERY_BUFFER_SECONDS: '10',
      };
      await supervisor.start(deliveryProcess(root, { ...awsVariables(awsUrl), ...figures, ...settings }));
    };
    const ensureTables = async () => {
      const dynamodb = new DynamoDBClient();
      await Promise.all([ensureLedger(dynamodb), ensureLookups(dynamodb)]);
    };
    const [alerts] = await Promise.all([alerting(), streaming(), ensureTables()]);
    const { applicationId, backfillApplicationId } = await ensureApplications(new EMRServerlessClient(), jobsAtOnce);
    const { host, port, database } = redshiftReady.postgres;
    const environment = {
      ...endpoints,
      TEMPORAL_ADDRESS: `127.0.0.1:${ports.grpc}`,
      TIDELINE_RAW_BUCKET: buckets.raw,
      TIDELINE_LAKE_BUCKET: buckets.lake,
      TIDELINE_ARTIFACTS_BUCKET: buckets.artifacts,
      TIDELINE_LEDGER_TABLE: ledgerTable,
      TIDELINE_ALERTS_TOPIC_ARN: alerts.topicArn,
      TIDELINE_WORKFLOWS_URL: workflowsUrl,
      TIDELINE_WORKER_ROLE: workerRole,
      EMR_APPLICATION_ID: applicationId,
      EMR_BACKFILL_APPLICATION_ID: backfillApplicationId,
      EMR_EXECUTION_ROLE_ARN: 'arn:aws:iam::000000000000:role/tideline-jobs',
      EMR_MAINTENANCE_ROLE_ARN: 'arn:aws:iam::000000000000:role/tideline-maintenance',
      EMR_POLL_INTERVAL_MS: '200',
      EMR_SUBMISSIONS_PER_SECOND: '20',
      EMR_POLLS_PER_SECOND: '50',
      TIDELINE_STREAM_ARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${eventStream.name}`,
      FLINK_TRIP_SESSIONS_ROLE_ARN: 'arn:aws:iam::000000000000:role/tideline-trip-sessions',
      FLINK_SURGE_PRICING_ROLE_ARN: 'arn:aws:iam::000000000000:role/tideline-surge-pricing',
      FLINK_PARALLELISM: '1',
      FLINK_CHECKPOINT_INTERVAL_MS: '10000',
      FLINK_POLL_INTERVAL_MS: '500',
      REDSHIFT_WORKGROUP: 'tideline',
      REDSHIFT_DATABASE: database,
      REDSHIFT_ADMIN_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:redshift-admin',
      REDSHIFT_COPY_ROLE_ARN: 'arn:aws:iam::000000000000:role/tideline-copy',
      SHUTDOWN_GRACE_SECONDS: '1',
      TIDELINE_LATE_DEBOUNCE_SECONDS: '10',
    };
    const withdraw = announceEnvironment(folder, environment);
    return {
      supervisor,
      s3,
      alertsQueue: alerts.queueUrl,
      webUi,
      postgresUrl: `postgresql://analyst@${host}:${port}/${database}`,
      environment,
      stop: async () => {
        withdraw();
        await supervisor.stop();
      },
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

/** Starts a worker process on a platform, under a name of its own where there is another. Gives the address of its Prometheus metrics. */
export async function startWorker(
  platform: Platform,
  root: string,
  environment: Readonly<Record<string, string>>,
  worker: 'orchestration' | 'data-plane',
  name: string = worker,
): Promise<string> {
  // None that others want too: a worker that is started again needs its own once more.
  const metricsPort = await freePort();
  await platform.supervisor.start({
    name,
    command: process.execPath,
    args: [join(root, 'workers', `${worker}.ts`)],
    // Another caller than who deployed: the warehouse lets it do no more than what it was granted.
    env: { ...platform.environment, AWS_ACCESS_KEY_ID: workerRole, ...environment, METRICS_PORT: String(metricsPort) },
    isReady: (stdout) => stdout.includes('"ready"'),
    readyTimeoutMs: 90_000,
  });
  return `http://127.0.0.1:${metricsPort}/metrics`;
}
