import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  createRedshiftActivities,
  type RedshiftActivities,
  type StatementEnd,
} from '../../activities/redshift/activities.ts';
import { notedLoads } from '../../activities/redshift/noted-loads.ts';
import { statementsOf } from '../../activities/redshift/statements.ts';
import { applyWarehouse } from '../../deployment/warehouse.ts';
import { type Catalogue, loadCatalogue } from '../../model/catalogue.ts';
import { clientOf, rows, run, startRedshift, startStorage, temporaryFolder, url } from './redshift-data-harness.ts';
import type { Server, Storage } from './redshift-data-harness.ts';

type Load = Parameters<RedshiftActivities['submitLoad']>[0];

const catalogue = loadCatalogue();
const earlierWarehouse = readFileSync(join(import.meta.dirname, 'earlier-warehouse.sql'), 'utf8');
const workerRole = 'tideline-worker';
const deployerRole = 'somebody-who-deploys';
const secretArn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:redshift-admin';
const warehouse = { workgroup: 'tideline', database: 'lakehouse' };
const folder = temporaryFolder();
let storage: Storage;
let server: Server;
let activities: RedshiftActivities;
let loads = 0;
const asked = Date.now();

beforeAll(async () => {
  storage = await startStorage();
  const roles = `${workerRole},${deployerRole}`;
  server = await startRedshift(folder.path, { AWS_ENDPOINT_URL: storage.endpoint, REDSHIFT_DATA_ROLES: roles });
  for (const sql of statementsOf(earlierWarehouse, 'earlier-warehouse.sql')) await run(server, sql);
  const deployed = { client: clientOf(server, deployerRole), ...warehouse, secretArn };
  await applyWarehouse(deployed, catalogue, workerRole);
  await applyWarehouse(deployed, catalogue, workerRole);
  activities = workerOf(catalogue);
});

/** A worker that knows these contracts. */
const workerOf = (contracts: Catalogue): RedshiftActivities =>
  createRedshiftActivities(clientOf(server, workerRole), contracts, {
    ...warehouse,
    copyRoleArn: 'arn:aws:iam::000000000000:role/copy',
    longPollSeconds: 20,
  });

afterAll(async () => {
  await server.stop();
  await storage.stop();
  folder.remove();
});

beforeEach(async () => {
  await run(server, 'DELETE FROM gold.fact_hourly_metrics');
  await run(server, 'DELETE FROM meta.loads');
  await run(server, 'UPDATE meta.load_guards SET asked_at_ms = NULL');
});

/** What a build has exported: for each date, a row of `trips` in a city; `second` is another column behind the first. */
async function exported(
  name: string,
  dates: readonly string[],
  trips: number,
  second = '',
  city = "'london'",
): Promise<string> {
  const each = dates.map(
    (date) =>
      `SELECT DATE '${date}' a, ${second}TIMESTAMPTZ '${date} 03:00:00+00' b, ${city} c, 'car' d, ${trips}::BIGINT e,
              1.5::DECIMAL(18, 2) f, 1.0::DOUBLE g, 0::BIGINT h, 1.0::DOUBLE i, 1.0::DOUBLE j, now() k, 2.0::DOUBLE l`,
  );
  const size = await storage.putParquet(`${name}/part-0.parquet`, each.join(' UNION ALL '));
  const entries = [{ url: url(`${name}/part-0.parquet`), mandatory: true, meta: { content_length: size } }];
  await storage.put(`${name}/manifest.json`, JSON.stringify({ entries }));
  return url(`${name}/manifest.json`);
}

async function ended(worker: RedshiftActivities, input: Load): Promise<StatementEnd> {
  const environment = new MockActivityEnvironment();
  const submit = () => worker.submitLoad(input);
  const { statementId } = await environment.run<[], { statementId: string }, typeof submit>(submit);
  return environment.run(() => worker.awaitStatement({ statementId }));
}

/** One try of a load, by a worker of today's contracts if no other is said; each is another build's. */
async function load(
  manifest: string,
  start: string,
  end: string,
  {
    worker = activities,
    columns,
    askedAtMs = asked,
  }: { worker?: RedshiftActivities; columns?: readonly string[]; askedAtMs?: number } = {},
): Promise<StatementEnd> {
  loads += 1;
  const buildId = `gold.fact_hourly_metrics/${start}/${loads}`;
  const input = { token: buildId, buildId, product: 'gold.fact_hourly_metrics', start, end, manifest, columns };
  return ended(worker, { ...input, askedAtMs });
}

const loaded = () =>
  rows(server, 'SELECT metric_date, MAX(trips_count), COUNT(*) FROM gold.fact_hourly_metrics GROUP BY 1 ORDER BY 1');

