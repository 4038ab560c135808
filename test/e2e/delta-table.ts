import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import {
  DuckDBInstance,
  type DuckDBValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
} from '@duckdb/node-api';

export type Row = Record<string, unknown>;

interface Action {
  readonly add?: { readonly path: string; readonly partitionValues: Record<string, string> };
  readonly remove?: { readonly path: string };
}

async function bytes(client: S3Client, bucket: string, key: string): Promise<Uint8Array> {
  const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await object.Body?.transformToByteArray()) ?? new Uint8Array();
}

async function keysUnder(client: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
  }
  return keys.sort();
}

/** The version of a Delta table, from its log. */
export async function deltaVersion(client: S3Client, bucket: string, table: string): Promise<number> {
  const log = await keysUnder(client, bucket, `${table}/_delta_log/`);
  return log.filter((key) => key.endsWith('.json')).length - 1;
}

/** The rows of a Delta table, read without Spark: its log by the protocol's own rules, its files by DuckDB. */
export async function readDelta(client: S3Client, bucket: string, table: string): Promise<Row[]> {
  const active = new Map<string, Record<string, string>>();
  for (const key of await keysUnder(client, bucket, `${table}/_delta_log/`)) {
    if (!/\/\d{20}\.json$/.test(key)) continue;
    const commit = Buffer.from(await bytes(client, bucket, key)).toString();
    for (const line of commit.trim().split('\n')) {
      const { add, remove } = JSON.parse(line) as Action;
      if (remove) active.delete(remove.path);
      if (add) active.set(add.path, add.partitionValues);
    }
  }
  const folder = await mkdtemp(join(tmpdir(), 'delta-'));
  const duck = await DuckDBInstance.create(':memory:');
  const connection = await duck.connect();
  try {
    const rows: Row[] = [];
    for (const [path, partition] of active) {
      const file = join(folder, 'part.parquet');
      await writeFile(file, await bytes(client, bucket, `${table}/${decodeURIComponent(path)}`));
      const reader = await connection.runAndReadAll(`SELECT * FROM read_parquet('${file}')`);
      for (const row of reader.getRowObjects()) rows.push({ ...partition, ...plain(row) });
    }
    return rows;
  } finally {
    connection.closeSync();
    duck.closeSync();
    await rm(folder, { recursive: true });
  }
}

const plain = (row: Record<string, DuckDBValue>): Row =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(value)]));

function plainValue(value: DuckDBValue): unknown {
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue) {
    return new Date(Number(value.micros / 1000n)).toISOString();
  }
  if (value instanceof DuckDBDateValue) return value.toString();
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  return typeof value === 'bigint' ? Number(value) : value;
}
