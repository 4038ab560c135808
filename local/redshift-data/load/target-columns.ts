import type pg from 'pg';
import type { CopyCommand } from '../sql/copy.ts';

/** A column that COPY fills, with its type as PostgreSQL names it. */
export interface TargetColumn {
  readonly name: string;
  /** e.g. "numeric(10,2)", "character varying(64)" */
  readonly type: string;
}

interface CatalogColumn extends TargetColumn {
  readonly generated: boolean;
}

/** The columns that COPY fills, in the order in which the file's columns go into them. */
export async function targetColumns(client: pg.ClientBase, command: CopyCommand): Promise<TargetColumn[]> {
  const found = await client.query<CatalogColumn>(
    `SELECT attname::text AS name, pg_catalog.format_type(atttypid, atttypmod) AS type,
            attidentity = 'a' AS generated
     FROM pg_catalog.pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
     ORDER BY attnum`,
    [command.table],
  );
  if (command.columns.length === 0) return found.rows.filter((column) => !column.generated);
  return command.columns.map((written) => {
    const name = written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase();
    const column = found.rows.find((candidate) => candidate.name === name);
    if (column === undefined) throw new Error(`column "${name}" of relation "${command.table}" does not exist`);
    return column;
  });
}