test('a load replaces its dates alone, and writes down that it has', async () => {
  const before = await exported('before', ['2025-01-18', '2025-01-19'], 1);
  expect(await load(before, '2025-01-18', '2025-01-20')).toMatchObject({ meaning: 'done', error: '', rowCount: 2 });
  await load(await exported('after', ['2025-01-19'], 2), '2025-01-19', '2025-01-20');

  expect(await loaded()).toEqual([
    ['2025-01-18', 1, 1],
    ['2025-01-19', 2, 1],
  ]);
  const noted = await notedLoads({ client: server.client, ...warehouse }, 'gold.fact_hourly_metrics');
  // GETDATE() tells seconds: two loads of one second come in any order.
  expect(noted.toSorted((a, b) => b.start.localeCompare(a.start))).toMatchObject([
    { start: '2025-01-19', end: '2025-01-20', buildId: 'gold.fact_hourly_metrics/2025-01-19/2', rows: 1 },
    { start: '2025-01-18', end: '2025-01-20', buildId: 'gold.fact_hourly_metrics/2025-01-18/1', rows: 2 },
  ]);
  for (const { at } of noted) expect(Math.abs(Date.now() - Date.parse(at))).toBeLessThan(600_000);
});

test('a load that a build on earlier code asks for is noted under its token', async () => {
  const manifest = await exported('earlier', ['2025-01-18'], 1);
  const load = { product: 'gold.fact_hourly_metrics', start: '2025-01-18', end: '2025-01-19', manifest };
  const end = await ended(activities, { token: 'build/1/load/1', ...load });

  expect(end.meaning).toBe('done');
  expect(await rows(server, 'SELECT build_id FROM meta.loads')).toEqual([['build/1/load/1']]);
});

test('a load that waited in the queue while one was asked for and done is refused', async () => {
  const [older, newer] = await Promise.all([1, 2].map((trips) => exported(`asked-${trips}`, ['2025-01-18'], trips)));
  const later = await load(newer ?? '', '2025-01-18', '2025-01-19', { askedAtMs: asked + 1 });

  const refused = await load(older ?? '', '2025-01-18', '2025-01-19');

  expect([later.meaning, refused.meaning]).toEqual(['done', 'failed']);
  expect(refused.error).toContain('a load that was asked for later is done');
  expect(await loaded()).toEqual([['2025-01-18', 2, 1]]);
  const again = await load(older ?? '', '2025-01-18', '2025-01-19', { askedAtMs: asked + 2 });
  expect(again.meaning).toBe('done');
});

/** Tries again what has lost against another load, as builds do. */
async function loadAtLast(manifest: string, start: string, end: string): Promise<StatementEnd> {
  const ended = await load(manifest, start, end);
  return ended.meaning === 'conflict' ? loadAtLast(manifest, start, end) : ended;
}

test('ten loads of one table at once bring each its rows', async () => {
  const dates = Array.from({ length: 10 }, (_, index) => `2025-02-${String(index + 10)}`);
  const manifests = await Promise.all(dates.map((date, index) => exported(`own-${date}`, [date], index)));

  const ends = await Promise.all(
    dates.map((date, index) => loadAtLast(manifests[index] ?? '', date, `2025-02-${String(index + 11)}`)),
  );

  expect(ends.map(({ meaning }) => meaning)).toEqual(dates.map(() => 'done'));
  expect(await loaded()).toEqual(dates.map((date, index) => [date, index, 1]));
});

test('of ten loads of the same dates at once each is done or has lost against another, and none is in there twice', async () => {
  const dates = ['2025-03-01', '2025-03-02'];
  await load(await exported('first', dates, 0), '2025-03-01', '2025-03-03');
  const manifests = await Promise.all(
    dates.concat(dates, dates, dates, dates).map((_, n) => exported(`n-${n}`, dates, n)),
  );

  const ends = await Promise.all(manifests.map((manifest) => load(manifest, '2025-03-01', '2025-03-03')));

  expect(ends.filter(({ meaning }) => meaning !== 'done' && meaning !== 'conflict')).toEqual([]);
  expect(ends.some(({ meaning }) => meaning === 'conflict')).toBe(true);
  expect((await loaded()).map(([date, , count]) => [date, count])).toEqual(dates.map((date) => [date, 1]));
});

test('two loads at once leave a date that was never loaded in there once', async () => {
  const dates = Array.from({ length: 5 }, (_, index) => `2025-04-0${String(index + 1)}`);
  for (const [index, date] of dates.entries()) {
    const manifests = await Promise.all(['a', 'b'].map((name) => exported(`${name}-${date}`, [date], 1)));
    await Promise.all(manifests.map((manifest) => loadAtLast(manifest, date, `2025-04-0${String(index + 2)}`)));
  }
  expect(await loaded()).toEqual(dates.map((date) => [date, 1, 1]));
});

test('the worker may do no more than load', async () => {
  const worker = { ...server, client: clientOf(server, workerRole) };
  for (const sql of ['DROP TABLE gold.trips', 'TRUNCATE gold.trips', 'DELETE FROM meta.loads'])
    expect((await run(worker, sql)).Error).toMatch(/permission denied|must be owner/);
  await run(server, 'CREATE TABLE gold.new_product (a INT)');
  expect((await run(worker, 'INSERT INTO gold.new_product VALUES (1)')).Error).toContain('permission denied');
});

