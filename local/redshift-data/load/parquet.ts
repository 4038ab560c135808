import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { CopyCommand } from '../sql/copy.ts';
import { BAD_FILE, LoadError } from './load-error.ts';
import { loadExpression } from './parquet-types.ts';
import type { FileColumn } from './parquet-types.ts';
import type { TargetColumn } from './target-columns.ts';
import { checkTexts } from './text-checks.ts';

/** A downloaded file, and where it came from for messages. */
export interface LocalFile {
  readonly path: string;
  readonly url: string;
}

/** Runs work on a fresh DuckDB that touches no network; it stops when the signal does. */
export async function withDuckDb<T>(signal: AbortSignal, work: (db: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    threads: '2',
    memory_limit: '1GB',
  });
  const db = await instance.connect();
  const interrupt = (): void => {
    db.interrupt();
  };
  signal.addEventListener('abort', interrupt);
  try {
    return await work(db);
  } finally {
    signal.removeEventListener('abort', interrupt);
    db.closeSync();
    instance.closeSync();
  }
}

/** Writes a Parquet file as CSV with the columns' values in the order and form that the table takes. */
export async function parquetToCsv(
  db: DuckDBConnection,
  file: LocalFile,
  columns: readonly TargetColumn[],
  options: { readonly csvPath: string } & Pick<CopyCommand, 'serializeToJson' | 'fillRecord'>,
): Promise<void> {
  const source = `read_parquet(${literal(file.path)})`;
  const inFile = await fileColumns(db, source);
  const missing = columns.length - inFile.length;
  if (missing < 0 || (missing > 0 && !options.fillRecord)) {
    const counts = `Table columns: ${columns.length}, Data columns: ${inFile.length}`;
    throw new Error(`Unmatched number of columns between table and file. ${counts}, File name: ${file.url}`);
  }
  const expressions = columns.map((target, index) => {
    const column = inFile[index];
    if (column === undefined) return 'NULL';
    const expression = loadExpression(column, target, options.serializeToJson);
    if (expression === undefined) throw incompatible(file, column, target);
    return expression;
  });
  const rows = `read_parquet(${literal(file.path)}, file_row_number = true)`;
  await checkTexts(db, { url: file.url, rows }, columns, expressions);
  const fields = expressions.map((expression, index) => `${expression} AS c${index}`);
  const text = columns.flatMap((column, index) => (isText(column) ? [`c${index}`] : []));
  // Quoted text is how CSV tells an empty string from a NULL.
  const quoting = text.length === 0 ? '' : `, FORCE_QUOTE (${text.join(', ')})`;
  await db.run(
    `COPY (SELECT ${fields.join(', ')} FROM ${source}) TO ${literal(options.csvPath)} (FORMAT csv, HEADER false${quoting})`,
  );
}

async function fileColumns(db: DuckDBConnection, source: string): Promise<FileColumn[]> {
  const described = await db.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`);
  return described.getRowObjects().map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
}

function isText(column: TargetColumn): boolean {
  return column.type.startsWith('character') || column.type === 'jsonb';
}

function incompatible(file: LocalFile, column: FileColumn, target: TargetColumn): Error {
  return new LoadError(
    `Spectrum Scan Error: file '${file.url}' has an incompatible Parquet schema for column '${column.name}'. ` +
      `Column type: ${target.type.toUpperCase()}, Parquet type: ${column.type}`,
    { file: file.url, line: 0, column: target.name, type: target.type, code: BAD_FILE },
  );
}

/** A string literal of DuckDB. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
