import { globSync } from 'node:fs';
import { GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import {
  DuckDBInstance,
  type DuckDBValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
} from '@duckdb/node-api';
import type { Platform } from '../../local/platform.ts';
import { root } from '../tools.ts';

export type Row = Record<string, unknown>;

/** DuckDB's own extensions, of the release that is asked; PyPI has them in packages of their own. */
function extension(name: string): string {
  const [found] = globSync(
    `.tideline/tools/clients-venv/lib/*/site-packages/duckdb_extension_${name}/extensions/*/${name}.duckdb_extension`,
    { cwd: root },
  );
  if (found === undefined) throw new Error(`DuckDB's extension ${name} is not installed: npm test installs it.`);
  return `${root}/${found}`;
}

/** The rows of a product's table, found by the Glue catalogue. */
export async function readTable({ environment }: Platform, product: string): Promise<Row[]> {
  const [DatabaseName, Name] = product.split('.');
  const { Table } = await new GlueClient().send(new GetTableCommand({ DatabaseName, Name }));
  return readDelta(String(environment.AWS_ENDPOINT_URL), String(Table?.StorageDescriptor?.Location));
}

/** The rows of the Delta table at an S3 location, read by DuckDB: nothing of this project, nor Spark, is asked. */
export async function readDelta(endpoint: string, location: string): Promise<Row[]> {
  const duck = await DuckDBInstance.create(':memory:');
  const connection = await duck.connect();
  try {
    for (const name of ['httpfs', 'delta']) await connection.run(`LOAD '${extension(name)}'`);
    await connection.run(
      `CREATE SECRET (TYPE s3, KEY_ID 'local', SECRET 'local', REGION 'us-east-1', URL_STYLE 'path', USE_SSL false,
         ENDPOINT '${new URL(endpoint).host}')`,
    );
    const reader = await connection.runAndReadAll(`SELECT * FROM delta_scan('${location}')`);
    return reader.getRowObjects().map(plain);
  } finally {
    connection.closeSync();
    duck.closeSync();
  }
}

/** How many rows there are, and how many values of each column. */
export function countsOf(rows: readonly Row[]): Record<string, number> {
  const columns = Object.keys(rows[0] ?? {});
  const values = columns.map((name) => [name, rows.filter((row) => row[name] !== null).length] as const);
  return { rows: rows.length, ...Object.fromEntries(values) };
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
