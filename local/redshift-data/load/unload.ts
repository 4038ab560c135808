import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import pg from 'pg';
import type { UnloadCommand } from '../sql/unload.ts';
import { copyOut } from './copy-stream.ts';
import type { ObjectStore } from './object-store.ts';
import { literal, withDuckDb } from './parquet.ts';

const DUCKDB_TYPES: Readonly<Record<string, string>> = {
  smallint: 'SMALLINT',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  real: 'FLOAT',
  'double precision': 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  'timestamp without time zone': 'TIMESTAMP',
  text: 'VARCHAR',
};

const SINGLE_FILE = '0000_part_00.parquet';

interface OutputColumn {
  readonly name: string;
  readonly type: string;
}

/** Runs UNLOAD; gives the number of rows. Files appear at once: S3 takes no part in the transaction. */
export async function unloadToS3(
  client: pg.Client,
  objects: ObjectStore,
  command: UnloadCommand,
  sql: string,
  signal: AbortSignal,
): Promise<number> {
  if (!command.overwrite && (await objects.list(command.destination, signal)).length > 0) {
    throw new Error(
      'Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually ' +
        'removing the target files in S3, or using the ALLOWOVERWRITE option.',
    );
  }
  const columns = await outputColumns(client, sql);
  const folder = await mkdtemp(join(tmpdir(), 'redshift-unload-'));
  try {
    const csv = join(folder, 'rows.csv');
    const rows = await copyOut(client, `COPY (${sql}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)`, csv);
    const parquet = join(folder, 'parquet');
    await writeParquet(csv, parquet, { columns, command, signal });
    await uploadAll(parquet, objects, command, signal);
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The names and types of a query's columns, without running it. */
async function outputColumns(client: pg.Client, sql: string): Promise<OutputColumn[]> {
  const empty = await client.query(`SELECT * FROM (${sql}) AS unloaded LIMIT 0`);
  const types = await client.query<{ type: string }>(
    `SELECT pg_catalog.format_type(wanted.id, wanted.modifier) AS type
     FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS wanted (id, modifier, position) ORDER BY position`,
    [empty.fields.map((field) => field.dataTypeID), empty.fields.map((field) => field.dataTypeModifier)],
  );
  return empty.fields.map((field, index) => ({ name: field.name, type: duckDbType(types.rows[index]?.type ?? '') }));
}

function duckDbType(type: string): string {
  const decimal = /^numeric\((\d+),(\d+)\)$/.exec(type);
  if (decimal !== null) return `DECIMAL(${decimal[1]},${decimal[2]})`;
  if (type === 'numeric') throw new Error('UNLOAD needs decimals of a fixed scale: cast them to DECIMAL(p, s)');
  if (type.startsWith('character')) return 'VARCHAR';
  const found = DUCKDB_TYPES[type];
  if (found === undefined) throw new Error(`UNLOAD to Parquet cannot write the type ${type}`);
  return found;
}

interface UnloadWork {
  readonly columns: readonly OutputColumn[];
  readonly command: UnloadCommand;
  readonly signal: AbortSignal;
}

async function writeParquet(csv: string, target: string, work: UnloadWork): Promise<void> {
  const { columns, command, signal } = work;
  const types = columns.map((column) => `${literal(column.name)}: ${literal(column.type)}`).join(', ');
  const rows = `SELECT * FROM read_csv(${literal(csv)}, header = false, auto_detect = false, columns = {${types}},
    delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false)`;
  const partitions = command.partitionBy.map((name) => pg.escapeIdentifier(name.replaceAll('"', '')));
  const layout = [
    `PARTITION_BY (${partitions.join(', ')})`,
    `WRITE_PARTITION_COLUMNS ${command.includePartitions}`,
    `FILENAME_PATTERN '0000_part_{i}'`,
  ];
  const [destination, options] = partitions.length === 0 ? [single(target), []] : [target, layout];
  await withDuckDb(signal, async (db) => {
    await db.run(`COPY (${rows}) TO ${literal(destination)} (${['FORMAT parquet', ...options].join(', ')})`);
  });
}

function single(target: string): string {
  return `${target}${SINGLE_FILE}`;
}

async function uploadAll(
  target: string,
  objects: ObjectStore,
  command: UnloadCommand,
  signal: AbortSignal,
): Promise<void> {
  if (command.partitionBy.length === 0) {
    await objects.upload(single(target), single(command.destination), signal);
    return;
  }
  const prefix = command.destination.endsWith('/') ? command.destination : `${command.destination}/`;
  for (const entry of await readdir(target, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    await objects.upload(path, `${prefix}${relative(target, path).split(sep).join('/')}`, signal);
  }
}
