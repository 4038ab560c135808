import { expect, test } from 'vitest';
import { instant } from '../../activities/redshift/query.ts';
import { parquetOf } from '../../local/generator/stream-parquet.ts';
import { plainRow, stream } from '../behaviour/stream-rows.ts';
import { bucket, useRealtime } from './realtime-harness.ts';
import { run } from './redshift-data-harness.ts';

const realtime = useRealtime();
const day = '2025-01-18';
const evening = '2025-01-18T20:10:00Z';
const night = '2025-01-19T02:00:00Z';

test('a merge takes exactly the files that are new, and of each trip the highest version', async () => {
  await realtime.commit('2025-01-18T19', [
    plainRow('a', '2025-01-18T19:00:00Z', { version: 4, fare_amount: null }),
    plainRow('a', '2025-01-18T19:00:00Z', { version: 6, fare_amount: 20 }),
    plainRow('b', '2025-01-18T19:05:00Z'),
  ]);
  expect(await realtime.merge(evening)).toMatchObject({ meaning: 'done', files: 1, rows: 3, late: 0, merged: 2 });
  expect(await realtime.merge(evening)).toMatchObject({ files: 0 });

  await realtime.commit('2025-01-18T20', [
    plainRow('a', '2025-01-18T19:00:00Z', { version: 5, fare_amount: 1 }),
    plainRow('c', '2025-01-18T20:00:00Z'),
  ]);
  expect(await realtime.merge(evening)).toMatchObject({ files: 1, rows: 2, merged: 1 });

  expect(await realtime.trips()).toEqual([
    ['a', day, 'stream', '20.00'],
    ['b', day, 'stream', '12.50'],
    ['c', day, 'stream', '12.50'],
  ]);
});

test('of rows that took the same events the one told later counts, in whatever order they come: by corrected code, say', async () => {
  const told = (fare: number, emittedAt: string) =>
    plainRow('a', '2025-01-18T19:00:00Z', { fare_amount: fare, emitted_at: `2025-01-18T${emittedAt}Z` });
  await realtime.commit('2025-01-18T19', [told(99, '19:31:00')]);
  await realtime.merge(evening);
  await realtime.commit('2025-01-18T20', [told(20, '20:05:00')]);
  expect(await realtime.merge(evening)).toMatchObject({ merged: 1 });
  await realtime.commit('2025-01-18T20', [told(98, '19:40:00')]);
  expect(await realtime.merge(evening)).toMatchObject({ rows: 1, merged: 0 });
  expect(await realtime.trips()).toEqual([['a', day, 'stream', '20.00']]);
});

test('files that an outage has committed late, into folders of hours ago, are merged, and nothing else is read', async () => {
  await realtime.commit('2025-01-18T19', [plainRow('a', '2025-01-18T19:00:00Z')]);
  await realtime.merge(evening);
  await realtime.commit('2025-01-16T01', [plainRow('late', '2025-01-18T01:00:00Z')]);
  await realtime.s3.put(bucket, `${stream.files.folder}/dt=2025-01-18/hh=19/.part-9.parquet.inprogress`, 'half');
  await realtime.s3.put(bucket, `${stream.files.folder}/dt=2025-01-18/hh=19/_SUCCESS`, '');

  const planned = { product: stream.key, runId: 'public.trips_realtime/look', attempt: 1, at: evening };
  expect(await realtime.activities.planMerge(planned)).toMatchObject({ files: 1, isLast: true, foreign: 2 });
  expect(await realtime.activities.planMerge(planned)).toMatchObject({ files: 1 });
  expect(await realtime.merge(evening)).toMatchObject({ files: 1, merged: 1 });
  expect((await realtime.trips()).map(([trip]) => trip)).toEqual(['a', 'late']);
});

