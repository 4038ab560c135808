import { afterAll, beforeAll, expect, test } from 'vitest';
import { rows, run, runBatch, startRedshift, startStorage, temporaryFolder, url } from './redshift-data-harness.ts';
import type { Server, Storage } from './redshift-data-harness.ts';

const ROLE = "IAM_ROLE 'arn:aws:iam::000000000000:role/copy'";
const folder = temporaryFolder();
let storage: Storage;
let server: Server;

beforeAll(async () => {
  storage = await startStorage();
  server = await startRedshift(folder.path, { AWS_ENDPOINT_URL: storage.endpoint });
});

afterAll(async () => {
  await server.stop();
  await storage.stop();
  folder.remove();
});

async function manifest(key: string, entries: { key: string; size: number; mandatory?: boolean }[]): Promise<string> {
  const content = entries.map((entry) => ({
    url: url(entry.key),
    mandatory: entry.mandatory ?? true,
    meta: { content_length: entry.size },
  }));
  await storage.put(key, JSON.stringify({ entries: content }));
  return `'${url(key)}' ${ROLE} FORMAT AS PARQUET MANIFEST`;
}

test('every type of a Parquet file arrives unchanged, Spark instants as the same UTC wall time', async () => {
  const size = await storage.putParquet(
    'types/part-0.parquet',
    `SELECT 7::SMALLINT a, (-2147483648)::INTEGER b, 9007199254740991::BIGINT c, 12345678901234.99::DECIMAL(18, 2) d,
            0.1::DOUBLE e, true f, DATE '2025-01-18' g, TIMESTAMP '2025-01-18 23:59:59.123456' h,
            TIMESTAMPTZ '2025-01-18 01:02:03.000004+00' i, 'Zürich, "x"' || chr(10) || '\\N' j, '' k, NULL::VARCHAR l
     UNION ALL SELECT NULL, NULL, NULL, NULL, 'nan'::DOUBLE, NULL, NULL, NULL, NULL, NULL, NULL, NULL`,
  );
  const source = await manifest('types/manifest.json', [{ key: 'types/part-0.parquet', size }]);
  await run(
    server,
    `CREATE TABLE types (a SMALLINT, b INTEGER, c BIGINT, d DECIMAL(18, 2), e DOUBLE PRECISION, f BOOLEAN, g DATE,
       h TIMESTAMP, i TIMESTAMP, j VARCHAR(64), k VARCHAR(8), l VARCHAR(8))`,
  );

  const copied = await run(server, `COPY types FROM ${source}`);

  expect(copied).toMatchObject({ Status: 'FINISHED', ResultRows: 2, HasResultSet: false });
  expect(await rows(server, 'SELECT * FROM types WHERE a IS NOT NULL')).toEqual([
    [
      ...[7, -2_147_483_648, 9_007_199_254_740_991, '12345678901234.99', 0.1, true, '2025-01-18'],
      ...['2025-01-18 23:59:59.123456', '2025-01-18 01:02:03.000004', 'Zürich, "x"\n\\N', '', null],
    ],
  ]);
  expect(await rows(server, 'SELECT count(*), count(k) FROM types WHERE a IS NULL')).toEqual([[1, 0]]);
});

test('with FILLRECORD columns that a file lacks at its end are null, and no file has one more', async () => {
  const sizes = [
    await storage.putParquet('filled/part-0.parquet', "SELECT 1 AS id, 'x' AS name"),
    await storage.putParquet('filled/part-1.parquet', "SELECT 2 AS id, 'y' AS name, 2.5::DOUBLE AS added"),
    await storage.putParquet('filled/wide.parquet', "SELECT 3 AS id, 'z' AS name, 3.5::DOUBLE AS added, 4 AS more"),
  ];
  const source = (names: readonly string[]) =>
    manifest(
      `filled/${names.join('-')}.json`,
      names.map((name, index) => ({ key: `filled/${name}.parquet`, size: sizes[name === 'wide' ? 2 : index] ?? 0 })),
    );
  await run(server, 'CREATE TABLE filled (id INTEGER NOT NULL, name VARCHAR(8), added DOUBLE PRECISION)');
  const both = await source(['part-0', 'part-1']);
  expect((await run(server, `COPY filled FROM ${both}`)).Error).toContain('Unmatched number of columns');

  await run(server, `COPY filled FROM ${both} FILLRECORD`);

  expect(await rows(server, 'SELECT * FROM filled ORDER BY id')).toEqual([
    [1, 'x', null],
    [2, 'y', 2.5],
  ]);
  const wide = await run(server, `COPY filled FROM ${await source(['wide'])} FILLRECORD`);
  expect(wide.Error).toContain('Table columns: 3, Data columns: 4');
});

