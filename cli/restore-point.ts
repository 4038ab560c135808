import { S3Client } from '@aws-sdk/client-s3';
import { Command } from 'commander';
import { DateTime } from 'luxon';
import { z } from 'zod';
import { newestVersion } from '../activities/lake/delta-log.ts';
import { type RestorePoint, restorePointName } from '../activities/ledger/records.ts';
import type { RestorePoints } from '../activities/ledger/restore-points.ts';
import { loadCatalogue } from '../model/catalogue.ts';
import { openRestorePoints } from '../workers/clients.ts';
import { type Environment, readVariables } from '../workers/config.ts';
import { lakeEnvironment } from './environment.ts';

const requestSchema = z.object({
  name: restorePointName,
  why: z.string().min(1, 'say what it is for'),
  days: z.int('must be a whole number').min(1).max(3650),
});

const pointsOf = (environment: Environment): RestorePoints =>
  openRestorePoints(readVariables(environment, 'TIDELINE_LEDGER_TABLE').TIDELINE_LEDGER_TABLE);

/** Keeps the newest version of a product's table readable for so many days, under a name. */
export async function createRestorePoint(
  environment: Environment,
  product: string,
  request: z.infer<typeof requestSchema>,
): Promise<RestorePoint> {
  const { TIDELINE_LAKE_BUCKET: bucket } = readVariables(environment, 'TIDELINE_LAKE_BUCKET');
  const checked = requestSchema.safeParse(request);
  if (!checked.success) throw new RangeError(`The restore point is not valid:\n${z.prettifyError(checked.error)}`);
  const { key } = loadCatalogue().get(product);
  const version = await newestVersion(new S3Client({ forcePathStyle: true }), bucket, key);
  if (version === null) throw new RangeError(`${key} has no table yet: build it first.`);
  const { name, why, days } = checked.data;
  const now = DateTime.utc();
  const point = { name, version, why, at: now.toISO(), expiresAt: now.plus({ days }).toISO() };
  await pointsOf(environment).create(key, point);
  return point;
}

function restorePointLine({ name, version, why, expiresAt }: RestorePoint): string {
  const until = expiresAt > DateTime.utc().toISO() ? `kept until ${expiresAt.slice(0, 10)}` : 'expired';
  return `  ${name}  version ${version}, ${until}: ${why}`;
}

export const restorePointCommand = new Command('restore-point').description(
  'versions of a table that stay readable, under a name',
);

restorePointCommand
  .command('create')
  .description('keep the newest version of a table')
  .argument('<product>', 'such as silver.trips')
  .argument('<name>', 'such as before-new-fares')
  .requiredOption('--why <text>', 'what it is for')
  .option('--days <number>', 'for how long', Number, 30)
  .action(async (product: string, name: string, options: { why: string; days: number }) => {
    console.log(restorePointLine(await createRestorePoint(lakeEnvironment(), product, { name, ...options })));
  });

restorePointCommand
  .command('list')
  .argument('<product>')
  .action(async (product: string) => {
    const points = await pointsOf(lakeEnvironment()).list(loadCatalogue().get(product).key);
    console.log(points.map(restorePointLine).join('\n') || `${product} has no restore points.`);
  });

restorePointCommand
  .command('remove')
  .description('let maintenance remove the version')
  .argument('<product>')
  .argument('<name>')
  .action(async (product: string, name: string) => {
    await pointsOf(lakeEnvironment()).remove(loadCatalogue().get(product).key, name);
  });