test('files of an application that knew a column less are merged beside those of the next one', async () => {
  const { table, columns, folder } = stream.files;
  const next = [...columns, { name: 'added', physicalType: 'double' }];
  await run(realtime.server, `ALTER TABLE ${table} ADD COLUMN added DOUBLE PRECISION`);
  try {
    await realtime.commit('2025-01-18T19', [plainRow('before', '2025-01-18T19:00:00Z')]);
    const after = await parquetOf(next, [plainRow('after', '2025-01-18T19:00:00Z', { added: 1 })]);
    await realtime.s3.put(bucket, `${folder}/dt=${day}/hh=19/part-after.parquet`, after);
    expect(await realtime.merge(evening)).toMatchObject({ meaning: 'done', files: 2, merged: 2 });
  } finally {
    await run(realtime.server, `ALTER TABLE ${table} DROP COLUMN added`);
  }
});

test('the batch takes the stream’s place: exact, with what differed by city, kind and column', async () => {
  const start = '2025-01-18T10:00:00Z';
  await realtime.commit('2025-01-18T11', [
    plainRow('same', start),
    plainRow('fare', start, { fare_amount: 11 }),
    plainRow('extra', start, { city_id: 'paris' }),
    plainRow('today', '2025-01-19T00:30:00Z'),
  ]);
  await realtime.merge(night);
  await realtime.settle(day, [plainRow('same', start), plainRow('fare', start), plainRow('missed', start)]);
  expect(await realtime.trips()).toHaveLength(4);

  expect(await realtime.reconcile(day)).toMatchObject({ meaning: 'done' });

  expect(await realtime.trips()).toEqual([
    ['fare', day, 'batch', '12.50'],
    ['missed', day, 'batch', '12.50'],
    ['same', day, 'batch', '12.50'],
    ['today', '2025-01-19', 'stream', '12.50'],
  ]);
  const told = await realtime.activities.readReconciliation({ product: stream.key, date: day });
  expect(told).toMatchObject({
    isExact: true,
    settled: { streamCount: 3, batchCount: 3, divergencePct: 100 },
    cities: [
      { city: 'london', streamCount: 2, batchCount: 3, streamFare: '23.50', batchFare: '37.50', missingInStream: 1 },
      { city: 'paris', streamCount: 1, batchCount: 0, missingInBatch: 1, differing: 0 },
    ],
    trips: ['fare (differs: fare_amount)', 'extra (missing_in_batch)', 'missed (missing_in_stream)'],
  });
  expect(
    await realtime.query('SELECT trip_id, stream_values, batch_values FROM streaming.divergence ORDER BY 1'),
  ).toEqual([
    ['extra', '', ''],
    ['fare', 'fare_amount=11.00 ', 'fare_amount=12.50 '],
    ['missed', '', ''],
  ]);
  expect(await realtime.backup(day)).toEqual([
    ['extra', '12.50'],
    ['fare', '11.00'],
    ['same', '12.50'],
  ]);
});

test('a second run gives the same, and keeps what the first has found', async () => {
  await realtime.commit('2025-01-18T11', [plainRow('a', '2025-01-18T10:00:00Z', { fare_amount: 1 })]);
  await realtime.merge(night);
  await realtime.settle(day, [plainRow('a', '2025-01-18T10:00:00Z')]);
  const state = async () => [
    await realtime.trips(),
    await realtime.query('SELECT * FROM public.trips_realtime ORDER BY trip_id'),
    await realtime.query('SELECT * FROM public.settled_dates'),
    await realtime.query('SELECT * FROM streaming.divergence'),
    await realtime.query('SELECT * FROM streaming.reconciliations'),
    await realtime.backup(day),
  ];
  await realtime.reconcile(day);
  const first = await state();
  await realtime.reconcile(day);
  expect(await state()).toEqual(first);

  await realtime.settle(day, [plainRow('a', '2025-01-18T10:00:00Z', { fare_amount: 99 })]);
  await realtime.reconcile(day);
  expect(await realtime.query('SELECT fare_amount, source FROM public.trips_realtime')).toEqual([['99.00', 'batch']]);
  expect((await state()).slice(2)).toEqual(first.slice(2));
});

