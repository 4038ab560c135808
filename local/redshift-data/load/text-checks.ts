import type { DuckDBConnection } from '@duckdb/node-api';
import { BAD_TEXT, LoadError, TOO_LONG } from './load-error.ts';
import { byteLimit } from './parquet-types.ts';
import type { TargetColumn } from './target-columns.ts';

/** Fails at the first text of a file that has more bytes than its column, or a NUL, which no text of Redshift may have. */
export async function checkTexts(
  db: DuckDBConnection,
  file: { readonly url: string; readonly rows: string },
  columns: readonly TargetColumn[],
  expressions: readonly string[],
): Promise<void> {
  const faults = columns.flatMap((column, index) => {
    const limit = byteLimit(column);
    const value = expressions[index] ?? '';
    if (limit === undefined) return [];
    const tooLong =
      `The length of the data column ${column.name} is longer than the length defined in the table. ` +
      `Table: ${limit} bytes, File name: ${file.url}`;
    const hasNul = `The data column ${column.name} has a NUL character. File name: ${file.url}`;
    return [
      { column, code: TOO_LONG, message: tooLong, condition: `strlen(${value}) > ${limit}` },
      { column, code: BAD_TEXT, message: hasNul, condition: `contains(${value}, chr(0))` },
    ];
  });
  if (faults.length === 0) return;
  const firsts = faults.map(({ condition }) => `min(file_row_number) FILTER (WHERE ${condition})`);
  const found = await db.runAndReadAll(`SELECT ${firsts.join(', ')} FROM ${file.rows}`);
  for (const [index, { column, code, message }] of faults.entries()) {
    const row = found.getRows()[0]?.[index] ?? null;
    if (row === null) continue;
    throw new LoadError(message, {
      file: file.url,
      line: Number(row) + 1,
      column: column.name,
      type: column.type,
      code,
    });
  }
}
