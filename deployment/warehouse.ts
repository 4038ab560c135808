import {
  BatchExecuteStatementCommand,
  type ColumnMetadata,
  paginateDescribeTable,
} from '@aws-sdk/client-redshift-data';
import { finished, placeOf, query, type Value, type Warehouse } from '../activities/redshift/query.ts';
import {
  askedAt,
  columnDdl,
  guardRow,
  type Held,
  loadGuards,
  ownTables,
  tableDdl,
  tablesOf,
  targetOf,
  viewDdl,
} from '../activities/redshift/dialect.ts';
import { columnsToAdd, differenceOfView } from '../activities/redshift/migration.ts';
import { statementsOf } from '../activities/redshift/statements.ts';
import { rightsOfWorkers, streamGuardRow, streamTables } from '../activities/redshift/stream-tables.ts';
import type { Catalogue } from '../model/catalogue.ts';

/** Runs statements in one transaction and waits for its end. Throws an Error with the warehouse's reason. */
export async function execute(warehouse: Warehouse, statements: readonly string[], what: string): Promise<void> {
  const input = { ...placeOf(warehouse), Sqls: [...statements] };
  const { Id } = await warehouse.client.send(new BatchExecuteStatementCommand(input));
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
    ...grants(loadGuards, ['SELECT', 'UPDATE'], worker),
  ];
  await execute(warehouse, own, 'The DDL of the warehouse’s own tables');
  const known = await columnsOf(warehouse, loadGuards);
  if (!known.some(({ name }) => name === askedAt.column))
    await execute(warehouse, [askedAt.ddl], `The column ${askedAt.column} of ${loadGuards}`);
  for (const product of products) await applyTable(warehouse, product, guardRow, worker);
  if (catalogue.streams.size > 0) await applyStreamTables(warehouse, worker);
  for (const table of [...catalogue.streams.values()].flatMap(tablesOf))
    await applyTable(warehouse, table, streamGuardRow, worker);
  await applyViews(warehouse, catalogue);
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
async function applyTable(warehouse: Warehouse, product: Held, guard: string, worker: string): Promise<void> {
  const { key } = product;
  const made = [
    ...statementsOf(tableDdl(product), `The DDL of ${key}`),
    ...statementsOf(guard, `The guard of ${key}`, { product: key }),
    ...grants(targetOf(product).table, ['SELECT', 'INSERT', 'DELETE'], worker),
  ];
  await execute(warehouse, made, `The DDL of ${key}`);
  const added = columnsToAdd(product, await columnsOf(warehouse, targetOf(product).table));
  const altered = added.flatMap((column) => statementsOf(columnDdl(product, column), `The DDL of ${key}`));
  if (altered.length > 0) await execute(warehouse, altered, `The new columns of ${key}`);
}

/**
 * Makes views as their models say. One whose columns the contract has changed is dropped, with the views that read it, and
 * made again in the same transaction, for the same readers: neither database replaces a view by one with other columns, nor
 * drops one that is read. Throws an Error where a model gives other columns than the contract has.
 */
async function applyViews(warehouse: Warehouse, { views }: Catalogue): Promise<void> {
  const before = new Map<string, readonly ColumnMetadata[]>();
  for (const { key, table } of views.values()) before.set(key, await columnsOf(warehouse, table));
  const anew = new Set<string>();
  for (const view of views.values()) {
    const known = before.get(view.key) ?? [];
    const changed = known.length > 0 && differenceOfView(view, known) !== '';
    if (changed || view.reads.some((key) => anew.has(key))) anew.add(view.key);
  }
  const made = [...views.values()].filter(({ key }) => anew.has(key));
  const dropped = made.filter(({ key }) => (before.get(key) ?? []).length > 0).map(({ table }) => table);
  const drops = dropped.map((table) => `DROP VIEW ${table}`).toReversed();
  const allowed: string[] = [];
  for (const table of dropped) allowed.push(...(await grantsOfView(warehouse, table)));
  const creates = made.flatMap((view) => statementsOf(viewDdl(view), `The view ${view.key}`));
  if (made.length > 0) await execute(warehouse, [...drops, ...creates, ...allowed], 'The views that change');
  for (const view of views.values()) {
    const { key, table } = view;
    if (!anew.has(key)) await execute(warehouse, statementsOf(viewDdl(view), `The view ${key}`), `The view ${key}`);
    const difference = differenceOfView(view, await columnsOf(warehouse, table));
    if (difference !== '')
      throw new Error(`${key}: by its contract and its model.sql the view ${table} ${difference}.`);
  }
}

/** What gives those who may read a view its rows again once it has been dropped. */
async function grantsOfView(warehouse: Warehouse, table: string): Promise<string[]> {
  const [schema = '', name = ''] = table.split('.');
  const readers = await query(
    warehouse,
    `SELECT identity_name, identity_type, admin_option FROM svv_relation_privileges
     WHERE namespace_name = :schema AND relation_name = :name AND privilege_type = 'SELECT'`,
    { schema, name },
  );
  const granted = (admin: boolean, option: string): string[] => {
    const names = readers.filter(({ admin_option }) => (admin_option === true) === admin).map(granteeOf);
    return names.length === 0 ? [] : [`GRANT SELECT ON TABLE ${table} TO ${names.join(', ')}${option}`];
  };
  return [...granted(false, ''), ...granted(true, ' WITH GRANT OPTION')];
}

function granteeOf({ identity_name, identity_type }: Record<string, Value>): string {
  const quoted = `"${String(identity_name).replaceAll('"', '""')}"`;
  return { public: 'PUBLIC', role: `ROLE ${quoted}`, group: `GROUP ${quoted}` }[String(identity_type)] ?? quoted;
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

async function columnsOf(warehouse: Warehouse, name: string): Promise<ColumnMetadata[]> {
  const [schema = '', table = ''] = name.split('.');
  const target = { ...placeOf(warehouse), Schema: schema, Table: table };
  const columns: ColumnMetadata[] = [];
  for await (const page of paginateDescribeTable({ client: warehouse.client }, target))
    columns.push(...(page.ColumnList ?? []));
  return columns;
}
