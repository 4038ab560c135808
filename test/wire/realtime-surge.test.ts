import { expect, test } from 'vitest';
import { mergeSteps } from '../../activities/redshift/merge-sql.ts';
import { statementsOf } from '../../activities/redshift/statements.ts';
import { loadCatalogue, ownTables, streamOf } from '../../model/catalogue.ts';
import type { StreamRow } from '../../local/generator/stream-parquet.ts';
import { bucket, nextRun, useRealtime } from './realtime-harness.ts';
import { run, runBatch } from './redshift-data-harness.ts';

const surge = streamOf(loadCatalogue(), 'public.surge_pricing');
const realtime = useRealtime(surge);
const evening = '2025-01-18T20:15:00Z';

/** A window as the stream tells it: `version` requests, and no driver. */
function windowOf(zone: string, start: string, version: number, told: StreamRow = {}): StreamRow {
  const later = (minutes: number): string => new Date(Date.parse(start) + minutes * 60_000).toISOString();
  return {
    ...{ geo_zone: zone, window_start: later(0), window_end: later(5), rider_requests: version, available_drivers: 0 },
    ...{ demand_supply_ratio: version, surge_multiplier: 2.5, version, emitted_at: later(6), ...told },
  };
}

const table = (): Promise<unknown[][]> =>
  realtime.query(`SELECT geo_zone, window_start, version FROM ${surge.warehouse.table} ORDER BY 1, 2`);

test('a merge has of each zone and window the highest version, in whatever order and however often its files come', async () => {
  const [first, second] = ['2025-01-18T19:55:00Z', '2025-01-18T20:00:00Z'];
  await realtime.commit('2025-01-18T20', [windowOf('a', first, 7), windowOf('a', first, 3), windowOf('b', first, 1)]);
  expect(await realtime.merge(evening)).toMatchObject({ meaning: 'done', files: 1, rows: 3, merged: 2, purged: 0 });
  expect(await realtime.merge(evening)).toMatchObject({ files: 0 });

  const later = [windowOf('a', first, 5), windowOf('b', first, 2), windowOf('a', second, 1)];
  await realtime.commit('2025-01-18T20', later);
  // The same rows in another file, as after a restart of the application.
  await realtime.commit('2025-01-18T20', later);
  expect(await realtime.merge(evening)).toMatchObject({ meaning: 'done', files: 2, rows: 6, merged: 2 });

  expect(await table()).toEqual([
    ['a', '2025-01-18 19:55:00', 7],
    ['a', '2025-01-18 20:00:00', 1],
    ['b', '2025-01-18 19:55:00', 2],
  ]);
  expect(await realtime.query('SELECT * FROM public.live_dates')).toEqual([]);
  const told = await realtime.activities.recordStream({ product: surge.key });
  expect(told).toEqual({ dates: [], newestAt: '2025-01-18T20:06:00.000Z' });
});

test('all columns are as the stream has told them', async () => {
  const told = { rider_requests: 7, available_drivers: 4, demand_supply_ratio: 1.75, surge_multiplier: 1.5 };
  await realtime.commit('2025-01-18T20', [windowOf('a', '2025-01-18T20:00:00Z', 11, told)]);
  await realtime.merge(evening);
  expect(await realtime.query(`SELECT * FROM ${surge.warehouse.table}`)).toEqual([
    ['a', '2025-01-18 20:00:00', '2025-01-18 20:05:00', 7, 4, 1.75, '1.50', 11, '2025-01-18 20:06:00'],
  ]);
});

test('rows leave after thirteen months, and old ones that come again do not stay', async () => {
  const kept = windowOf('kept', '2024-01-01T00:00:00Z', 1);
  const old = windowOf('old', '2023-12-18T20:10:00Z', 1);
  await realtime.commit('2025-01-18T20', [kept, old, windowOf('new', '2025-01-18T20:00:00Z', 1)]);
  expect(await realtime.merge(evening)).toMatchObject({ merged: 3, purged: 1 });
  await realtime.commit('2025-01-18T20', [old]);
  expect(await realtime.merge(evening)).toMatchObject({ merged: 1, purged: 1 });
  expect((await table()).map(([zone]) => zone)).toEqual(['kept', 'new']);
  expect(await realtime.merge('2025-02-01T00:05:00Z')).toMatchObject({ files: 0 });
  await realtime.commit('2025-02-01T00', [windowOf('next', '2025-02-01T00:00:00Z', 1)]);
  expect(await realtime.merge('2025-02-01T00:05:00Z')).toMatchObject({ merged: 1, purged: 1 });
  expect((await table()).map(([zone]) => zone)).toEqual(['new', 'next']);
});

