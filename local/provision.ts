import {
  CreateTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateApplicationCommand,
  EMRServerlessClient,
  paginateListApplications,
  StartApplicationCommand,
} from '@aws-sdk/client-emr-serverless';
import {
  CreateStreamCommand,
  type KinesisClient,
  ResourceInUseException as StreamExists,
} from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, HeadBucketCommand, NotFound, type S3Client } from '@aws-sdk/client-s3';
import { applicationNames } from '../model/applications.ts';
import { eventStream } from '../model/stream.ts';
import { lookupExpiry, lookupKey, streamApplications } from '../model/stream-applications.ts';

/** What infra/ makes in AWS, made on the local platform: buckets, the stream, the ledger's table and the EMR Serverless application. */
export const buckets = { raw: 'tideline-raw', lake: 'tideline-lake', artifacts: 'tideline-artifacts' } as const;

export const ledgerTable = 'tideline-ledger';

/** The role of the workers: here the access key with which they call. */
export const workerRole = 'tideline-worker';

export async function ensureBuckets(client: S3Client): Promise<void> {
  for (const bucket of Object.values(buckets)) {
    try {
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
    }
  }
}

/** With as many shards as an on-demand stream begins with. */
export async function ensureStream(client: KinesisClient, StreamName: string = eventStream.name): Promise<void> {
  try {
    await client.send(new CreateStreamCommand({ StreamName, ShardCount: 4 }));
  } catch (error) {
    if (!(error instanceof StreamExists)) throw error;
  }
}

export async function ensureLedger(client: DynamoDBClient, table: string = ledgerTable): Promise<void> {
  await ensureTable(client, table, ['product', 'interval']);
}

/** The tables that applications of the stream write for lookup. */
export async function ensureLookups(client: DynamoDBClient): Promise<void> {
  for (const { lookupTable: TableName } of streamApplications) {
    if (TableName === undefined || !(await ensureTable(client, TableName, [lookupKey]))) continue;
    const TimeToLiveSpecification = { AttributeName: lookupExpiry, Enabled: true };
    await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  }
}

/** Makes a table with this key of strings; tells whether it was not there. */
async function ensureTable(client: DynamoDBClient, TableName: string, key: readonly string[]): Promise<boolean> {
  try {
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: key.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: key.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
    return false;
  }
}

/**
 * The ids of the applications of the scheduled lane, which has begun to warm up as many drivers as it runs jobs at once, and
 * of the others, which runs one job and warms up its driver for the first; makes them when they are not there.
 */
export async function ensureApplications(client: EMRServerlessClient, scheduledAtOnce: number) {
  const applicationId = await findOrCreate(client, applicationNames.scheduled, scheduledAtOnce);
  await client.send(new StartApplicationCommand({ applicationId }));
  return { applicationId, backfillApplicationId: await findOrCreate(client, applicationNames.backfill, 1) };
}

async function findOrCreate(client: EMRServerlessClient, applicationName: string, jobsAtOnce: number): Promise<string> {
  for await (const page of paginateListApplications({ client }, {})) {
    const found = page.applications?.find(({ name, state }) => name === applicationName && state !== 'TERMINATED');
    if (found?.id) return found.id;
  }
  const created = await client.send(
    new CreateApplicationCommand({
      name: applicationName,
      type: 'SPARK',
      releaseLabel: 'emr-spark-8.0.0',
      clientToken: applicationName,
      autoStartConfiguration: { enabled: true },
      // As many drivers are kept warm.
      initialCapacity: { DRIVER: { workerCount: jobsAtOnce, workerConfiguration: { cpu: '2vCPU', memory: '4GB' } } },
      schedulerConfiguration: { maxConcurrentRuns: jobsAtOnce, queueTimeoutMinutes: 720 },
    }),
  );
  if (!created.applicationId) throw new Error('CreateApplication answered without an id');
  return created.applicationId;
}
