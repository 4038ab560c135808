import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { buckets } from '../../local/provision.ts';
import type { Session } from './session.ts';
import type { CityDay, ProductSummary } from './summary.ts';
import { execute } from '../../deployment/warehouse.ts';

export interface ReportContent {
  readonly start: string;
  readonly end: string;
  readonly summaries: readonly ProductSummary[];
  readonly cities: readonly CityDay[];
  readonly seconds: { readonly build: number };
}

/**
 * Writes every gold table of the warehouse as Parquet and CSV, and `summary.json`, into a folder (made if missing, its
 * files of the same names replaced).
 */
export async function writeReport(session: Session, folder: string, content: ReportContent): Promise<void> {
  const { warehouse, platform, catalogue } = session;
  await mkdir(folder, { recursive: true });
  const duck = await DuckDBInstance.create(':memory:');
  const connection = await duck.connect();
  try {
    for (const product of catalogue.products.values()) {
      if (!product.warehouse) continue;
      const prefix = `reports/${product.key}/`;
      const unload =
        `UNLOAD ('SELECT * FROM ${product.warehouse.table}') TO 's3://${buckets.artifacts}/${prefix}' ` +
        `IAM_ROLE '${platform.environment.REDSHIFT_COPY_ROLE_ARN ?? ''}' FORMAT AS PARQUET ALLOWOVERWRITE`;
      await execute(warehouse, [unload], `The export of ${product.key}`);
      const parts = await download(session, prefix, folder);
      const quoted = (path: string): string => `'${path.replaceAll("'", "''")}'`;
      const rows = `read_parquet([${parts.map(quoted).join(', ')}])`;
      const order = product.columns.slice(0, 4).map(({ name }) => `"${name}"`);
      for (const [format, extension] of [
        ['PARQUET', 'parquet'],
        ['CSV', 'csv'],
      ] as const) {
        const target = quoted(join(folder, `${product.key}.${extension}`));
        await connection.run(
          `COPY (SELECT * FROM ${rows} ORDER BY ${order.join(', ')}) TO ${target} (FORMAT ${format})`,
        );
      }
      await Promise.all(parts.map((part) => rm(part)));
    }
  } finally {
    connection.closeSync();
    duck.closeSync();
  }
  await writeFile(join(folder, 'summary.json'), `${JSON.stringify(content, null, 2)}\n`);
}

async function download({ platform }: Session, prefix: string, folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const page of paginateListObjectsV2(
    { client: platform.s3 },
    { Bucket: buckets.artifacts, Prefix: prefix },
  )) {
    for (const { Key } of page.Contents ?? []) {
      const object = await platform.s3.send(new GetObjectCommand({ Bucket: buckets.artifacts, Key }));
      const file = join(folder, `.part-${files.length}.parquet`);
      await writeFile(file, (await object.Body?.transformToByteArray()) ?? new Uint8Array());
      files.push(file);
    }
  }
  return files;
}
