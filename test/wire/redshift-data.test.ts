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
  GetStatementResultV2Command,
  ListDatabasesCommand,
  ListSchemasCommand,
  ListTablesCommand,
  paginateGetStatementResult,
  paginateListStatements,
  ResourceNotFoundException,
  ValidationException,
} from '@aws-sdk/client-redshift-data';
import pg from 'pg';
import { expect, test } from 'vitest';
import {
  plain,
  rows,
  run,
  runBatch,
  startRedshift,
  TARGET,
  temporaryFolder,
  useRedshift,
} from './redshift-data-harness.ts';

const redshift = useRedshift();

async function submit(sql: string, extra: object = {}): Promise<string> {
  const { Id } = await redshift.server.client.send(new ExecuteStatementCommand({ ...TARGET, Sql: sql, ...extra }));
  return Id ?? '';
}

test('a result carries each value in the member of its type, and its columns with their tables', async () => {
  await run(
    redshift.server,
    'CREATE TABLE typed (id BIGINT NOT NULL, name VARCHAR(20), fare DECIMAL(12, 2), seen TIMESTAMP)',
  );
  await run(redshift.server, "INSERT INTO typed VALUES (1, 'Ada', 10.50, '2025-01-18 03:04:05.678')");

  const described = await run(
    redshift.server,
    'SELECT *, true AS ok, 0.5::FLOAT8 AS half, NULL::INT AS none FROM typed',
  );
  const result = await redshift.server.client.send(new GetStatementResultCommand({ Id: described.Id }));

  expect(described).toMatchObject({ Status: 'FINISHED', HasResultSet: true, ResultRows: 1, WorkgroupName: 'tideline' });
  expect(described.Duration).toBeGreaterThan(0);
  expect(described.RedshiftPid).toBeGreaterThan(0);
  expect(result.TotalNumRows).toBe(1);
  expect(result.Records).toEqual([
    [
      { longValue: 1 },
      { stringValue: 'Ada' },
      { stringValue: '10.50' },
      { stringValue: '2025-01-18 03:04:05.678' },
      { booleanValue: true },
      { doubleValue: 0.5 },
      { isNull: true },
    ],
  ]);
  expect(result.ColumnMetadata?.map((column) => column.typeName)).toEqual(
    'int8 varchar numeric timestamp bool float8 int4'.split(' '),
  );
  expect(result.ColumnMetadata?.[2]).toMatchObject({ name: 'fare', tableName: 'typed', precision: 12, scale: 2 });
  expect(result.ColumnMetadata?.map((column) => column.nullable).slice(0, 2)).toEqual([0, 1]);
});

test('a result of several pages arrives whole and in order', async () => {
  await run(redshift.server, 'CREATE TABLE many (n INTEGER)');
  await run(
    redshift.server,
    'INSERT INTO many WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2500) SELECT n FROM c',
  );
  const { Id } = await run(redshift.server, 'SELECT n FROM many ORDER BY n');

  const pages: unknown[][] = [];
  for await (const page of paginateGetStatementResult({ client: redshift.server.client }, { Id })) {
    pages.push((page.Records ?? []).flat().map(plain));
  }

  expect(pages.map((page) => page.length)).toEqual([1000, 1000, 500]);
  expect(pages.flat()).toEqual(Array.from({ length: 2500 }, (_, index) => index + 1));
});

test('a CSV result comes from the second version of the operation only', async () => {
  const { Id } = await run(redshift.server, `SELECT 1 AS a, 'x,"y' AS b, NULL AS c`, { ResultFormat: 'CSV' });

  const result = await redshift.server.client.send(new GetStatementResultV2Command({ Id }));

  expect(result.Records).toEqual([{ CSVRecords: '1,"x,""y",' }]);
  await expect(redshift.server.client.send(new GetStatementResultCommand({ Id }))).rejects.toThrow(ValidationException);
});

test('parameters are values, never SQL', async () => {
  const Parameters = [{ name: 'name', value: "x' OR true --" }];

  expect(await rows(redshift.server, "SELECT :name = 'y', :name::VARCHAR, ':name'", { Parameters })).toEqual([
    [false, "x' OR true --", ':name'],
  ]);
  await expect(submit('SELECT 1', { Parameters })).rejects.toThrow('Unused parameters: [name]');
  await expect(submit('SELECT :other', {})).rejects.toThrow('Missing parameters: [other]');
});

test('a batch is one transaction with a result for each statement', async () => {
  await run(redshift.server, 'CREATE TABLE batched (n INTEGER)');

  const { Id } = await redshift.server.client.send(
    new BatchExecuteStatementCommand({
      ...TARGET,
      Sqls: ['INSERT INTO batched VALUES (:n)', 'SELECT n FROM batched', 'DELETE FROM batched WHERE n = 8'],
      Parameters: [{ name: 'n', value: '7' }],
      WaitTimeSeconds: 30,
    }),
  );
  const described = await redshift.server.client.send(new DescribeStatementCommand({ Id }));
  const second = await redshift.server.client.send(new GetStatementResultCommand({ Id: `${Id}:2` }));

  expect(described.SubStatements?.map((part) => [part.Id, part.Status, part.ResultRows, part.HasResultSet])).toEqual([
    [`${Id}:1`, 'FINISHED', 1, false],
    [`${Id}:2`, 'FINISHED', 1, true],
    [`${Id}:3`, 'FINISHED', 0, false],
  ]);
  expect(second.Records).toEqual([[{ longValue: 7 }]]);
  expect((await redshift.server.client.send(new DescribeStatementCommand({ Id: `${Id}:1` }))).QueryString).toContain(
    ':n',
  );
  await expect(redshift.server.client.send(new GetStatementResultCommand({ Id }))).rejects.toThrow(ValidationException);
});