test('how new the table is tells the stream, whatever the batch has put into its place', async () => {
  const newest = async () => (await realtime.activities.recordStream({ product: stream.key })).newestAt;
  expect(await newest()).toBeNull();
  await realtime.commit('2025-01-18T11', [
    plainRow('a', '2025-01-18T10:00:00Z'),
    plainRow('b', '2025-01-18T10:30:00Z', { emitted_at: '2025-01-18T11:01:30Z' }),
  ]);
  await realtime.merge(night);
  expect(await newest()).toBe('2025-01-18T11:01:30.000Z');
  await realtime.settle(day, [plainRow('a', '2025-01-18T10:00:00Z')]);
  await realtime.reconcile(day);
  const [[merged] = []] = await realtime.query('SELECT MAX(merged_at) FROM streaming.merged_files');
  expect(await newest()).toBe(instant(String(merged)));
});

test('a settled date is closed to the stream, and its rows leave when they are a day old', async () => {
  await realtime.commit('2025-01-18T11', [plainRow('a', '2025-01-18T10:00:00Z')]);
  await realtime.merge(night);
  await realtime.settle(day, [plainRow('a', '2025-01-18T10:00:00Z')]);
  await realtime.reconcile(day);
  await realtime.commit('2025-01-19T02', [
    plainRow('a', '2025-01-18T10:00:00Z', { version: 99, fare_amount: 1 }),
    plainRow('late', '2025-01-18T23:50:00Z'),
    plainRow('today', '2025-01-19T01:00:00Z'),
  ]);

  expect(await realtime.merge('2025-01-19T09:50:00Z')).toMatchObject({ late: 2, merged: 1, purged: 0 });
  expect((await realtime.trips()).map(([trip, , side]) => [trip, side])).toEqual([
    ['a', 'batch'],
    ['today', 'stream'],
  ]);

  await realtime.commit('2025-01-19T10', [plainRow('next', '2025-01-19T10:00:00Z')]);
  expect(await realtime.merge('2025-01-19T10:10:00Z')).toMatchObject({ merged: 1, purged: 1 });
  expect((await realtime.trips()).map(([trip]) => trip)).toEqual(['a', 'next', 'today']);
});

test('dates that the batch had before the stream began stay the batch’s', async () => {
  await realtime.settle('2025-01-17', [plainRow('old', '2025-01-17T10:00:00Z')]);
  await realtime.commit('2025-01-18T00', [
    plainRow('old', '2025-01-17T10:00:00Z', { version: 9 }),
    plainRow('half', '2025-01-17T23:50:00Z'),
    plainRow('first', '2025-01-18T00:10:00Z'),
  ]);
  expect(await realtime.merge('2025-01-18T00:50:00Z')).toMatchObject({ late: 2, merged: 1 });
  expect((await realtime.trips()).map(([trip]) => trip)).toEqual(['first', 'old']);
});

test('what the batch has of today does not close today', async () => {
  await realtime.settle(day, [plainRow('early', '2025-01-18T01:00:00Z')]);
  await realtime.commit('2025-01-18T20', [
    plainRow('early', '2025-01-18T01:00:00Z'),
    plainRow('b', '2025-01-18T20:00:00Z'),
  ]);
  expect(await realtime.merge(evening)).toMatchObject({ late: 0, merged: 2 });
  expect((await realtime.trips()).map(([trip, , side]) => [trip, side])).toEqual([
    ['b', 'stream'],
    ['early', 'stream'],
  ]);
});

test('a trip whose start moves over midnight into a settled date is seen once', async () => {
  await realtime.commit('2025-01-19T00', [
    plainRow('a', '2025-01-18T10:00:00Z'),
    plainRow('moved', '2025-01-19T00:00:10Z', { version: 3 }),
    plainRow('unknown', '2025-01-19T00:00:10Z', { version: 3 }),
  ]);
  await realtime.merge(night);
  await realtime.settle(day, [plainRow('a', '2025-01-18T10:00:00Z'), plainRow('moved', '2025-01-18T23:59:50Z')]);
  await realtime.reconcile(day);
  expect((await realtime.trips()).map(([trip, date, side]) => [trip, date, side])).toEqual([
    ['a', day, 'batch'],
    ['moved', day, 'batch'],
    ['unknown', '2025-01-19', 'stream'],
  ]);

  await realtime.commit('2025-01-19T02', [
    plainRow('moved', '2025-01-19T00:00:10Z', { version: 4 }),
    plainRow('unknown', '2025-01-18T23:59:50Z', { version: 4 }),
  ]);
  expect(await realtime.merge('2025-01-19T02:20:00Z')).toMatchObject({ late: 2, merged: 0 });
  expect((await realtime.trips()).map(([trip]) => trip)).toEqual(['a', 'moved', 'unknown']);
});

