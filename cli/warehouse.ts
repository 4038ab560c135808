import { BatchExecuteStatementCommand, paginateDescribeTable } from '@aws-sdk/client-redshift-data';
import { finished, query, type Warehouse } from '../activities/redshift/query.ts';
import { guardStatements, productStatements, warehouseStatements } from '../activities/redshift/statements.ts';
import type { Catalogue, Product } from '../products/catalogue.ts';

/** Runs statements in one transaction and waits for its end. Throws an Error with the warehouse's reason. */
export async function execute(warehouse: Warehouse, statements: readonly string[], what: string): Promise<void> {
  const { client, workgroup, database } = warehouse;
  const input = { WorkgroupName: workgroup, Database: database, Sqls: [...statements] };
  const { Id } = await client.send(new BatchExecuteStatementCommand(input));
  await finished(warehouse, Id, what);
}

/** Makes the tables of every product that the warehouse has, where they are missing, and lets the worker's role load them. */
export async function applyWarehouse(warehouse: Warehouse, catalogue: Catalogue, workerRole: string): Promise<void> {
  const worker = await ensureUser(warehouse, workerRole);
  const products = [...catalogue.products.values()].filter(({ warehouse: target }) => target);
  const own = [
    ...warehouseStatements(),
    ...grants('meta.loads', ['SELECT', 'INSERT'], worker),
    ...grants('meta.load_guards', ['SELECT', 'UPDATE'], worker),
  ];
  await execute(warehouse, own, 'The DDL of the warehouse’s own tables');
  for (const product of products) {
    const { key } = product;
    const warehouseTable = product.warehouse?.table ?? '';
    const tables = grants(warehouseTable, ['SELECT', 'INSERT', 'DELETE'], worker);
    await execute(
      warehouse,
      [...productStatements(product, 'ddl.sql'), ...guardStatements(key), ...tables],
      `The DDL of ${key}`,
    );
    await checkColumns(warehouse, product, warehouseTable);
  }
}

/** The database user as whom the Data API runs the statements of an IAM role; made where nobody has connected as it yet. */
async function ensureUser(warehouse: Warehouse, role: string): Promise<string> {
  if (!/^[\w+=,.@-]{1,64}$/.test(role)) throw new Error(`"${role}" is not the name of an IAM role (without its path)`);
  const name = `IAMR:${role}`;
  const known = await query(warehouse, 'SELECT usename FROM pg_user WHERE usename = :name', { name });
  if (known.length === 0)
    await execute(warehouse, [`CREATE USER "${name}" PASSWORD DISABLE`], `The user of the role ${role}`);
  return `"${name}"`;
}

const grants = (table: string, rights: readonly string[], user: string): string[] => [
  `GRANT USAGE ON SCHEMA ${table.split('.')[0] ?? ''} TO ${user}`,
  `GRANT ${rights.join(', ')} ON TABLE ${table} TO ${user}`,
];

/** COPY of Parquet goes by position: every load fails, or mixes columns up, where table and contract differ. */
async function checkColumns(warehouse: Warehouse, product: Product, warehouseTable: string): Promise<void> {
  const { client, workgroup, database } = warehouse;
  const [schema = '', table = ''] = warehouseTable.split('.');
  const target = { WorkgroupName: workgroup, Database: database, Schema: schema, Table: table };
  const columns: string[] = [];
  for await (const page of paginateDescribeTable({ client }, target))
    columns.push(...(page.ColumnList ?? []).map(({ name }) => name ?? ''));
  const declared = product.columns.map(({ name }) => name);
  if (columns.join() === declared.join()) return;
  const missing = declared.filter((column) => !columns.includes(column));
  const problem =
    missing.length > 0 ? `has no column "${missing.join('", "')}"` : 'has not the columns, or not the order,';
  const adds = missing.map((column) => `ALTER TABLE ${warehouseTable} ADD COLUMN ${column} …`).join('; ');
  throw new Error(
    `${product.key}: the warehouse’s table ${warehouseTable} ${problem} of its contract: every load would fail. New columns ` +
      `come last in the contract. ${adds ? `Run ${adds} with the type of its ddl.sql, then deploy again.` : `It has ${columns.join(', ')}.`}`,
  );
}
