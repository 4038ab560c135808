import { query, type Warehouse } from './query.ts';

/** How many places of one failed COPY are told. */
const placesShown = 3;

/**
 * An error of the warehouse without the values of rows, which are nobody's to read in histories, the ledger and alarms:
 * its first line, and of the details what a COPY says of its file.
 */
export function withoutValues(error: string): string {
  const [first = '', ...details] = error.split('\n');
  const context = details.find((line) => /^\s*context:/.test(line))?.trim();
  const text = [first, ...(context ? [context] : [])].join('; ');
  return text.replace(/: ["'(].*$/s, '').slice(0, 1000);
}

/** Where and why a COPY failed, without the values that it met. */
export async function loadErrors(warehouse: Warehouse, queryId: number): Promise<string[]> {
  const rows = await query(
    warehouse,
    `SELECT TRIM(file_name) AS file_name, line_number, TRIM(column_name) AS column_name, TRIM(error_message) AS error_message
     FROM sys_load_error_detail WHERE query_id = CAST(:query AS BIGINT) ORDER BY line_number LIMIT ${placesShown}`,
    { query: String(queryId) },
  );
  return rows.map(
    ({ file_name, line_number, column_name, error_message }) =>
      `${file_name}, line ${line_number}, column ${column_name}: ${withoutValues(String(error_message))}`,
  );
}
