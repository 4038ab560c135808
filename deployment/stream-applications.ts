import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HeadObjectCommand, NotFound, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Client } from '@temporalio/client';
import { type DesiredApplication, redeploySignal, type SuperviseStreamInput } from '../model/messages/streams.ts';
import { orchestrationQueue } from '../model/queues.ts';
import {
  applicationLogGroup,
  applicationLogStream,
  streamApplications,
  type StreamApplication,
  supervisionId,
} from '../model/stream-applications.ts';
import type { superviseStream } from '../workflows/supervise-stream.ts';
import { type Environment, readVariables } from '../workers/config.ts';

const checkout = dirname(import.meta.dirname);

/** Uploads an application's jar under the hash of its content, and returns where it is. What is there is left alone. */
async function publishJar(
  client: S3Client,
  bucket: string,
  { name }: StreamApplication,
  root: string,
): Promise<string> {
  const file = join(root, 'flink-jobs', name, 'target', `${name}.jar`);
  if (!existsSync(file)) throw new Error(`${file} is missing: \`npm run build-streams\` builds it`);
  const jar = readFileSync(file);
  const key = `flink-jobs/${name}/${createHash('sha256').update(jar).digest('hex')}.jar`;
  try {
    await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: jar }));
  }
  return `s3://${bucket}/${key}`;
}

/**
 * Uploads the applications of the stream, and tells what each should be like. A variable that names another endpoint of AWS
 * is passed on to the jobs, which run on other machines than this one.
 */
export async function publishApplications(
  client: S3Client,
  environment: Environment,
  root = checkout,
): Promise<DesiredApplication[]> {
  const values = readVariables(
    environment,
    'TIDELINE_ARTIFACTS_BUCKET',
    'TIDELINE_LAKE_BUCKET',
    'TIDELINE_STREAM_ARN',
    'FLINK_TRIP_SESSIONS_ROLE_ARN',
    'FLINK_SURGE_PRICING_ROLE_ARN',
    'FLINK_PARALLELISM',
    'FLINK_CHECKPOINT_INTERVAL_MS',
  );
  const roles: Readonly<Record<string, string>> = {
    'trip-sessions': values.FLINK_TRIP_SESSIONS_ROLE_ARN,
    'surge-pricing': values.FLINK_SURGE_PRICING_ROLE_ARN,
  };
  const roleOf = ({ name }: StreamApplication): string => {
    const role = roles[name];
    if (role === undefined) throw new Error(`No variable names the role of ${name}: add one to workers/config.ts`);
    return role;
  };
  const [, partition = '', , region = '', account = ''] = values.TIDELINE_STREAM_ARN.split(':');
  const endpointOf = (service: string): string | undefined =>
    environment[`AWS_ENDPOINT_URL_${service}`] ?? environment.AWS_ENDPOINT_URL;
  const [kinesis, dynamodb] = ['KINESIS', 'DYNAMODB'].map(endpointOf);
  return Promise.all(
    streamApplications.map(async (application) => ({
      application: application.name,
      description: application.description,
      code: await publishJar(client, values.TIDELINE_ARTIFACTS_BUCKET, application, root),
      roleArn: roleOf(application),
      logStreamArn: `arn:${partition}:logs:${region}:${account}:log-group:${applicationLogGroup(application.name)}:log-stream:${applicationLogStream}`,
      parallelism: values.FLINK_PARALLELISM,
      checkpointIntervalMs: values.FLINK_CHECKPOINT_INTERVAL_MS,
      properties: {
        'stream.arn': values.TIDELINE_STREAM_ARN,
        output: `s3://${values.TIDELINE_LAKE_BUCKET}`,
        ...(kinesis !== undefined && { 'aws.endpoint': kinesis }),
        ...(application.lookupTable !== undefined && { 'lookup.table': application.lookupTable }),
        ...(application.lookupTable !== undefined && dynamodb !== undefined && { 'dynamodb.endpoint': dynamodb }),
      },
    })),
  );
}

/** Has each application supervised as it should be; one that is supervised already is told. */
export async function superviseStreams(
  client: Client,
  applications: readonly DesiredApplication[],
  settings: Omit<SuperviseStreamInput, 'desired'> = {},
): Promise<void> {
  for (const desired of applications)
    await client.workflow.signalWithStart<typeof superviseStream, [DesiredApplication]>('superviseStream', {
      workflowId: supervisionId(desired.application),
      taskQueue: orchestrationQueue,
      args: [{ desired, ...settings }],
      signal: redeploySignal,
      signalArgs: [desired],
      staticSummary: desired.description,
    });
}
