import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Column } from '../../model/contract.ts';
import type { Stream } from '../../model/product.ts';

/** A row of a stream's file; a column that is not said is null. Instants are ISO-8601. */
export type StreamRow = Readonly<Record<string, string | number | boolean | null>>;

/** A file as a stream's application writes it: the contract's columns in their order. */
export const streamParquet = ({ files }: Stream, rows: readonly StreamRow[]): Promise<Buffer> =>
  parquetOf(files.columns, rows);

/** A Parquet file with these columns. */
export async function parquetOf(
  columns: readonly Pick<Column, 'name' | 'physicalType'>[],
  rows: readonly StreamRow[],
): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'stream-rows-'));
  const instance = await DuckDBInstance.create(':memory:');
  const db = await instance.connect();
  try {
    const [json, parquet] = [join(folder, 'rows.json'), join(folder, 'rows.parquet')];
    await writeFile(json, rows.map((row) => JSON.stringify(row)).join('\n'));
    const types = columns.map(({ name, physicalType }) => `'${name}': '${duckType(physicalType)}'`).join(', ');
    const names = columns.map(({ name }) => name).join(', ');
    const read = `SELECT ${names} FROM read_json('${json}', format = 'newline_delimited', columns = {${types}})`;
    await db.run(`COPY (${read}) TO '${parquet}' (FORMAT parquet)`);
    return await readFile(parquet);
  } finally {
    db.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}

const duckType = (type: string): string => ({ string: 'VARCHAR', int: 'INTEGER' })[type] ?? type.toUpperCase();