test('a failing batch names its statement and leaves nothing behind', async () => {
  await run(redshift.server, 'CREATE TABLE undone (n INTEGER)');

  const failed = await runBatch(redshift.server, [
    'INSERT INTO undone VALUES (1)',
    'SELECT * FROM missing',
    'SELECT 1',
  ]);

  expect(failed.Status).toBe('FAILED');
  expect(failed.Error).toBe('Query #2 failed with ERROR: relation "missing" does not exist');
  expect(failed.SubStatements?.map((part) => part.Status)).toEqual(['ABORTED', 'FAILED', 'ABORTED']);
  expect(await rows(redshift.server, 'SELECT count(*) FROM undone')).toEqual([[0]]);
});

test('a batch in AUTO_COMMIT mode keeps what succeeded', async () => {
  await run(redshift.server, 'CREATE TABLE kept (n INTEGER)');

  const { Id } = await redshift.server.client.send(
    new BatchExecuteStatementCommand({
      ...TARGET,
      Sqls: ['INSERT INTO kept VALUES (1)', 'SELECT * FROM missing', 'INSERT INTO kept VALUES (3)'],
      ExecutionMode: 'AUTO_COMMIT',
      WaitTimeSeconds: 30,
    }),
  );
  const described = await redshift.server.client.send(new DescribeStatementCommand({ Id }));

  expect(described.SubStatements?.map((part) => part.Status)).toEqual(['FINISHED', 'FAILED', 'FINISHED']);
  expect(await rows(redshift.server, 'SELECT n FROM kept ORDER BY n')).toEqual([[1], [3]]);
});

test('what Redshift runs outside the transaction is refused inside a batch', async () => {
  await run(redshift.server, 'CREATE TABLE cut (n INTEGER)');

  const failed = await runBatch(redshift.server, ['INSERT INTO cut VALUES (1)', 'TRUNCATE cut']);

  expect(failed.Error).toContain('TRUNCATE commits the transaction');
  expect((await run(redshift.server, 'TRUNCATE TABLE cut')).Status).toBe('FINISHED');
  expect((await run(redshift.server, 'VACUUM FULL cut TO 75 PERCENT')).Status).toBe('FINISHED');
});

test('the limits of the service hold: 40 statements a batch, 100 KB a statement, one way to name the warehouse', async () => {
  const batch = (count: number): BatchExecuteStatementCommand =>
    new BatchExecuteStatementCommand({ ...TARGET, Sqls: Array<string>(count).fill('SELECT 1') });

  expect((await redshift.server.client.send(batch(40))).Id).toBeDefined();
  await expect(redshift.server.client.send(batch(41))).rejects.toThrow(ValidationException);
  await expect(submit(`SELECT '${'x'.repeat(102_400)}'`)).rejects.toThrow('larger than 100kB');
  await expect(submit('SELECT 1', { ClusterIdentifier: 'tideline' })).rejects.toThrow('Exactly one of');
  await expect(submit('SELECT 1', { WorkgroupName: 'elsewhere' })).rejects.toThrow("endpoint doesn't exist");
  await expect(submit('SELECT 1', { Database: 'other' })).rejects.toThrow(ValidationException);
});

test('an unknown statement, and a statement without rows, have no result', async () => {
  const unknown = randomUUID();
  const { Id } = await run(redshift.server, 'CREATE TABLE nothing (n INTEGER)');

  await expect(redshift.server.client.send(new DescribeStatementCommand({ Id: unknown }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    ResourceId: unknown,
  });
  await expect(redshift.server.client.send(new GetStatementResultCommand({ Id }))).rejects.toThrow(
    ResourceNotFoundException,
  );
});

test('the same client token runs a statement once; for another statement it is refused', async () => {
  await run(redshift.server, 'CREATE TABLE once (n INTEGER)');
  const ClientToken = randomUUID();

  const ids = await Promise.all([1, 2, 3].map(() => submit('INSERT INTO once VALUES (1)', { ClientToken })));
  await run(redshift.server, 'SELECT 1', { ClientToken: randomUUID() });

  expect(new Set(ids).size).toBe(1);
  expect(await rows(redshift.server, 'SELECT count(*) FROM once')).toEqual([[1]]);
  await expect(submit('SELECT 2', { ClientToken })).rejects.toThrow('was used for another request');
});

test('a long poll answers when the statement ends, and no later than it was asked to', async () => {
  const slow = await submit('SELECT pg_sleep(3)');
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
