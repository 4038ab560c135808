import { expect, test } from 'vitest';
import { rows, run, useRedshift } from './redshift-data-harness.ts';

const redshift = useRedshift();

// Expected values: the definitions and examples in Redshift's reference of date functions.
test.each([
  ["DATEDIFF(day, '2025-01-18 23:59:00', '2025-01-19 00:01:00')", 1],
  ["DATEDIFF(day, '2025-01-19 00:01:00', '2025-01-18 23:59:00')", -1],
  ["DATEDIFF(hour, '2025-01-18 03:59:59', '2025-01-18 04:00:00')", 1],
  ["DATEDIFF(hour, '2025-01-18 03:00:00', '2025-01-18 03:59:59')", 0],
  ["DATEDIFF(minute, '2025-01-18 03:00:59', '2025-01-18 05:01:00')", 121],
  ["DATEDIFF(month, '2025-01-31', '2025-02-01')", 1],
  ["DATEDIFF(qtr, '1998-07-01', '2025-01-18')", 106],
  ["DATEDIFF(year, DATE '2024-12-31', DATE '2025-01-01')", 1],
  ["DATEDIFF(ms, '2025-01-18 00:00:00.0015', '2025-01-18 00:00:01.002')", 1001],
  ["DATEADD(month, 1, '2025-01-31')", '2025-02-28 00:00:00'],
  ["DATEADD(month, 1, DATE '2025-02-28')", '2025-03-28 00:00:00'],
  ["DATEADD(quarter, -1, '2025-01-18 03:00:00')", '2024-10-18 03:00:00'],
  ["DATEADD(day, 30, DATE '2025-01-18')", '2025-02-17 00:00:00'],
  ["NVL(NULL, NULL, 'c')", 'c'],
  ["NVL2(NULL, 'there', 'not there')", 'not there'],
  ["LEN('Zürich')", 6],
])('%s is %s', async (expression, expected) => {
  expect(await rows(redshift.server, `SELECT ${expression}`)).toEqual([[expected]]);
});

test('GETDATE moves within a transaction and has whole seconds, SYSDATE is the time of its start', async () => {
  const [row] = await rows(redshift.server, 'SELECT GETDATE()::VARCHAR, SYSDATE = CURRENT_TIMESTAMP::TIMESTAMP');

  expect(row?.[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  expect(row?.[1]).toBe(true);
});

test('keys are not enforced, the NOT NULL of a primary key is', async () => {
  await run(redshift.server, 'CREATE TABLE keyed (a INT NOT NULL, b INT, c INT UNIQUE, PRIMARY KEY (a, b))');

  expect((await run(redshift.server, 'INSERT INTO keyed VALUES (1, 1, 1), (1, 1, 1)')).Status).toBe('FINISHED');
  expect((await run(redshift.server, 'INSERT INTO keyed VALUES (1, NULL, 2)')).Error).toContain(
    'null value in column "b"',
  );
});

test('the length of a text is counted in bytes, also in a table made like another', async () => {
  await run(redshift.server, 'CREATE TABLE bytes (name VARCHAR(4))');
  await run(redshift.server, 'CREATE TABLE likewise (LIKE bytes)');

  for (const table of ['bytes', 'likewise']) {
    expect((await run(redshift.server, `INSERT INTO ${table} VALUES ('ää')`)).Status).toBe('FINISHED');
    const failed = await run(redshift.server, `INSERT INTO ${table} VALUES ('äää')`);
    expect(failed.Error).toBe('ERROR: Value too long for character type\n  Detail: name at most 4 bytes');
  }
});

test('MERGE updates what matches and inserts the rest', async () => {
  await run(redshift.server, 'CREATE TABLE target (id INT, v INT)');
  await run(redshift.server, 'CREATE TABLE source (id INT, v INT)');
  await run(redshift.server, 'INSERT INTO target VALUES (1, 10), (2, 20)');
  await run(redshift.server, 'INSERT INTO source VALUES (2, 21), (3, 30)');

  const merged = await run(
    redshift.server,
    `MERGE INTO target USING source ON target.id = source.id
     WHEN MATCHED THEN UPDATE SET v = source.v WHEN NOT MATCHED THEN INSERT VALUES (source.id, source.v)`,
  );

  expect(merged).toMatchObject({ Status: 'FINISHED', ResultRows: 2 });
  expect(await rows(redshift.server, 'SELECT * FROM target ORDER BY id')).toEqual([
    [1, 10],
    [2, 21],
    [3, 30],
  ]);
});

test('MERGE with REMOVE DUPLICATES leaves each row of the source once', async () => {
  await run(redshift.server, 'CREATE TABLE doubled (id INT, v INT)');
  await run(redshift.server, 'CREATE TABLE fresh (id INT, v INT)');
  await run(redshift.server, 'INSERT INTO doubled VALUES (1, 10), (2, 20), (2, 20)');
  await run(redshift.server, 'INSERT INTO fresh VALUES (2, 22), (2, 22), (3, 30)');

  await run(redshift.server, 'MERGE INTO doubled USING fresh ON doubled.id = fresh.id REMOVE DUPLICATES');

  expect(await rows(redshift.server, 'SELECT * FROM doubled ORDER BY id')).toEqual([
    [1, 10],
    [2, 22],
    [3, 30],
  ]);
});

test('LISTAGG, APPROXIMATE COUNT and IDENTITY give what they give on Redshift', async () => {
  await run(redshift.server, 'CREATE TABLE listed (id BIGINT IDENTITY(10, 5), name VARCHAR(9), n INT)');
  await run(redshift.server, "INSERT INTO listed (name, n) VALUES ('b', 1), ('a', 2), ('b', 3)");

  expect(
    await rows(
      redshift.server,
      "SELECT LISTAGG(DISTINCT name, '+') WITHIN GROUP (ORDER BY name), LISTAGG(n) WITHIN GROUP (ORDER BY n DESC), " +
        'APPROXIMATE COUNT(DISTINCT name), MIN(id), MAX(id) FROM listed',
    ),
  ).toEqual([['a+b', '321', 2, 10, 20]]);
});

test('a refused construct fails its statement with its name and place', async () => {
  const failed = await run(redshift.server, 'SELECT n FROM listed\nQUALIFY RANK() OVER (ORDER BY n) = 1');

  expect(failed.Status).toBe('FAILED');
  expect(failed.Error).toBe('ERROR: QUALIFY of Redshift is not supported here, at "QUALIFY" (line 2, column 1)');
});