test('a trip that late events have moved into a settled date is seen once from the load on', async () => {
  await realtime.settle(day, [plainRow('a', '2025-01-18T10:00:00Z')]);
  await realtime.commit('2025-01-19T00', [
    plainRow('moved', '2025-01-19T00:00:10Z'),
    plainRow('b', '2025-01-19T00:10:00Z'),
  ]);
  await realtime.merge('2025-01-19T00:50:00Z');
  await realtime.settle(day, [plainRow('a', '2025-01-18T10:00:00Z'), plainRow('moved', '2025-01-18T23:59:50Z')]);
  expect((await realtime.trips()).map(([trip, date, side]) => [trip, date, side])).toEqual([
    ['a', day, 'batch'],
    ['b', '2025-01-19', 'stream'],
    ['moved', day, 'batch'],
  ]);
});

test('a row of a clock that is wrong makes no date live, nor does one of long ago', async () => {
  await realtime.commit('2025-01-18T20', [
    plainRow('ahead', '2030-01-01T00:00:00Z'),
    plainRow('old', '2024-12-01T00:00:00Z'),
    plainRow('soon', '2025-01-19T00:00:10Z'),
  ]);
  expect(await realtime.merge(evening)).toMatchObject({ late: 2, merged: 1 });
  expect(await realtime.query('SELECT date FROM public.live_dates')).toEqual([['2025-01-19']]);
});

test('a date of which the batch has no trips is closed when it is over', async () => {
  await realtime.settle(day, [plainRow('a', '2025-01-18T10:00:00Z')]);
  await realtime.settle(day, []);
  await realtime.commit('2025-01-19T03', [plainRow('ghost', '2025-01-18T10:00:00Z')]);
  expect(await realtime.merge('2025-01-19T03:10:00Z')).toMatchObject({ late: 1, merged: 0 });
});

test('a file that cannot be read fails its merge at the copy, and once it is refused the others are merged', async () => {
  await realtime.commit('2025-01-18T19', [plainRow('a', '2025-01-18T19:00:00Z')]);
  const broken = `${stream.files.folder}/dt=2025-01-18/hh=19/part-broken.parquet`;
  await realtime.s3.put(bucket, broken, 'no parquet');
  await realtime.s3.put(bucket, `${stream.files.folder}/dt=2025-01-18/hh=19/part of.parquet`, 'not a name');
  await realtime.s3.put(bucket, `${stream.files.folder}/dt=2025-01-18/hh=19/part-empty.parquet`, '');
  const failed = await realtime.merge(evening);
  expect(failed).toMatchObject({ meaning: 'failed', files: 2 });
  const step = { product: stream.key, runId: 'public.trips_realtime/halves', at: evening };
  const halves = [];
  for (const attempt of [1, 2]) {
    const planned = await realtime.activities.planMerge({ ...step, attempt, mostFiles: attempt });
    halves.push([planned.files, planned.isLast, planned.foreign]);
    const { counts, statementId } = await realtime.activities.submitMerge({
      ...step,
      attempt,
      manifest: planned.manifest,
    });
    const end = await realtime.ended(statementId);
    if (end.meaning === 'done') continue;
    expect(counts[end.failedStatement ?? -1]).toBe('rows');
    const refused = await realtime.activities.submitRefusal({
      ...{ ...step, attempt, manifest: planned.manifest, problem: "it's no Parquet file" },
    });
    expect(refused.file).toBe(broken);
    await realtime.ended(refused.statementId);
  }
  expect(halves).toEqual([
    [1, false, 2],
    [1, true, 2],
  ]);
  expect(await realtime.query('SELECT file, problem FROM streaming.merged_files WHERE problem IS NOT NULL')).toEqual([
    [broken, 'it s no Parquet file'],
  ]);
  expect(await realtime.merge(evening)).toMatchObject({ files: 0 });
  expect((await realtime.trips()).map(([trip]) => trip)).toEqual(['a']);
});
