import { randomUUID } from 'node:crypto';
import {
  BatchExecuteStatementCommand,
  DescribeStatementCommand,
  GetStatementResultCommand,
  GetStatementResultV2Command,
  paginateGetStatementResult,
  ResourceNotFoundException,
  ValidationException,
} from '@aws-sdk/client-redshift-data';
import { expect, test } from 'vitest';
import { plain, rows, run, runBatch, TARGET, useRedshift, submit } from './redshift-data-harness.ts';

const redshift = useRedshift();

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
  await expect(submit(redshift.server, 'SELECT 1', { Parameters })).rejects.toThrow('Unused parameters: [name]');
  await expect(submit(redshift.server, 'SELECT :other', {})).rejects.toThrow('Missing parameters: [other]');
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
  await expect(submit(redshift.server, `SELECT '${'x'.repeat(102_400)}'`)).rejects.toThrow('larger than 100kB');
  await expect(submit(redshift.server, 'SELECT 1', { ClusterIdentifier: 'tideline' })).rejects.toThrow(
    'Exactly one of',
  );
  await expect(submit(redshift.server, 'SELECT 1', { WorkgroupName: 'elsewhere' })).rejects.toThrow(
    "endpoint doesn't exist",
  );
  await expect(submit(redshift.server, 'SELECT 1', { Database: 'other' })).rejects.toThrow(ValidationException);
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
