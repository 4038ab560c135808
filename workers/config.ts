import { z } from 'zod';
import { runbooksFolder } from '../model/alarms.ts';
import { knownPrices } from '../activities/emr-serverless/prices.ts';

const bucket = z.string().regex(/^[a-z0-9][a-z0-9.-]{2,62}$/, 'must be an S3 bucket name');
const role = z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, 'must be the ARN of an IAM role');
const application = z.string().regex(/^[0-9a-z]+$/, 'must be the id of an EMR Serverless application');
const topic = z.string().regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/, 'must be the ARN of an SNS topic');
const port = z.coerce.number().int().min(1).max(65535);

const price = z.coerce.number().positive().optional();

/** Every variable that workers and commands read, besides those that the AWS SDK (`AWS_*`) and Temporal (`TEMPORAL_*`) read themselves. */
const variables = z.object({
  /** Name of the data plane's IAM role; read by `lake deploy` alone. */
  TIDELINE_WORKER_ROLE: z.string().regex(/^[\w+=,.@-]{1,64}$/, 'must be the name of an IAM role, without its path'),
  AWS_REGION: z.string().default(''),
  TIDELINE_RAW_BUCKET: bucket,
  TIDELINE_LAKE_BUCKET: bucket,
  TIDELINE_ARTIFACTS_BUCKET: bucket,
  /** Content hash of the packaged Spark jobs, as `npm run lake -- deploy` prints it. */
  TIDELINE_JOBS_VERSION: z.string().regex(/^[0-9a-f]{64}$/, 'must be the hash that `npm run lake -- deploy` printed'),
  /** Version of the orchestration worker: what identifies its code, such as the commit or the image's digest. */
  TIDELINE_BUILD_ID: z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/, 'must be 1 to 128 letters, digits, "_", "." or "-"'),
  /** The workflows as one script, made beforehand; without it the orchestration worker makes it when it starts. */
  TIDELINE_WORKFLOW_BUNDLE: z.string().optional(),
  TIDELINE_EARLIEST_EVENT: z.iso.date().optional(),
  /** Runs the jobs of the scheduled lane. */
  EMR_APPLICATION_ID: application,
  /** Runs those of the late and the backfill lane, so that they never stand before the scheduled ones in a queue. */
  EMR_BACKFILL_APPLICATION_ID: application,
  EMR_EXECUTION_ROLE_ARN: role,
  EMR_MAINTENANCE_ROLE_ARN: role,
  /** What a vCPU and a GB of memory cost in an hour; known for the regions in `activities/emr-serverless/prices.ts`. */
  EMR_USD_PER_VCPU_HOUR: price,
  EMR_USD_PER_GB_HOUR: price,
  EMR_SUBMIT_PARAMETERS: z.string().default(''),
  /** The longest that any job may run; contracts give builds less. */
  EMR_JOB_TIMEOUT_MINUTES: z.coerce.number().int().positive().default(360),
  EMR_POLL_INTERVAL_MS: z.coerce.number().int().min(50).default(5000),
  /** StartJobRun calls of all workers together; the account's quota is one a second. */
  EMR_SUBMISSIONS_PER_SECOND: z.coerce.number().positive().default(1),
  /** This worker's share of the account's 10 GetJobRun a second. */
  EMR_POLLS_PER_SECOND: z.coerce.number().positive().default(8),
  /** Between two looks at an application of the stream that changes. */
  FLINK_POLL_INTERVAL_MS: z.coerce.number().int().min(50).default(5000),
  /** The stream of events, what its applications may do, and their size; read by `lake deploy` alone. */
  TIDELINE_STREAM_ARN: z
    .string()
    .regex(/^arn:aws[a-z-]*:kinesis:[a-z0-9-]+:\d{12}:stream\/[\w.-]+$/, 'must be the ARN of a Kinesis stream'),
  FLINK_TRIP_SESSIONS_ROLE_ARN: role,
  FLINK_SURGE_PRICING_ROLE_ARN: role,
  /** How many subtasks an application has side by side. */
  FLINK_PARALLELISM: z.coerce.number().int().min(1).default(20),
  /** Files of an application appear with its checkpoints. */
  FLINK_CHECKPOINT_INTERVAL_MS: z.coerce.number().int().min(1000).default(60_000),
  REDSHIFT_WORKGROUP: z.string().min(1),
  REDSHIFT_DATABASE: z.string().min(1),
  /** Of who owns what is in the warehouse: makes its users and tables; read by `lake deploy` alone. */
  REDSHIFT_ADMIN_SECRET_ARN: z
    .string()
    .regex(/^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+$/, 'must be the ARN of a secret'),
  REDSHIFT_COPY_ROLE_ARN: role,
  REDSHIFT_LONG_POLL_SECONDS: z.coerce.number().int().min(0).max(30).default(30),
  TIDELINE_LEDGER_TABLE: z.string().regex(/^[A-Za-z0-9_.-]{3,255}$/, 'must be the name of a DynamoDB table'),
  /** How long dates that late events have changed are collected before they are restated. */
  TIDELINE_LATE_DEBOUNCE_SECONDS: z.coerce.number().int().min(1).default(900),
  /** A restatement of more jobs than this waits for approval. */
  TIDELINE_LATE_APPROVAL_OVER_JOBS: z.coerce.number().int().min(0).default(100),
  /** Where the watch tells what it finds. */
  TIDELINE_ALERTS_TOPIC_ARN: topic,
  /** The page of Temporal's Web UI that lists this namespace's runs: what people are told links to it. */
  TIDELINE_WORKFLOWS_URL: z
    .url({
      protocol: /^https?$/,
      error: 'must be an address such as https://temporal.example.com/namespaces/lakehouse/workflows',
    })
    .regex(/\/workflows$/, 'must end with /workflows'),
  /** Where the runbooks are to be read, so that what people are told links to them too; else it names their files. */
  TIDELINE_RUNBOOKS_URL: z.string().min(1).default(runbooksFolder),
  /** Where Prometheus scrapes this process; no metrics are served without it. */
  METRICS_PORT: port.optional(),
  /** On which of this machine's addresses; 0.0.0.0 (all) where the scraper is on another. */
  METRICS_HOST: z.union([z.ipv4(), z.ipv6()], 'must be an IP address').default('127.0.0.1'),
  SHUTDOWN_GRACE_SECONDS: z.coerce.number().int().min(0).default(10),
});

