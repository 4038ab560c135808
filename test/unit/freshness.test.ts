import { beforeEach, describe, expect, it } from 'vitest';
import { checkFreshness } from '../../activities/planning/freshness.ts';
import type { ServerSchedule } from '../../activities/orchestrator.ts';
import { builtProducts } from '../../activities/planning/survey.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';
import { quietOrchestrator } from '../quiet-orchestrator.ts';

const catalogue = loadCatalogue();
const longAgo: ServerSchedule = { createdAt: new Date('2024-01-01T00:00:00Z'), paused: false };

const daily = builtProducts(catalogue).filter(({ grain }) => grain === 'date');

let ledger: MemoryLedger;
beforeEach(() => {
  ledger = new MemoryLedger();
  for (const { key } of daily) publish(key, '2025-01-01', '2025-01-18', { 'bronze.events': 99, 'silver.trips': 99 });
  publish('bronze.events', '2025-01-10T00', '2025-01-18T08');
});

/** With `newestEvents` there are no events but those that it tells. */
function publish(
  product: string,
  start: string,
  end: string,
  inputVersions = {},
  newestEvents?: Readonly<Record<string, string>>,
): void {
  const outputVersion = ledger.version(product) + 1;
  const build = publishedBuild(
    product,
    { start, end },
    { inputVersions, outputVersion, changedPartitions: [], newestEvents },
  );
  const told = build.intervals.filter(({ interval }) => !newestEvents || newestEvents[interval] !== undefined);
  const empty = { rowsIn: 0, rowsPublished: 0 };
  const intervals = build.intervals.map((rows) => (told.includes(rows) ? rows : { ...rows, ...empty }));
  ledger.publish({ ...build, intervals });
}

async function check(at: string, schedule: ServerSchedule | null = longAgo) {
  return checkFreshness(ledger, catalogue, { ...quietOrchestrator, scheduleOf: async () => schedule }, { at });
}

