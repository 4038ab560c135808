import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { missingToSettle } from '../../activities/planning/settling.ts';
import { explainStream, surveyStream } from '../../activities/planning/stream-states.ts';
import { findUnsettled } from '../../activities/planning/unsettled.ts';
import { oldBackups } from '../../activities/redshift/reconcile-sql.ts';
import { mergeSteps } from '../../activities/redshift/merge-sql.ts';
import { loadCatalogue, settledStreamOf, settledStreams } from '../../model/catalogue.ts';
import { mergeSchedule } from '../../model/cadences.ts';
import type { PublishedBuild } from '../../activities/ledger/records.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';
import { useProductsCopy } from './products-copy.ts';

const catalogue = loadCatalogue();
const stream = settledStreamOf(catalogue, undefined);
const { key } = stream;
const day = '2025-01-18';
const next = '2025-01-19';
const at = '2025-01-19T02:10:00.000Z';
const settled = { at, streamCount: 998, batchCount: 1000, divergencePct: 0.2 };

describe('the contract of a stream’s table', () => {
  const copy = useProductsCopy();
  it('is refused where merges or reconciliations could not go by it', () => {
    copy.edit('public/trips_realtime', (text) =>
      text
        .replace('settledBy: gold.trips', 'settledBy: gold.dim_city')
        .replace('timeColumn: start_time', 'timeColumn: started')
        .replace('name: processing_time', 'name: made_at'),
    );
    rmSync(join(copy.folder, 'public/trips_realtime/stream.sql'));
    for (const problem of [
      /"processing_time", which tells how a row came/,
      /customProperties: no column "started" in the schema/,
      /there is no stream\.sql beside the contract/,
    ])
      expect(() => loadCatalogue(copy.folder)).toThrow(problem);
  });

  it('names a product by date that settles it, and views say which dates they read of it', () => {
    copy.edit('public/trips_realtime', (text) => text.replace('settledBy: gold.trips', 'settledBy: gold.dim_city'));
    expect(() => loadCatalogue(copy.folder)).toThrow(
      /settledBy: "gold\.dim_city" is no product by date that the warehouse has/,
    );
    expect(() => loadCatalogue(copy.folder)).toThrow(/batch\.sql reads gold\.trips, which is no input/);
    copy.edit('public/metrics_live', (text) => text.replace('product: public.trips', 'product: public.trips_realtime'));
    expect(() => loadCatalogue(copy.folder)).toThrow(/model\.sql reads public\.trips, which is no input/);
  });

  it('may have a key of several columns where nothing settles it, and not where the batch does', () => {
    expect(settledStreams(catalogue).map((each) => each.key)).toEqual(['public.trips_realtime']);
    const [compared, settles] = ['comparedWith: gold.surge_windows', 'settledBy: gold.surge_windows'];
    copy.edit('public/surge_pricing', (text) => text.replace(compared, settles));
    for (const problem of [
      /must have a primary key of one column: the batch settles by it/,
      /has no column "source", which tells how a row came/,
      /there is no batch\.sql beside the contract/,
    ])
      expect(() => loadCatalogue(copy.folder)).toThrow(problem);
    copy.edit('public/surge_pricing', (text) => text.replace(settles, compared));
    copy.edit('public/surge_pricing', (text) => text.replaceAll(/ +primaryKey(Position)?: .*\n/g, ''));
    expect(() => loadCatalogue(copy.folder)).toThrow(/must have a primary key: merges go by it/);
  });

  it('is compared with a product by date that says the same, and not by one that it is settled by', () => {
    const compared = 'comparedWith: gold.surge_windows';
    const change = (to: string, from = compared): void => {
      copy.edit('public/surge_pricing', (text) => text.replace(from, to));
    };
    for (const [to, problem] of [
      ['comparedWith: gold.dim_city', /"gold\.dim_city" is no product by date that the warehouse has/],
      ['comparedWith: gold.daily_metrics', /gold\.daily_metrics has no column "geo_zone"/],
      [`${compared}\n      settledBy: gold.trips`, /comparedWith: must not be there beside settledBy/],
    ] as const) {
      change(to);
      expect(() => loadCatalogue(copy.folder)).toThrow(problem);
      change(compared, to);
    }
  });

  it('has a key that no other table and none of Tideline’s own has', () => {
    copy.edit('gold/fact_trip', (text) => text.replace('table: gold.fact_trip', 'table: streaming.trips_live'));
    expect(() => loadCatalogue(copy.folder)).toThrow(/"streaming\.trips_live" is the table of gold\.fact_trip/);
    copy.edit('gold/fact_trip', (text) => text.replace('table: streaming.trips_live', 'table: public.live_dates'));
    expect(() => loadCatalogue(copy.folder)).toThrow(/"public\.live_dates" is Tideline’s own/);
  });
});