type Variables = z.infer<typeof variables>;

const workerSchema = variables
  .omit({
    TIDELINE_WORKER_ROLE: true,
    TIDELINE_STREAM_ARN: true,
    FLINK_TRIP_SESSIONS_ROLE_ARN: true,
    FLINK_SURGE_PRICING_ROLE_ARN: true,
    FLINK_PARALLELISM: true,
    FLINK_CHECKPOINT_INTERVAL_MS: true,
    REDSHIFT_ADMIN_SECRET_ARN: true,
  })
  .transform((values, context) => {
    const { AWS_REGION: region, EMR_USD_PER_VCPU_HOUR: vcpu, EMR_USD_PER_GB_HOUR: gb } = values;
    const told = vcpu !== undefined && gb !== undefined && { usdPerVcpuHour: vcpu, usdPerMemoryGbHour: gb };
    const prices = told || (vcpu === undefined && gb === undefined && knownPrices[region]);
    if (prices) return { ...values, prices };
    const message = `prices are known of ${Object.keys(knownPrices).join(', ')}, not of "${region}": set EMR_USD_PER_VCPU_HOUR and EMR_USD_PER_GB_HOUR, both, to those of https://aws.amazon.com/emr/pricing/`;
    context.addIssue({ code: 'custom', path: ['AWS_REGION'], message });
    return z.NEVER;
  });