test('a key prefix loads every file below it and leaves out the markers of writers', async () => {
  await storage.putParquet('prefix/part-0.parquet', 'SELECT range AS id FROM range(10)');
  await storage.putParquet('prefix/part-1.parquet', 'SELECT range + 10 AS id FROM range(5)');
  await storage.put('prefix/_SUCCESS', '');
  await run(server, 'CREATE TABLE prefixed (id BIGINT)');

  const copied = await run(server, `COPY prefixed FROM '${url('prefix/')}' ${ROLE} PARQUET`);

  expect(copied).toMatchObject({ Status: 'FINISHED', ResultRows: 15 });
  expect(await rows(server, 'SELECT min(id), max(id) FROM prefixed')).toEqual([[0, 14]]);
  const missing = await run(server, `COPY prefixed FROM '${url('nowhere/')}' ${ROLE} PARQUET`);
  expect(missing.Error).toContain(`The specified S3 prefix '${url('nowhere/')}' does not exist`);
});

test('a manifest loads exactly its files; a missing one fails the load only when it is mandatory', async () => {
  const size = await storage.putParquet('listed/a.parquet', 'SELECT 1::BIGINT id');
  await storage.putParquet('listed/b.parquet', 'SELECT 2::BIGINT id');
  await run(server, 'CREATE TABLE listed (id BIGINT)');
  const optional = await manifest('m/optional.json', [
    { key: 'listed/a.parquet', size },
    { key: 'listed/gone.parquet', size, mandatory: false },
  ]);
  const mandatory = await manifest('m/mandatory.json', [{ key: 'listed/gone.parquet', size }]);
  const wrongSize = await manifest('m/size.json', [{ key: 'listed/a.parquet', size: size + 1 }]);

  expect((await run(server, `COPY listed FROM ${optional}`)).Status).toBe('FINISHED');
  expect(await rows(server, 'SELECT id FROM listed')).toEqual([[1]]);
  expect((await run(server, `COPY listed FROM ${mandatory}`)).Error).toContain('listed/gone.parquet does not exist');
  expect((await run(server, `COPY listed FROM ${wrongSize}`)).Error).toContain('content_length');
  expect(await rows(server, 'SELECT id FROM listed')).toEqual([[1]]);
});

test.each([
  ['another number of columns', 'SELECT 1::BIGINT id, 2 AS extra', 'Table columns: 2, Data columns: 3'],
  ['another type', "SELECT 1::INTEGER id, 'x' AS name", "incompatible Parquet schema for column 'id'"],
  ['a text longer than its column', "SELECT 1::BIGINT id, 'äääää' AS name", 'longer than the length defined'],
])('a file with %s fails the load and leaves the table as it was', async (title, query, message) => {
  const key = `bad/${title.replaceAll(' ', '-')}.parquet`;
  await storage.putParquet(key, query.includes('extra') ? `SELECT 1::BIGINT id, 'x' AS name, 2 AS extra` : query);
  await run(server, 'CREATE TABLE IF NOT EXISTS strict (id BIGINT, name VARCHAR(9))');

  const copied = await run(server, `COPY strict FROM '${url(key)}' ${ROLE} FORMAT AS PARQUET`);

  expect(copied.Status).toBe('FAILED');
  expect(copied.Error).toContain(message);
  expect(await rows(server, 'SELECT count(*) FROM strict')).toEqual([[0]]);
});

test.each([
  ['is too long', "repeat('ä', 5)", 'longer than the length defined', 1204],
  ['has a NUL', "'a' || chr(0)", 'NUL character', 1220],
  ['is missing', 'NULL::VARCHAR', 'Missing data for not-null field', 1213],
])(
  'a text that %s is told with its file, line and column in the system views, not with its value',
  async (...given) => {
    const [title, value, message, code] = given;
    const key = `places/${title.replaceAll(' ', '-')}.parquet`;
    await storage.putParquet(key, `SELECT 1::BIGINT id, 'right' AS name UNION ALL SELECT 2, ${value}`);
    await run(server, 'CREATE TABLE IF NOT EXISTS placed (id BIGINT, name VARCHAR(9) NOT NULL)');

    const copied = await run(server, `COPY placed FROM '${url(key)}' ${ROLE} FORMAT AS PARQUET`);

    expect(copied.Error).toContain(message);
    const where = `= ${copied.RedshiftQueryId ?? 0}`;
    const columns = 'file_name, line_number, column_name, column_type, column_length, error_code';
    expect(await rows(server, `SELECT ${columns} FROM sys_load_error_detail WHERE query_id ${where}`)).toEqual([
      [url(key), 2, 'name', 'character varying', '9', code],
    ]);
    const [[reason] = []] = await rows(server, `SELECT err_reason FROM stl_load_errors WHERE query ${where}`);
    expect(reason).toContain(message);
    expect(reason).not.toContain('ä');
  },
);