test('a deploy makes users and tables as the administrator, for its own role may not', async () => {
  const own = { client: clientOf(server, deployerRole), ...warehouse };
  await expect(applyWarehouse(own, catalogue, 'another-worker')).rejects.toThrow('permission denied to create role');
  await applyWarehouse({ ...own, secretArn }, catalogue, 'another-worker');
});

test('a load that fails tells file, line, column and reason, and no value', async () => {
  const manifest = await exported('long', ['2025-01-18'], 1, '', "repeat('x', 257)");

  const end = await load(manifest, '2025-01-18', '2025-01-19');

  expect(end.meaning).toBe('failed');
  expect(end.error).toContain(`${url('long/part-0.parquet')}, line 1, column city_id: The length of the data column`);
  expect(end.error).not.toContain('xx');
  expect(await loaded()).toEqual([]);
});

test('a view is made by the deploy, anew where it gets other columns, and refused where its model gives others', async () => {
  const view = catalogue.views.get('gold.fact_trip')!;
  const apply = (changed: typeof view) =>
    applyWarehouse(
      { client: server.client, ...warehouse },
      { ...catalogue, views: new Map([[view.key, changed]]) },
      workerRole,
    );
  const columns = async () =>
    (
      await rows(
        server,
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'fact_trip' ORDER BY ordinal_position",
      )
    ).flat();
  expect(await columns()).toEqual(view.columns.map(({ name }) => name));
  for (const reader of ['"IAMR:tideline-worker" WITH GRANT OPTION', 'PUBLIC'])
    await run(server, `GRANT SELECT ON TABLE gold.fact_trip TO ${reader}`);
  const mayRead = async () =>
    (await run({ ...server, client: clientOf(server, workerRole) }, 'SELECT * FROM gold.fact_trip')).Status;

  await apply(view);
  expect(await mayRead()).toBe('FINISHED');

  const [first, ...rest] = view.columns;
  const shorter = { ...view, columns: rest, select: view.select.replace(/\s+trip_id,/, '') };
  await apply(shorter);
  expect(await columns()).not.toContain(first?.name);
  expect(await mayRead()).toBe('FINISHED');
  const readers = `SELECT identity_name, identity_type, admin_option FROM svv_relation_privileges
                   WHERE relation_name = 'fact_trip' AND privilege_type = 'SELECT' ORDER BY 1`;
  expect(await rows(server, readers)).toEqual([
    ['IAMR:tideline-worker', 'user', true],
    ['public', 'public', false],
  ]);
  await expect(apply({ ...view, select: shorter.select })).rejects.toThrow(
    'the view gold.fact_trip lacks trip_id varchar(256)',
  );
  await apply(view);
  expect(await columns()).toEqual(view.columns.map(({ name }) => name));
});

test('a column that the contract has gained is added by the deploy, and a build that knew it not is loaded by workers that do', async () => {
  const metrics = catalogue.get('gold.fact_hourly_metrics');
  const tips = { ...metrics.columns.find(({ name }) => name === 'avg_duration')!, name: 'tips' };
  const [first, ...others] = metrics.columns;
  const products = new Map(catalogue.products).set(metrics.key, { ...metrics, columns: [first!, tips, ...others] });
  const grown = { ...catalogue, products, get: (key: string) => products.get(key)! };
  await load(await exported('narrow', ['2025-05-01'], 1), '2025-05-01', '2025-05-02');

  await applyWarehouse({ client: server.client, ...warehouse }, grown, workerRole);

  const beside = await load(await exported('beside', ['2025-05-02'], 1), '2025-05-02', '2025-05-03');
  expect(beside).toMatchObject({ meaning: 'done', rowCount: 1 });
  const newer = { worker: workerOf(grown), columns: grown.get(metrics.key).columns.map(({ name }) => name) };
  const wide = await exported('wide', ['2025-05-03'], 1, '2.5::DOUBLE tips, ');
  expect(await load(wide, '2025-05-03', '2025-05-04', newer)).toMatchObject({ meaning: 'done', error: '' });
  await expect(load(wide, '2025-05-03', '2025-05-04', { columns: newer.columns })).rejects.toThrow(
    "gold.fact_hourly_metrics: this worker's contract has no column tips",
  );
  const earlier = { worker: newer.worker, columns: metrics.columns.map(({ name }) => name) };
  const other = await exported('other', ['2025-05-04'], 1);
  expect(await load(other, '2025-05-04', '2025-05-05', earlier)).toMatchObject({ meaning: 'done', error: '' });
  expect(await rows(server, 'SELECT metric_date, tips FROM gold.fact_hourly_metrics ORDER BY 1')).toEqual([
    ['2025-05-01', null],
    ['2025-05-02', null],
    ['2025-05-03', 2.5],
    ['2025-05-04', null],
  ]);
  const back = applyWarehouse({ client: server.client, ...warehouse }, catalogue, workerRole);
  await expect(back).rejects.toThrow('"tips" is in the warehouse and not in the contract');
});