const addressOf = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

export type Environment = Readonly<Record<string, string | undefined>>;

export type Config = Readonly<ReturnType<typeof parseConfig>>;

function check<Values>(schema: z.ZodType<Values>, environment: Environment, advice = ''): Values {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The environment is not complete (see workers/config.ts):\n${problems.join('\n')}\n${advice}`.trim());
}

/** The variables of these names alone, for a command that needs no others. Throws as `parseConfig` does. */
export function readVariables<Name extends keyof Variables>(
  environment: Environment,
  ...names: readonly Name[]
): Pick<Variables, Name> {
  const asked: z.ZodType = z.object(Object.fromEntries(names.map((name) => [name, variables.shape[name]])));
  return check(asked, environment, 'On this machine, start the platform first: npm start') as Pick<Variables, Name>;
}

/** Reads the configuration once. Throws one Error that names every variable that is missing or wrong, and what is allowed. */
export function parseConfig(environment: Environment) {
  const values = check(workerSchema, environment);
  const artifactsUri = `s3://${values.TIDELINE_ARTIFACTS_BUCKET}`;
  return Object.freeze({
    job: {
      jobsUri: `${artifactsUri}/spark-jobs/${values.TIDELINE_JOBS_VERSION}`,
      lakeUri: `s3://${values.TIDELINE_LAKE_BUCKET}`,
      rawBucketUri: `s3://${values.TIDELINE_RAW_BUCKET}`,
      buildsUri: `${artifactsUri}/builds`,
      submitParameters: values.EMR_SUBMIT_PARAMETERS,
      timeoutMinutes: values.EMR_JOB_TIMEOUT_MINUTES,
      earliestEvent: values.TIDELINE_EARLIEST_EVENT,
    },
    emrServerless: {
      applicationId: values.EMR_APPLICATION_ID,
      backfillApplicationId: values.EMR_BACKFILL_APPLICATION_ID,
      executionRoleArn: values.EMR_EXECUTION_ROLE_ARN,
      maintenanceRoleArn: values.EMR_MAINTENANCE_ROLE_ARN,
      prices: values.prices,
      logUri: `${artifactsUri}/logs`,
      pollIntervalMs: values.EMR_POLL_INTERVAL_MS,
      submissionsPerSecond: values.EMR_SUBMISSIONS_PER_SECOND,
      pollsPerSecond: values.EMR_POLLS_PER_SECOND,
    },
    managedFlink: { pollIntervalMs: values.FLINK_POLL_INTERVAL_MS },
    redshift: {
      workgroup: values.REDSHIFT_WORKGROUP,
      database: values.REDSHIFT_DATABASE,
      copyRoleArn: values.REDSHIFT_COPY_ROLE_ARN,
      longPollSeconds: values.REDSHIFT_LONG_POLL_SECONDS,
    },
    lateData: {
      debounceSeconds: values.TIDELINE_LATE_DEBOUNCE_SECONDS,
      approvalOverJobs: values.TIDELINE_LATE_APPROVAL_OVER_JOBS,
    },
    alerts: {
      topicArn: values.TIDELINE_ALERTS_TOPIC_ARN,
      workflowsUrl: values.TIDELINE_WORKFLOWS_URL,
      runbooksUrl: values.TIDELINE_RUNBOOKS_URL,
    },
    buildId: values.TIDELINE_BUILD_ID,
    workflowBundle: values.TIDELINE_WORKFLOW_BUNDLE,
    jobsVersion: values.TIDELINE_JOBS_VERSION,
    ledgerTable: values.TIDELINE_LEDGER_TABLE,
    lakeBucket: values.TIDELINE_LAKE_BUCKET,
    metricsAddress: values.METRICS_PORT === undefined ? undefined : addressOf(values.METRICS_HOST, values.METRICS_PORT),
    shutdownGraceMs: values.SHUTDOWN_GRACE_SECONDS * 1000,
  });
}
