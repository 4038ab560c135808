import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ActiveStatementsExceededException,
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  DescribeTableCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  ListDatabasesCommand,
  ListSchemasCommand,
  ListTablesCommand,
  paginateListStatements,
  ResourceNotFoundException,
} from '@aws-sdk/client-redshift-data';
import pg from 'pg';
import { expect, test } from 'vitest';
import { rows, run, startRedshift, TARGET, temporaryFolder, useRedshift, submit } from './redshift-data-harness.ts';

const redshift = useRedshift();

test('the same client token runs a statement once; for another statement it is refused', async () => {
  await run(redshift.server, 'CREATE TABLE once (n INTEGER)');
  const ClientToken = randomUUID();

  const ids = await Promise.all(
    [1, 2, 3].map(() => submit(redshift.server, 'INSERT INTO once VALUES (1)', { ClientToken })),
  );
  await run(redshift.server, 'SELECT 1', { ClientToken: randomUUID() });

  expect(new Set(ids).size).toBe(1);
  expect(await rows(redshift.server, 'SELECT count(*) FROM once')).toEqual([[1]]);
  await expect(submit(redshift.server, 'SELECT 2', { ClientToken })).rejects.toThrow('was used for another request');
});

test('a long poll answers when the statement ends, and no later than it was asked to', async () => {
  const slow = await submit(redshift.server, 'SELECT pg_sleep(3)');
  const startedMs = Date.now();

  const early = await redshift.server.client.send(new DescribeStatementCommand({ Id: slow, WaitTimeSeconds: 1 }));
  const earlyMs = Date.now() - startedMs;
  const late = await redshift.server.client.send(new DescribeStatementCommand({ Id: slow, WaitTimeSeconds: 30 }));
  const lateMs = Date.now() - startedMs;

  expect([early.Status, late.Status]).toEqual(['STARTED', 'FINISHED']);
  expect(earlyMs).toBeGreaterThanOrEqual(950);
  expect(earlyMs).toBeLessThan(2500);
  expect(lateMs).toBeGreaterThanOrEqual(2900);
  expect(lateMs).toBeLessThan(10_000);
});

test('a cancel stops the work itself and rolls it back', async () => {
  await run(redshift.server, 'CREATE TABLE cancelled (n INTEGER)');
  const { Id } = await redshift.server.client.send(
    new BatchExecuteStatementCommand({ ...TARGET, Sqls: ['INSERT INTO cancelled VALUES (1)', 'SELECT pg_sleep(60)'] }),
  );
  await sleep(300);

  expect(await redshift.server.client.send(new CancelStatementCommand({ Id }))).toMatchObject({ Status: true });
  const described = await redshift.server.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 10 }));

  expect(described.Status).toBe('ABORTED');
  expect(await rows(redshift.server, 'SELECT count(*) FROM cancelled')).toEqual([[0]]);
  expect(
    await rows(redshift.server, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%'"),
  ).toEqual([[0]]);
  await expect(redshift.server.client.send(new CancelStatementCommand({ Id }))).rejects.toThrow(
    'already in ABORTED state',
  );
});

test('a session keeps temporary tables, runs one statement at a time and ends when idle', async () => {
  const created = await run(redshift.server, 'CREATE TEMP TABLE scratch (n INTEGER)', { SessionKeepAliveSeconds: 2 });
  const SessionId = created.SessionId ?? '';
  await run(redshift.server, 'INSERT INTO scratch VALUES (5)', { SessionId });

  expect(await rows(redshift.server, 'SELECT n FROM scratch', { SessionId })).toEqual([[5]]);
  expect((await run(redshift.server, 'SELECT n FROM scratch')).Status).toBe('FAILED');
  const busy = await redshift.server.client.send(new ExecuteStatementCommand({ Sql: 'SELECT pg_sleep(1)', SessionId }));
  await expect(
    redshift.server.client.send(new ExecuteStatementCommand({ Sql: 'SELECT 1', SessionId })),
  ).rejects.toThrow('is not available');
  await redshift.server.client.send(new DescribeStatementCommand({ Id: busy.Id, WaitTimeSeconds: 10 }));
  await sleep(2500);
  await expect(
    redshift.server.client.send(new ExecuteStatementCommand({ Sql: 'SELECT 1', SessionId })),
  ).rejects.toThrow(ResourceNotFoundException);
});

test('statements are listed newest first, by status and name prefix, page by page', async () => {
  for (const n of [1, 2, 3]) await run(redshift.server, `SELECT ${n}`, { StatementName: `listed-${n}` });
  await run(redshift.server, 'SELECT * FROM missing', { StatementName: 'listed-4' });

  const finished: (string | undefined)[] = [];
  const pages = paginateListStatements({ client: redshift.server.client, pageSize: 2 }, { StatementName: 'listed-' });
  for await (const page of pages) finished.push(...(page.Statements ?? []).map((statement) => statement.StatementName));

  expect(finished).toEqual(['listed-3', 'listed-2', 'listed-1']);
});

