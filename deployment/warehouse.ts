import {
  BatchExecuteStatementCommand,
  type ColumnMetadata,
  paginateDescribeTable,
} from '@aws-sdk/client-redshift-data';
import { finished, query, type Warehouse } from '../activities/redshift/query.ts';
import {
  columnDdl,
  guardRow,
  type Held,
  ownTables,
  tableDdl,
  tablesOf,
  targetOf,
  viewDdl,
} from '../activities/redshift/dialect.ts';
import { columnsToAdd, differenceOfView } from '../activities/redshift/migration.ts';
import { statementsOf } from '../activities/redshift/statements.ts';
import { rightsOfWorkers, streamTables } from '../activities/redshift/stream-tables.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { View } from '../model/product.ts';

/** Runs statements in one transaction and waits for its end. Throws an Error with the warehouse's reason. */
export async function execute(warehouse: Warehouse, statements: readonly string[], what: string): Promise<void> {
  const { client, workgroup, database } = warehouse;
  const input = { WorkgroupName: workgroup, Database: database, Sqls: [...statements] };
  const { Id } = await client.send(new BatchExecuteStatementCommand(input));
  await finished(warehouse, Id, what);
}

/**
 * Makes the tables of every product that the warehouse has, or brings them to their contracts, lets the worker's role load
 * them, and makes the views over them.
 */
export async function applyWarehouse(warehouse: Warehouse, catalogue: Catalogue, workerRole: string): Promise<void> {
  const worker = await ensureUser(warehouse, workerRole);
  const products = [...catalogue.products.values()].filter(({ warehouse: target }) => target);
  const own = [
    ...statementsOf(ownTables, 'The warehouse’s own tables'),
    ...grants('meta.loads', ['SELECT', 'INSERT'], worker),
    ...grants('meta.load_guards', ['SELECT', 'UPDATE'], worker),
  ];
  await execute(warehouse, own, 'The DDL of the warehouse’s own tables');
  for (const product of products) await applyTable(warehouse, product, worker);
  if (catalogue.streams.size > 0) await applyStreamTables(warehouse, worker);
  for (const table of [...catalogue.streams.values()].flatMap(tablesOf)) await applyTable(warehouse, table, worker);
  await dropChangedViews(warehouse, catalogue);
  for (const view of catalogue.views.values()) await applyView(warehouse, view);
}

/** Makes what stands beside the rows of streams. A reconciliation also makes a backup beside the table that it overwrites. */
async function applyStreamTables(warehouse: Warehouse, worker: string): Promise<void> {
  const made = [
    ...statementsOf(streamTables, 'The tables beside streams'),
    ...Object.entries(rightsOfWorkers).flatMap(([table, rights]) => grants(table, rights, worker)),
    `GRANT CREATE ON SCHEMA public TO ${worker}`,
  ];
  await execute(warehouse, made, 'The DDL of the tables beside streams');
}

/** Makes a product's table, or brings it to its contract. */
async function applyTable(warehouse: Warehouse, product: Held, worker: string): Promise<void> {
  const { key } = product;
  const made = [
    ...statementsOf(tableDdl(product), `The DDL of ${key}`),
    ...statementsOf(guardRow, `The guard of ${key}`, { product: key }),
    ...grants(targetOf(product).table, ['SELECT', 'INSERT', 'DELETE'], worker),
  ];
  await execute(warehouse, made, `The DDL of ${key}`);
  const added = columnsToAdd(product, await columnsOf(warehouse, targetOf(product).table));
  const altered = added.flatMap((column) => statementsOf(columnDdl(product, column), `The DDL of ${key}`));
  if (altered.length > 0) await execute(warehouse, altered, `The new columns of ${key}`);
}

/**
 * Drops views whose columns the contracts have changed, with the views that read them: neither database replaces a view by
 * one with other columns, nor drops one that is read.
 */
async function dropChangedViews(warehouse: Warehouse, { views }: Catalogue): Promise<void> {
  const dropped = new Map<string, View>();
  const known = new Set<string>();
  for (const view of views.values()) {
    const before = await columnsOf(warehouse, view.table);
    if (before.length > 0) known.add(view.key);
    const changed = before.length > 0 && differenceOfView(view, before) !== '';
    if (changed || view.reads.some((key) => dropped.has(key))) dropped.set(view.key, view);
  }
  const drops = [...dropped.values()].filter(({ key }) => known.has(key)).map(({ table }) => `DROP VIEW ${table}`);
  if (drops.length > 0) await execute(warehouse, drops.toReversed(), 'The views that change');
}

/** Makes a view as its model says. Throws an Error where that gives other columns than the contract has. */
async function applyView(warehouse: Warehouse, view: View): Promise<void> {
  const { key, table } = view;
  await execute(warehouse, statementsOf(viewDdl(view), `The view ${key}`), `The view ${key}`);
  const difference = differenceOfView(view, await columnsOf(warehouse, table));
  if (difference !== '') throw new Error(`${key}: by its contract and its model.sql the view ${table} ${difference}.`);
}

/** The database user as whom the Data API runs the statements of an IAM role; made where nobody has connected as it yet. */
async function ensureUser(warehouse: Warehouse, role: string): Promise<string> {
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

async function columnsOf({ client, workgroup, database }: Warehouse, name: string): Promise<ColumnMetadata[]> {
  const [schema = '', table = ''] = name.split('.');
  const target = { WorkgroupName: workgroup, Database: database, Schema: schema, Table: table };
  const columns: ColumnMetadata[] = [];
  for await (const page of paginateDescribeTable({ client }, target)) columns.push(...(page.ColumnList ?? []));
  return columns;
}
