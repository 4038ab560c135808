import type pg from 'pg';
import type { Column } from './statement.ts';

/** One row as PostgreSQL prints it; null is SQL's NULL. */
export type Row = (string | null)[];

export interface ResultSet {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** A page of the service holds at most so many rows, and about so many bytes. */
const PAGE_ROWS = 1_000;
const PAGE_BYTES = 1_000_000;
/** What one result may hold; the service's own limit is 500 MB. */
const RESULT_BYTES = 200_000_000;

/** Every value arrives as text: nothing loses digits on its way through JavaScript's numbers. */
export const TEXT_ONLY = { getTypeParser: () => (value: string | Buffer) => value.toString() };

/** Cuts rows into pages. */
export function paginate(rows: readonly Row[]): { pages: Row[][]; sizeBytes: number } {
  const pages: Row[][] = [];
  let sizeBytes = 0;
  let pageBytes = 0;
  for (const row of rows) {
    const bytes = row.reduce((sum, value) => sum + (value?.length ?? 0), 0);
    const page = pages.at(-1);
    if (page === undefined || page.length >= PAGE_ROWS || pageBytes + bytes > PAGE_BYTES) {
      pages.push([row]);
      pageBytes = bytes;
    } else {
      page.push(row);
      pageBytes += bytes;
    }
    sizeBytes += bytes;
  }
  if (sizeBytes > RESULT_BYTES) throw new Error(`The result is larger than ${RESULT_BYTES} bytes: use UNLOAD`);
  return { pages, sizeBytes };
}

interface CatalogRow {
  readonly table_id: number;
  readonly column_number: number;
  readonly table_name: string;
  readonly schema_name: string;
  readonly required: boolean;
}

const REDSHIFT_NAMES: Readonly<Record<string, string>> = { jsonb: 'super', json: 'super', text: 'varchar' };
const NULLABLE = 1;
const NOT_NULLABLE = 0;

/** Describes the columns of a result as the service does, with their tables where there is one. */
export async function describeColumns(client: pg.ClientBase, fields: readonly pg.FieldDef[]): Promise<Column[]> {
  const typeIds = [...new Set(fields.map((field) => field.dataTypeID))];
  const types = await client.query<{ oid: number; typname: string }>(
    'SELECT oid::int, typname::text FROM pg_catalog.pg_type WHERE oid = ANY($1::oid[])',
    [typeIds],
  );
  const tableIds = [...new Set(fields.map((field) => field.tableID))].filter((id) => id !== 0);
  const sources = tableIds.length === 0 ? [] : await sourceColumns(client, tableIds);
  return fields.map((field) => {
    const source = sources.find((row) => row.table_id === field.tableID && row.column_number === field.columnID);
    const type = types.rows.find((row) => row.oid === field.dataTypeID)?.typname ?? 'unknown';
    return {
      name: field.name,
      typeName: REDSHIFT_NAMES[type] ?? type,
      typeId: field.dataTypeID,
      typeModifier: field.dataTypeModifier,
      tableName: source?.table_name ?? '',
      schemaName: source?.schema_name ?? '',
      nullable: source?.required === true ? NOT_NULLABLE : NULLABLE,
    };
  });
}

async function sourceColumns(client: pg.ClientBase, tableIds: readonly number[]): Promise<CatalogRow[]> {
  const found = await client.query<CatalogRow>(
    `SELECT c.oid::int AS table_id, a.attnum::int AS column_number, c.relname::text AS table_name,
            n.nspname::text AS schema_name, a.attnotnull AS required
     FROM pg_catalog.pg_attribute a
     JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE a.attrelid = ANY($1::oid[]) AND a.attnum > 0`,
    [tableIds],
  );
  return found.rows;
}