describe('freshness', () => {
  it('is proven while every interval that is due is published', async () => {
    expect(await check('2025-01-18T08:50:00Z')).toMatchObject({
      expected: 168 + daily.length * 7,
      found: 0,
      findings: [],
    });
  });

  it('misses an hour whose schedule never fired, once it is due', async () => {
    expect((await check('2025-01-18T10:19:00Z')).findings).toEqual([]);
    expect((await check('2025-01-18T10:20:00Z')).findings).toEqual([
      {
        product: 'bronze.events',
        interval: '2025-01-18T08',
        kind: 'not published',
        problem: 'missing, due 2025-01-18T10:20Z',
      },
    ]);
  });

  it('goes on to tell an hour that is missing for a week', async () => {
    ledger = new MemoryLedger();
    for (const { key } of daily) publish(key, '2025-01-01', '2025-01-19', { 'bronze.events': 99, 'silver.trips': 99 });
    publish('bronze.events', '2025-01-10T00', '2025-01-12T05');
    publish('bronze.events', '2025-01-12T06', '2025-01-19T08');
    const told = async (at: string) => (await check(at)).findings.map(({ interval }) => interval);
    expect(await told('2025-01-19T07:19:00Z')).toEqual(['2025-01-12T05']);
    expect(await told('2025-01-19T07:20:00Z')).toEqual([]);
  });

  it('counts a date as late by its product’s own latency after the daily batch', async () => {
    const late = async (at: string) =>
      (await check(at)).findings.flatMap(({ product, interval }) => (interval === '2025-01-18' ? [product] : []));
    expect(await late('2025-01-19T02:59:00Z')).toEqual([]);
    expect(await late('2025-01-19T03:00:00Z')).toEqual(['silver.trips']);
    expect(await late('2025-01-19T05:00:00Z')).toHaveLength(daily.length);
  });

  it('tells a failure with its reason, and what is stale with the change', async () => {
    ledger.fail('bronze.events', '2025-01-18T07', 'quarantined', '2025-01-18T08:30:00.000Z');
    publish('silver.trips', '2025-01-14', '2025-01-15', { 'bronze.events': 7 });
    const late = { outputVersion: 200, changedPartitions: ['2025-01-14'] };
    ledger.publish(publishedBuild('bronze.events', { start: '2025-01-18T05', end: '2025-01-18T06' }, late));
    const { findings } = await check('2025-01-18T09:20:00Z');
    expect(findings).toContainEqual({
      product: 'bronze.events',
      interval: '2025-01-18T07',
      kind: 'not published',
      problem: 'quarantined, due 2025-01-18T09:20Z: lost',
      runs: 'Product = "bronze.events" AND BuildState = "failed"',
    });
    expect(findings).toContainEqual({
      product: 'silver.trips',
      interval: '2025-01-14',
      kind: 'stale',
      problem: 'stale: bronze.events of 2025-01-14 has changed since it was built',
    });
  });

  it('finds a stream that died although its hours are built, within the limit of its contract', async () => {
    publish('bronze.events', '2025-01-18T08', '2025-01-18T13', {}, { '2025-01-18T08': '2025-01-18T08:31:00.000Z' });
    expect((await check('2025-01-18T09:50:00Z')).findings).toEqual([]);
    expect((await check('2025-01-18T10:31:00Z')).findings).toEqual([]);
    const old = (hours: string) => [
      {
        product: 'bronze.events',
        interval: null,
        kind: 'old data',
        problem: `newest event 2025-01-18T08:31Z is ${hours} h old, allowed 2 h: builds run, no data arrives`,
      },
    ];
    expect((await check('2025-01-18T10:50:00Z')).findings).toEqual(old('2.3'));
    expect((await check('2025-01-18T13:31:00Z')).findings).toEqual(old('5'));
  });

  it('goes on to find it when no interval that it looks at has any rows', async () => {
    publish('bronze.events', '2025-01-18T08', '2025-01-26T12', {}, {});
    const { findings } = await check('2025-01-26T12:50:00Z');
    expect(findings).toContainEqual({
      product: 'bronze.events',
      interval: null,
      kind: 'old data',
      problem: 'newest event 2025-01-18T08:00Z is 196.8 h old, allowed 2 h: builds run, no data arrives',
    });
  });

  it('lets data be as old as it is when a build starts, while that is within its latency', async () => {
    const silver = async (at: string) =>
      (await check(at)).findings.filter(
        ({ product, interval }) => product === 'silver.trips' && interval !== '2025-01-18',
      );
    publish('silver.trips', '2025-01-17', '2025-01-18', {}, { '2025-01-17': '2025-01-17T23:10:00.000Z' });
    expect(await silver('2025-01-19T02:59:00Z')).toEqual([]);
    publish('silver.trips', '2025-01-17', '2025-01-18', {}, { '2025-01-17': '2025-01-17T22:50:00.000Z' });
    expect(await silver('2025-01-19T00:50:00Z')).toEqual([]);
    expect(await silver('2025-01-19T01:50:00Z')).toMatchObject([
      { problem: expect.stringContaining('T22:50Z is 27 h old, allowed 26 h') as string },
    ]);
  });

  it('leaves room for a healthy build in every limit, and sets one for all that is made from events', () => {
    const built = builtProducts(catalogue).filter(({ partitionColumn }) => partitionColumn !== undefined);
    for (const { grain, cadence, freshness, key } of built) {
      const hours = (grain === 'hour' ? 1 : 24) + cadence.firesAfterMinutes / 60;
      expect(freshness?.hours, key).toBeGreaterThan(hours);
    }
  });

  it('expects no data from before a schedule was made, nor of a product that never had any', async () => {
    publish('bronze.events', '2025-01-18T08', '2025-01-18T13', {}, {});
    const made = { createdAt: new Date('2025-01-18T09:00:00Z'), paused: false };
    const bronze = async (at: string) =>
      (await check(at, made)).findings.filter(({ product }) => product === 'bronze.events');
    expect(await bronze('2025-01-18T11:00:00Z')).toEqual([]);
    expect(await bronze('2025-01-18T11:20:00Z')).toHaveLength(1);
    ledger = new MemoryLedger();
    publish('bronze.events', '2025-01-16T00', '2025-01-18T13', {}, {});
    expect(await bronze('2025-01-18T13:00:00Z')).toEqual([]);
  });

  it('finds old data over a schedule that was made anew', async () => {
    publish('bronze.events', '2025-01-18T08', '2025-01-18T13', {}, {});
    const made = { createdAt: new Date('2025-01-18T12:30:00Z'), paused: false };
    const { findings } = await check('2025-01-18T12:50:00Z', made);
    expect(findings.filter(({ kind, product }) => kind === 'old data' && product === 'bronze.events')).toHaveLength(1);
  });

  it('expects nothing from before a schedule was made, whatever was built of that since, or of long ago', async () => {
    const made = { createdAt: new Date('2025-01-18T08:05:00Z'), paused: false };
    ledger = new MemoryLedger();
    publish('bronze.events', '2024-12-01T00', '2024-12-02T00');
    const past = { start: '2025-01-15T00', end: '2025-01-15T02' };
    ledger.publish(publishedBuild('bronze.events', past, { generation: made.createdAt.getTime() + 60_000 }));
    expect(await check('2025-01-18T09:50:00Z', made)).toMatchObject({ expected: 0, found: 0, findings: [] });
    expect((await check('2025-01-18T10:50:00Z', made)).expected).toBe(1);
  });

  it('expects what was missed before a schedule was made anew', async () => {
    const made = { createdAt: new Date('2025-01-18T12:30:00Z'), paused: false };
    const { findings } = await check('2025-01-18T12:50:00Z', made);
    const missed = findings.flatMap(({ product, interval }) => (product === 'bronze.events' ? [interval] : []));
    expect(missed).toEqual(['2025-01-18T08', '2025-01-18T09', '2025-01-18T10']);
  });

  it('expects nothing of a product from before it was added, nor before the first dates that were built of it', async () => {
    const key = 'gold.added_today';
    const added = { ...catalogue.get('gold.trips'), key };
    const all = { ...catalogue, products: new Map([...catalogue.products, [key, added]]) };
    const made = { createdAt: new Date('2025-01-18T07:00:00Z'), paused: false };
    const scheduleOf = async (id: string) => (id === `maintain/${key}` ? made : longAgo);
    const found = async (at: string) => {
      const { findings } = await checkFreshness(ledger, all, { ...quietOrchestrator, scheduleOf }, { at });
      return findings.flatMap(({ product, interval }) => (product === key ? [interval] : []));
    };
    expect(await found('2025-01-18T08:50:00Z')).toEqual([]);
    expect(await found('2025-01-19T05:00:00Z')).toEqual(['2025-01-18']);
    publish(key, '2025-01-14', '2025-01-19');
    expect(await found('2025-01-19T05:00:00Z')).toEqual([]);
  });

  it('finds dates of any age that the warehouse lacks, but those of which a build is loading', async () => {
    const loading = publishedBuild('gold.trips', { start: '2025-01-01', end: '2025-01-03' }, { loaded: null });
    ledger.publish({ ...loading, outputVersion: 300, generation: Date.now(), changedPartitions: [] });
    ledger.claim('gold.trips', '2025-01-02', 'build/b', 'b', '2025-01-18T08:00:00.000Z');
    expect((await check('2025-01-18T08:50:00Z')).findings).toEqual([
      {
        ...{ product: 'gold.trips', interval: '2025-01-01', kind: 'not published' },
        problem: 'unloaded: the warehouse lacks what the lake has',
      },
    ]);
  });

  it('finds a schedule that is gone or paused', async () => {
    const gone = await check('2025-01-18T08:50:00Z', null);
    expect(gone.findings[0]).toMatchObject({
      ...{ product: 'hourly-bronze', interval: null, kind: 'schedule stopped', subject: 'hourly-bronze' },
      problem: 'schedule hourly-bronze is not on the server: nothing new is built of bronze.events',
    });
    expect(gone.findings).toContainEqual(
      expect.objectContaining({ product: 'maintenance', subject: 'maintain/gold.dim_date' }),
    );
    const paused = await check('2025-01-18T08:50:00Z', { ...longAgo, paused: true });
    expect(paused.findings.map(({ problem }) => problem)).toContain(
      `schedule daily-batch is paused: nothing new is built of ${daily.map(({ key }) => key).join(', ')}`,
    );
  });

  it('tells how much there is when there is too much to list', async () => {
    ledger = new MemoryLedger();
    const report = await check('2025-01-18T08:50:00Z');
    expect(report.found).toBe(168 + daily.length * 7);
    const newest = report.findings.filter(({ product }) => product === 'bronze.events');
    expect(newest.map(({ interval }) => interval).at(-1)).toBe('2025-01-18T06');
    expect(newest).toHaveLength(10);
    expect(report.findings).toHaveLength(10 + daily.length * 7);
    expect(report.isWhole).toBe(true);
  });
});