test('a batch that copies and then fails loads nothing', async () => {
  await storage.putParquet('batch/a.parquet', 'SELECT 1::BIGINT id');
  await run(server, 'CREATE TABLE batched (id BIGINT)');
  await run(server, 'INSERT INTO batched VALUES (42)');

  const failed = await runBatch(server, [
    'DELETE FROM batched',
    `COPY batched FROM '${url('batch/')}' ${ROLE} FORMAT AS PARQUET`,
    'SELECT 1 / 0',
  ]);

  expect(failed).toMatchObject({ Status: 'FAILED', Error: 'Query #3 failed with ERROR: division by zero' });
  expect(failed.SubStatements?.map((part) => part.Status)).toEqual(['ABORTED', 'ABORTED', 'FAILED']);
  expect(await rows(server, 'SELECT id FROM batched')).toEqual([[42]]);
});

test('what UNLOAD writes is what COPY reads, and a full destination is refused', async () => {
  await run(server, 'CREATE TABLE trips (id BIGINT, fare DECIMAL(12, 2), at TIMESTAMP, city VARCHAR(8))');
  await run(server, `INSERT INTO trips VALUES (1, 10.50, '2025-01-18 03:00:00', ''), (2, NULL, NULL, NULL)`);
  const unload = `UNLOAD ('SELECT * FROM trips WHERE id < 99') TO '${url('out/trips_')}' ${ROLE} FORMAT AS PARQUET`;

  const unloaded = await run(server, unload);
  await run(server, 'CREATE TABLE again (LIKE trips)');
  const copied = await run(server, `COPY again FROM '${url('out/')}' ${ROLE} FORMAT AS PARQUET`);

  expect(unloaded).toMatchObject({ Status: 'FINISHED', ResultRows: 2 });
  expect(copied).toMatchObject({ Status: 'FINISHED', ResultRows: 2 });
  expect(await rows(server, 'SELECT * FROM again ORDER BY id')).toEqual([
    [1, '10.50', '2025-01-18 03:00:00', ''],
    [2, null, null, null],
  ]);
  expect((await run(server, unload)).Error).toContain('is not empty');
});

test('UNLOAD with PARTITION BY writes one folder a value', async () => {
  await run(server, 'CREATE TABLE parted (id BIGINT, day DATE)');
  await run(server, "INSERT INTO parted VALUES (1, '2025-01-18'), (2, '2025-01-19'), (3, '2025-01-19')");

  await run(server, `UNLOAD ('SELECT * FROM parted') TO '${url('parted')}' ${ROLE} PARQUET PARTITION BY (day)`);
  await run(server, 'CREATE TABLE one_day (id BIGINT)');
  const copied = await run(server, `COPY one_day FROM '${url('parted/day=2025-01-19/')}' ${ROLE} PARQUET`);

  expect(copied).toMatchObject({ Status: 'FINISHED', ResultRows: 2 });
});

test('UNLOAD of far more rows than one read from the server brings writes each of them, unchanged', async () => {
  await run(server, 'CREATE TABLE many (id BIGINT, name VARCHAR(64))');
  const digits = '(SELECT 0 AS digit UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4)';
  const tables = Array.from({ length: 8 }, (_, place) => `${digits} t${place}`).join(', ');
  const id = Array.from({ length: 8 }, (_, place) => `t${place}.digit * ${5 ** place}`).join(' + ');
  await run(server, `INSERT INTO many SELECT id, 'trip_' || id FROM (SELECT ${id} AS id FROM ${tables}) numbered`);

  const unloaded = await run(server, `UNLOAD ('SELECT * FROM many') TO '${url('many/')}' ${ROLE} FORMAT AS PARQUET`);
  await run(server, 'CREATE TABLE many_again (LIKE many)');
  await run(server, `COPY many_again FROM '${url('many/')}' ${ROLE} FORMAT AS PARQUET`);

  expect(unloaded).toMatchObject({ Status: 'FINISHED', ResultRows: 5 ** 8 });
  expect(
    await rows(server, "SELECT count(DISTINCT id), min(id), max(id) FROM many_again WHERE name = 'trip_' || id"),
  ).toEqual([[5 ** 8, 0, 5 ** 8 - 1]]);
});

test('of many files that are alike in size and age each gives its own rows', async () => {
  const files = Array.from({ length: 20 }, (_, file) => file);
  for (const file of files)
    await storage.putParquet(
      `alike/part-${file}.parquet`,
      `SELECT 'trip_' || (${file} * 1000 + range) AS id, ${file} * 1000 + range AS n, (range % 1000) / 10.0 AS d,
              TIMESTAMP '2025-01-18 00:00:00' + INTERVAL ((${file} * 1000 + range) * 4) SECOND AS t FROM range(1000)`,
    );
  await run(server, 'CREATE TABLE alike (id VARCHAR(64), n BIGINT, d DOUBLE PRECISION, t TIMESTAMP)');

  const copied = await run(server, `COPY alike FROM '${url('alike/')}' ${ROLE} FORMAT AS PARQUET`);

  expect(copied).toMatchObject({ Status: 'FINISHED', ResultRows: 20_000 });
  expect(await rows(server, 'SELECT count(DISTINCT id) FROM alike')).toEqual([[20_000]]);
});
