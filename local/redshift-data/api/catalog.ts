import type {
  DescribeTableRequest,
  DescribeTableResponse,
  ListDatabasesRequest,
  ListDatabasesResponse,
  ListSchemasRequest,
  ListSchemasResponse,
  ListTablesRequest,
  ListTablesResponse,
} from '@aws-sdk/client-redshift-data';
import type { Column } from '../engine/statement.ts';
import { invalid } from './faults.ts';
import { columnMetadata } from './fields.ts';
import { checkTarget, pageOf, pageSize } from './service.ts';
import type { Service } from './service.ts';

const PAGE_LIMIT = 1_000;
// What this platform and PostgreSQL keep for themselves.
const OWN_SCHEMAS = `n.nspname NOT IN ('data_api', 'redshift_compat', 'pg_toast')
  AND n.nspname NOT LIKE 'pg_toast_temp_%' AND n.nspname NOT LIKE 'pg_temp_%'`;

interface Paging {
  readonly NextToken?: string | undefined;
  readonly MaxResults?: number | undefined;
}

function paged<T>(items: readonly T[], input: Paging): { items: T[]; token: { NextToken?: string } } {
  const page = pageOf(items, input.NextToken, pageSize(input.MaxResults, PAGE_LIMIT));
  return { items: page.items, token: page.nextToken === undefined ? {} : { NextToken: page.nextToken } };
}

export function listDatabases(service: Service, input: ListDatabasesRequest): ListDatabasesResponse {
  checkTarget(service, { Database: service.database, ...input });
  const { items, token } = paged([service.database], input);
  return { Databases: items, ...token };
}

export async function listSchemas(service: Service, input: ListSchemasRequest): Promise<ListSchemasResponse> {
  checkTarget(service, input);
  const found = await service.catalog.query<{ name: string }>(
    `SELECT n.nspname::text AS name FROM pg_catalog.pg_namespace n
     WHERE ${OWN_SCHEMAS} AND n.nspname LIKE $1 ORDER BY 1`,
    [input.SchemaPattern ?? '%'],
  );
  const { items, token } = paged(found.rows, input);
  return { Schemas: items.map((row) => row.name), ...token };
}

export async function listTables(service: Service, input: ListTablesRequest): Promise<ListTablesResponse> {
  checkTarget(service, input);
  const found = await service.catalog.query<{ name: string; schema: string; type: string }>(
    `SELECT c.relname::text AS name, n.nspname::text AS schema,
            CASE WHEN n.nspname IN ('pg_catalog', 'information_schema')
                 THEN 'SYSTEM ' ELSE '' END || CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS type
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'v') AND ${OWN_SCHEMAS} AND n.nspname LIKE $1 AND c.relname LIKE $2 ORDER BY 2, 1`,
    [input.SchemaPattern ?? '%', input.TablePattern ?? '%'],
  );
  const { items, token } = paged(found.rows, input);
  return { Tables: items, ...token };
}

interface TableColumn extends Column {
  readonly columnDefault: string | null;
}

export async function describeTable(service: Service, input: DescribeTableRequest): Promise<DescribeTableResponse> {
  checkTarget(service, input);
  if (input.Table === undefined) throw invalid('Table must be given.');
  const found = await service.catalog.query<TableColumn>(
    `SELECT a.attname::text AS name, t.typname::text AS "typeName", a.atttypid::int AS "typeId",
            a.atttypmod AS "typeModifier", c.relname::text AS "tableName", n.nspname::text AS "schemaName",
            CASE WHEN a.attnotnull THEN 0 ELSE 1 END AS nullable,
            pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS "columnDefault"
     FROM pg_catalog.pg_attribute a
     JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relname = $2 AND n.nspname = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [input.Schema ?? 'public', input.Table],
  );
  const { items, token } = paged(found.rows, input);
  const columns = items.map((column) => ({
    ...columnMetadata({ ...column, typeName: column.typeName === 'jsonb' ? 'super' : column.typeName }),
    ...(column.columnDefault === null ? {} : { columnDefault: column.columnDefault }),
  }));
  return { TableName: input.Table, ColumnList: columns, ...token };
}