describe('a date of a stream’s table', () => {
  const ledger = new MemoryLedger();
  ledger.stream(key, '2025-01-16', { rows: 0, isLive: false, settled, at });
  ledger.stream(key, day, { rows: 1000, isLive: false, settled, at });
  ledger.stream(key, next, { rows: 40, isLive: true, settled: null, at });
  const now = DateTime.fromISO('2025-01-19T03:00:00Z', { zone: 'utc' });
  const survey = () => surveyStream(ledger, stream, { start: '2025-01-15', end: '2025-01-20' }, now);

  it('is provisional until it is settled, settling for 48 hours, and final then', async () => {
    expect((await survey()).map(({ state }) => state)).toEqual([
      'missing',
      'final',
      'missing',
      'settling',
      'provisional',
    ]);
  });

  it('is explained with what made it so', async () => {
    const told = (await survey()).map((each) => explainStream(stream, each));
    expect(told[0]).toMatch(/^public\.trips_realtime 2025-01-15 is missing: the stream has written nothing of it/);
    expect(told[3]).toContain(
      "gold.trips took the stream's place 2025-01-19T02:10:00Z: 998 trips of the stream, 1,000 of the batch, 0.200 % apart",
    );
    expect(told[4]).toContain('40 rows in the table as of 2025-01-19T02:10:00Z, until the batch settles the date');
  });

  it('is a finding when nothing has settled it for three days, or nothing is merged any more', async () => {
    const schedule = { createdAt: new Date(0), paused: false };
    const found = async (time: string, paused = false) =>
      (
        await findUnsettled(
          ledger,
          catalogue,
          new Map([[mergeSchedule(key), { ...schedule, paused }]]),
          DateTime.fromISO(time, { zone: 'utc' }),
        )
      ).map(({ kind, interval }) => [kind, interval]);
    expect(await found('2025-01-19T02:30:00Z')).toEqual([]);
    expect(await found('2025-01-19T02:50:00Z')).toEqual([['not merged', null]]);
    expect(await found('2025-01-19T02:50:00Z', true)).toEqual([]);
    expect(await found('2025-01-23T00:30:00Z')).toEqual([
      ['not settled', next],
      ['not merged', null],
    ]);
  });
});

describe('what a date waits for before it is settled', () => {
  const late: Partial<PublishedBuild> = { generation: Date.parse('2025-01-19T01:00:00Z') };
  const hours = { start: `${day}T00`, end: `${next}T00` };
  const date = { start: day, end: next };
  const missing = async (ledger: MemoryLedger, createdAt?: string) => {
    const schedule = createdAt === undefined ? null : { createdAt: new Date(createdAt), paused: false };
    const found = await missingToSettle(catalogue, ledger, { scheduleOf: async () => schedule }, key, day);
    return found.map(({ product, state }) => `${product} ${state}`);
  };

  it('is all that it is made from, built after its end, and loaded', async () => {
    const ledger = new MemoryLedger();
    expect(await missing(ledger)).toEqual(['gold.trips missing', 'silver.trips missing']);
    ledger.publish(publishedBuild('bronze.events', { ...hours, end: `${day}T23` }, late));
    ledger.publish(publishedBuild('bronze.events', { start: `${next}T00`, end: `${next}T01` }, late));
    ledger.publish(publishedBuild('silver.trips', date, { generation: Date.parse('2025-01-18T12:00:00Z') }));
    ledger.publish(publishedBuild('gold.trips', date, { ...late, loaded: null }));
    expect(await missing(ledger)).toEqual([
      'gold.trips unloaded',
      'silver.trips built before the date had ended',
      'bronze.events missing',
    ]);
    ledger.publish(publishedBuild('silver.trips', date, late));
    expect(await missing(ledger)).toContain('bronze.events missing');
    // On the first night the schedule was not there before midnight.
    expect(await missing(ledger, `${next}T00:30:00Z`)).not.toContain('bronze.events missing');
    ledger.publish(publishedBuild('bronze.events', { start: `${day}T23`, end: `${next}T00` }));
    ledger.load('gold.trips', day);
    expect(await missing(ledger)).toEqual([]);
  });

  it('is no hour without which somebody has built it', async () => {
    const ledger = new MemoryLedger();
    ledger.publish(publishedBuild('bronze.events', { ...hours, end: `${day}T23` }));
    const forced = { missing: [`bronze.events ${day}T23`], by: 'ada', why: 'the source is down' };
    ledger.publish(publishedBuild('silver.trips', date, { ...late, forced }));
    ledger.publish(publishedBuild('gold.trips', date, { ...late, forced }));
    ledger.load('gold.trips', day);
    expect(await missing(ledger)).toEqual([]);
  });
});

describe('the batches of a stream’s table', () => {
  it('drop backups when they are a week old', () => {
    const names = ['trips_realtime_backup_20250118', 'trips_realtime_backup_20250119', 'trips_realtime', 'live_dates'];
    expect(oldBackups(stream, names, '2025-01-25')).toEqual([]);
    expect(oldBackups(stream, names, '2025-01-26')).toEqual(['public.trips_realtime_backup_20250118']);
  });

  it('have at most 40 statements of 100 KB, however many files there are, and take no key that could mean something else', () => {
    const folder = 'streaming/trips/dt=2025-01-18/hh=10';
    const file = (index: number) => ({ folder, file: `${folder}/part-${'a'.repeat(60)}-${index}.parquet` });
    const files = Array.from({ length: 6000 }, (_, index) => file(index));
    const steps = mergeSteps(stream, catalogue.get('gold.trips'), files);
    expect(steps.length).toBeLessThanOrEqual(40);
    expect(Math.max(...steps.map(({ sql }) => sql.length))).toBeLessThan(100_000);
    const foreign = [{ folder, file: `${folder}/x'); DROP TABLE gold.trips; --.parquet` }];
    expect(() => mergeSteps(stream, catalogue.get('gold.trips'), foreign)).toThrow('is no file of a stream');
  });
});