test('a merge that ends after any of its statements has changed nothing, and is done by its next try', async () => {
  await realtime.commit('2025-01-18T20', [windowOf('a', '2025-01-18T19:55:00Z', 1)]);
  await realtime.merge(evening);
  const file = await realtime.commit('2025-01-18T20', [windowOf('a', '2025-01-18T19:55:00Z', 4)]);
  const step = { product: surge.key, runId: nextRun(), attempt: 1, at: evening };
  const { manifest } = await realtime.activities.planMerge(step);
  const iam = { iam_role: 'arn:aws:iam::000000000000:role/copy', at: '2025-01-18 20:15:00' };
  const bound = { product: surge.key, build_id: step.runId, manifest, ...iam };
  const folder = file.slice(0, file.lastIndexOf('/'));
  const statements = mergeSteps(surge, undefined, [{ folder, file }]).flatMap(({ sql }) =>
    statementsOf(sql, 'the test', bound),
  );
  const tables = [surge.warehouse.table, surge.files.table, ...Object.values(ownTables)];
  const state = () => Promise.all(tables.map((name) => realtime.query(`SELECT * FROM ${name} ORDER BY 1`)));
  const before = await state();
  for (const index of statements.keys()) {
    const { Status } = await runBatch(realtime.asWorker(), [...statements.slice(0, index + 1), 'SELECT 1 / 0 AS cut']);
    expect([statements[index], Status]).toEqual([statements[index], 'FAILED']);
    expect(await state(), statements[index]).toEqual(before);
  }
  expect((await runBatch(realtime.asWorker(), statements)).Status).toBe('FINISHED');
  expect((await table()).map(([zone, , version]) => [zone, version])).toEqual([['a', 4]]);
  expect(await realtime.merge(evening)).toMatchObject({ files: 0 });
});

test('merges of two tables at one time each take their own files', async () => {
  const own = await realtime.commit('2025-01-18T20', [windowOf('a', '2025-01-18T20:00:00Z', 1)]);
  await realtime.s3.put(bucket, own.replace(surge.files.folder, 'streaming/trips'), 'of another stream');
  expect(await realtime.merge(evening)).toMatchObject({ meaning: 'done', files: 1, merged: 1 });
  expect(await realtime.query('SELECT product, file FROM streaming.merged_files')).toEqual([[surge.key, own]]);
});

test('its windows of a date are compared with those that the batch has of it', async () => {
  const told = { rider_requests: 3, available_drivers: 1, demand_supply_ratio: 3, surge_multiplier: 2.5 };
  const [first, second] = ['2025-01-18T10:00:00Z', '2025-01-18T23:55:00Z'];
  await realtime.commit('2025-01-18T20', [
    ...[windowOf('same', first, 4, told), windowOf('other', first, 4, told), windowOf('extra', second, 4, told)],
    windowOf('same', '2025-01-19T00:00:00Z', 4, told),
  ]);
  await realtime.merge('2025-01-19T00:15:00Z');
  const compared = () => realtime.activities.compareStream({ product: surge.key, date: '2025-01-18' });
  expect(await compared()).toMatchObject({ streamRows: 3, batchRows: 0, extra: 3, differingPct: 100 });
  for (const [zone, requests] of Object.entries({ same: 3, other: 4, missed: 3 }))
    await run(
      realtime.server,
      `INSERT INTO gold.surge_windows VALUES ('${zone}', '2025-01-18 10:00', '2025-01-18 10:05', ${requests}, 1, 3, 2.5,
         '2025-01-18', '2025-01-19 01:00')`,
    );
  expect(await compared()).toEqual({
    ...{ product: surge.key, date: '2025-01-18', streamRows: 3, batchRows: 3 },
    ...{ missing: 1, extra: 1, differing: 1, differingPct: 100 },
  });
  await run(realtime.server, 'DELETE FROM gold.surge_windows');
});

test('nothing settles its dates, and who asks for it is told which it is possible for', async () => {
  const asked = realtime.activities.lookAtDate({ product: surge.key, date: '2025-01-18' });
  await expect(asked).rejects.toThrow('The batch settles no table "public.surge_pricing": public.trips_realtime.');
});