test('the catalogue operations show what exists, by pattern, and nothing of our own', async () => {
  await run(redshift.server, 'CREATE SCHEMA shop');
  await run(redshift.server, "CREATE TABLE shop.orders (id BIGINT NOT NULL, note VARCHAR(50) DEFAULT 'none')");
  await run(redshift.server, 'CREATE VIEW shop.order_ids AS SELECT id FROM shop.orders');

  const schemas = await redshift.server.client.send(new ListSchemasCommand(TARGET));
  const tables = await redshift.server.client.send(new ListTablesCommand({ ...TARGET, SchemaPattern: 'sh%' }));
  const table = await redshift.server.client.send(
    new DescribeTableCommand({ ...TARGET, Schema: 'shop', Table: 'orders' }),
  );

  expect((await redshift.server.client.send(new ListDatabasesCommand(TARGET))).Databases).toEqual(['lakehouse']);
  expect(schemas.Schemas).toEqual(['information_schema', 'pg_catalog', 'public', 'shop']);
  expect(tables.Tables).toEqual([
    { name: 'order_ids', schema: 'shop', type: 'VIEW' },
    { name: 'orders', schema: 'shop', type: 'TABLE' },
  ]);
  expect(table.ColumnList?.map((column) => [column.name, column.typeName, column.nullable])).toEqual([
    ['id', 'int8', 0],
    ['note', 'varchar', 1],
  ]);
});

test('psql reads as the analyst without a password and cannot write; nobody learns the password', async () => {
  await run(redshift.server, 'CREATE TABLE seen (n INTEGER)');
  const client = new pg.Client(redshift.server.postgres);
  await client.connect();

  expect((await client.query('SELECT count(*)::int AS n FROM seen')).rows).toEqual([{ n: 0 }]);
  await expect(client.query('INSERT INTO seen VALUES (1)')).rejects.toThrow(/read-only|permission denied/);
  await client.query('SET default_transaction_read_only = off');
  await expect(client.query('INSERT INTO seen VALUES (1)')).rejects.toThrow('permission denied');
  await client.end();
  expect(statSync(join(redshift.folder, 'password')).mode & 0o777).toBe(0o600);
  const withoutPassword = new pg.Client({ ...redshift.server.postgres, user: 'admin' });
  await expect(withoutPassword.connect()).rejects.toThrow();
});

test('more statements than the quota are refused until one has ended', async () => {
  const small = temporaryFolder();
  const limited = await startRedshift(small.path, { REDSHIFT_DATA_MAX_ACTIVE: '1' });
  try {
    const Sql = 'SELECT pg_sleep(30)';
    const { Id } = await limited.client.send(new ExecuteStatementCommand({ ...TARGET, Sql }));
    await expect(limited.client.send(new ExecuteStatementCommand({ ...TARGET, Sql }))).rejects.toThrow(
      ActiveStatementsExceededException,
    );
    await limited.client.send(new CancelStatementCommand({ Id }));
    await limited.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 10 }));
    expect((await run(limited, 'SELECT 1')).Status).toBe('FINISHED');
  } finally {
    await limited.stop();
    small.remove();
  }
});

test('after kill -9 the data and results are there, and what was running is rolled back and FAILED', async () => {
  await run(redshift.server, 'CREATE TABLE durable (n INTEGER)');
  await run(redshift.server, 'INSERT INTO durable VALUES (1)');
  const { Id: finished } = await run(redshift.server, 'SELECT n FROM durable');
  const { Id: running } = await redshift.server.client.send(
    new BatchExecuteStatementCommand({ ...TARGET, Sqls: ['INSERT INTO durable VALUES (2)', 'SELECT pg_sleep(120)'] }),
  );
  await sleep(300);
  await redshift.server.stop('SIGKILL');

  redshift.server = await startRedshift(redshift.folder);

  const after = await redshift.server.client.send(new DescribeStatementCommand({ Id: running }));
  expect(after.Status).toBe('FAILED');
  expect(await rows(redshift.server, 'SELECT n FROM durable')).toEqual([[1]]);
  const kept = await redshift.server.client.send(new GetStatementResultCommand({ Id: finished }));
  expect(kept.Records).toEqual([[{ longValue: 1 }]]);
});

test('SIGTERM stops the API and PostgreSQL, and a new start finds everything', async () => {
  await run(redshift.server, 'CREATE TABLE restarted (n INTEGER)');
  const postmaster = Number(readFileSync(join(redshift.folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);

  await redshift.server.stop();

  expect(redshift.server.process.exitCode).toBe(0);
  expect(() => process.kill(postmaster, 0)).toThrow('ESRCH');
  redshift.server = await startRedshift(redshift.folder);
  expect(await rows(redshift.server, 'SELECT count(*) FROM restarted')).toEqual([[0]]);
});
