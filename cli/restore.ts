import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Client } from '@temporalio/client';
import { DateTime } from 'luxon';
import { z } from 'zod';
import { newestVersion } from '../activities/lake/delta-log.ts';
import { type RestorePoint, restorePointName } from '../activities/ledger/records.ts';
import { RestorePoints } from '../activities/ledger/restore-points.ts';
import { loadCatalogue } from '../products/catalogue.ts';
import { orchestrationQueue, type RestoreOutcome } from '../workflows/messages.ts';
import type { restoreTable, RestoreTableInput } from '../workflows/restore-table.ts';
import { type Environment, parseEnvironment } from './ledger.ts';

const openRestorePoints = (table: string): RestorePoints =>
  new RestorePoints(DynamoDBDocumentClient.from(new DynamoDBClient()), table);

const requestSchema = z.object({
  name: restorePointName,
  why: z.string().min(1, 'say what it is for'),
  days: z.int('must be a whole number').min(1).max(3650),
});

/** Keeps the newest version of a product's table readable for so many days, under a name. */
export async function createRestorePoint(
  environment: Environment,
  product: string,
  request: z.infer<typeof requestSchema>,
): Promise<RestorePoint> {
  const { TIDELINE_LEDGER_TABLE: table, TIDELINE_LAKE_BUCKET: bucket } = parseEnvironment(environment);
  const checked = requestSchema.safeParse(request);
  if (!checked.success) throw new RangeError(`The restore point is not valid:\n${z.prettifyError(checked.error)}`);
  const { key } = loadCatalogue().get(product);
  const version = await newestVersion(new S3Client({ forcePathStyle: true }), bucket, key);
  if (version === null) throw new RangeError(`${key} has no table yet: build it first.`);
  const { name, why, days } = checked.data;
  const now = DateTime.utc();
  const point = { name, version, why, at: now.toISO(), expiresAt: now.plus({ days }).toISO() };
  await openRestorePoints(table).create(key, point);
  return point;
}

export async function listRestorePoints(environment: Environment, product: string): Promise<RestorePoint[]> {
  return openRestorePoints(parseEnvironment(environment).TIDELINE_LEDGER_TABLE).list(loadCatalogue().get(product).key);
}

/** From then on maintenance may remove the version. */
export async function removeRestorePoint(environment: Environment, product: string, name: string): Promise<void> {
  const points = openRestorePoints(parseEnvironment(environment).TIDELINE_LEDGER_TABLE);
  await points.remove(loadCatalogue().get(product).key, name);
}

/** Puts a product's table back, and waits until it is. */
export async function restore(client: Client, input: RestoreTableInput): Promise<RestoreOutcome> {
  return client.workflow.execute<typeof restoreTable>('restoreTable', {
    workflowId: `restore/${input.product}`,
    taskQueue: orchestrationQueue,
    args: [input],
    staticSummary: `restore of ${input.product} to ${input.to}`,
  });
}

export function restorePointLine({ name, version, why, expiresAt }: RestorePoint): string {
  const until = expiresAt > DateTime.utc().toISO() ? `kept until ${expiresAt.slice(0, 10)}` : 'expired';
  return `  ${name}  version ${version}, ${until}: ${why}`;
}
