import { beforeEach, describe, expect, it } from 'vitest';
import { planBackfill } from '../../activities/planning/backfill.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { grainOf, intervalsIn } from '../../model/intervals.ts';
import type { BackfillRequest } from '../../model/messages/backfill.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';

const catalogue = loadCatalogue();
const startedAtMs = Date.parse('2025-02-01T00:00:00Z');
const request = (more: Partial<BackfillRequest>): BackfillRequest => ({
  product: 'bronze.events',
  start: '2025-01-01T00',
  end: '2025-01-03T00',
  startedAtMs,
  stage: null,
  ...more,
});
const summary = async (more: Partial<BackfillRequest>) =>
  Object.fromEntries(
    (await planBackfill(catalogue, ledger, request(more), 'source')).products.map(
      ({ product, intervals, right, jobs }) => [product, [intervals, right, jobs]],
    ),
  );

let ledger: MemoryLedger;
beforeEach(() => {
  ledger = new MemoryLedger();
});

function publish(product: string, start: string, end: string, inputVersions = {}, generation = startedAtMs - 1): void {
  const count = intervalsIn(grainOf(start), { start, end }).length;
  const outputVersion = ledger.version(product) + 1;
  const measured = { costUsd: 0.02 * count, jobSeconds: 3 * count };
  ledger.publish(publishedBuild(product, { start, end }, { generation, inputVersions, outputVersion, ...measured }));
}

describe('a plan', () => {
  it('holds the product and everything downstream, widened by what each reads', async () => {
    expect(await summary({})).toMatchObject({
      'bronze.events': [48, 0, 2],
      'silver.trips': [5, 0, 1],
      'gold.daily_metrics': [5, 0, 1],
      'gold.fact_hourly_metrics': [7, 0, 1],
      'gold.trips': [5, 0, 1],
      'silver.driver_metrics': [5, 0, 1],
    });
  });

  it('leaves hours to their schedule that it is still to build', async () => {
    const { products, covers } = await planBackfill(
      catalogue,
      ledger,
      request({ start: '2025-01-31T00', end: '2025-02-02T00' }),
      'source',
    );
    expect(covers?.[0]).toEqual({ product: 'bronze.events', start: '2025-01-31T00', end: '2025-01-31T21' });
    expect(products[0]?.intervals).toBe(21);
    const alone = request({ start: '2025-01-31T22', end: '2025-01-31T23' });
    expect((await planBackfill(catalogue, ledger, alone, 'source')).products[0]?.intervals).toBe(1);
  });

  it('goes product by product: silver has its jobs when no bronze is left to do', async () => {
    const first = await planBackfill(catalogue, ledger, request({}), 'source');
    expect(first.next.map(({ product, start, end }) => [product, start, end])).toEqual([
      ['bronze.events', '2025-01-01T00', '2025-01-02T00'],
      ['bronze.events', '2025-01-02T00', '2025-01-03T00'],
    ]);
    publish('bronze.events', '2025-01-01T00', '2025-01-03T00');
    const second = await planBackfill(catalogue, ledger, request({}), 'source');
    expect(second.next).toEqual([{ product: 'silver.trips', start: '2024-12-30', end: '2025-01-04' }]);
  });

  it('leaves out what is wrong and, through all products, what reads it', async () => {
    publish('bronze.events', '2025-01-01T00', '2025-01-15T00');
    const days = { product: 'silver.trips', start: '2025-01-01', end: '2025-01-12' };
    const without = [{ product: 'silver.trips', start: '2025-01-05', end: '2025-01-06' }];
    const silver = await planBackfill(catalogue, ledger, request({ ...days, without }), 'source');
    expect(silver.next).toEqual([
      { product: 'silver.trips', start: '2025-01-01', end: '2025-01-05' },
      { product: 'silver.trips', start: '2025-01-06', end: '2025-01-12' },
    ]);
    const stage = { product: 'gold.trips', startedAtMs };
    const gold = await planBackfill(catalogue, ledger, request({ ...days, without, stage }), 'source');
    expect(gold.next).toEqual([
      { product: 'gold.trips', start: '2025-01-01', end: '2025-01-05' },
      { product: 'gold.trips', start: '2025-01-06', end: '2025-01-12' },
    ]);
    expect(gold.left).toContainEqual({ product: 'gold.trips', start: '2025-01-05', end: '2025-01-06' });
    const hour = [{ product: 'bronze.events', start: '2025-01-03T05', end: '2025-01-03T06' }];
    const hours = { start: '2025-01-01T00', end: '2025-01-15T00', without: hour, stage };
    const { left = [] } = await planBackfill(catalogue, ledger, request(hours), 'source');
    const silverLeft = left.find(({ product }) => product === 'silver.trips');
    expect(silverLeft).toBeDefined();
    expect(left).toContainEqual({ ...silverLeft, product: 'gold.trips' });
  });

  it('skips what is right and takes what is stale', async () => {
    publish('bronze.events', '2025-01-01T00', '2025-01-03T00');
    publish('silver.trips', '2024-12-30', '2025-01-04', { 'bronze.events': 7 });
    expect(await summary({ downstream: false })).toEqual({ 'bronze.events': [0, 48, 0] });
    expect((await summary({}))['silver.trips']).toEqual([0, 5, 0]);
    publish('bronze.events', '2025-01-02T05', '2025-01-02T06');
    expect((await summary({}))['silver.trips']).toEqual([4, 1, 1]);
  });

  it('cuts around gaps, at the length that the contract allows', async () => {
    publish('bronze.events', '2025-01-01T05', '2025-01-01T07');
    const { next } = await planBackfill(catalogue, ledger, request({}), 'source');
    expect(next.map(({ start, end }) => [start, end])).toEqual([
      ['2025-01-01T00', '2025-01-01T05'],
      ['2025-01-01T07', '2025-01-02T07'],
      ['2025-01-02T07', '2025-01-03T00'],
    ]);
  });

  it('of what failed leaves the rest, and adds what reads it', async () => {
    ledger.fail('bronze.events', '2025-01-01T03', 'failed', '2025-01-20T00:00:00.000Z');
    ledger.fail('bronze.events', '2025-01-01T09', 'quarantined', '2025-01-20T00:00:00.000Z');
    expect(await summary({ mode: 'failed' })).toMatchObject({ 'bronze.events': [2, 46, 2], 'silver.trips': [4, 1, 1] });
  });

  it('of what is stale leaves what never was built, here and downstream', async () => {
    publish('silver.trips', '2025-01-01', '2025-01-03', { 'bronze.events': 6 });
    publish('gold.trips', '2025-01-02', '2025-01-03', { 'silver.trips': 7 });
    publish('bronze.events', '2025-01-02T00', '2025-01-02T01');
    const stale = { product: 'silver.trips', start: '2024-12-01', end: '2025-02-01', mode: 'stale' } as const;
    expect(await summary(stale)).toMatchObject({
      'silver.trips': [2, 60, 1],
      'gold.trips': [1, 61, 1],
      'gold.fact_hourly_metrics': [0, 64, 0],
    });
  });

  it('of what is stale takes what the warehouse has not, which a failed load has left', async () => {
    const published = { generation: startedAtMs - 1, outputVersion: 7, inputVersions: {} };
    ledger.publish(publishedBuild('gold.trips', { start: '2025-01-02', end: '2025-01-04' }, published));
    ledger.publish(
      publishedBuild('gold.trips', { start: '2025-01-02', end: '2025-01-03' }, { ...published, loaded: null }),
    );
    ledger.fail('gold.trips', '2025-01-02', 'failed', '2025-01-31T00:00:00.000Z');
    const stale = { product: 'gold.trips', start: '2025-01-02', end: '2025-01-04', mode: 'stale' } as const;
    expect(await summary(stale)).toMatchObject({ 'gold.trips': [1, 1, 1] });
  });

  it('does not try again what has failed since the backfill began', async () => {
    ledger.fail('bronze.events', '2025-01-01T03', 'failed', '2025-02-01T00:00:01.000Z');
    expect((await summary({ mode: 'failed' }))['bronze.events']).toEqual([0, 48, 0]);
  });

  it('of everything builds once more what is right, but not twice', async () => {
    publish('bronze.events', '2025-01-01T00', '2025-01-03T00');
    expect((await summary({ mode: 'all' }))['bronze.events']).toEqual([48, 0, 2]);
    const { next } = await planBackfill(catalogue, ledger, request({ mode: 'all', reverse: true }), 'source');
    expect(next.map(({ start, rebuild }) => [start, rebuild])).toEqual([
      ['2025-01-02T00', true],
      ['2025-01-01T00', true],
    ]);
    const stage = { product: 'bronze.events', startedAtMs };
    publish('bronze.events', '2025-01-01T00', '2025-01-02T00', {}, startedAtMs + 5);
    expect((await summary({ mode: 'all', stage }))['bronze.events']).toEqual([24, 24, 1]);
  });

  it('of other code takes what was built by it, with what reads that, and nothing that was never built', async () => {
    publish('bronze.events', '2025-01-01T00', '2025-01-02T00');
    expect((await summary({ mode: 'code' }))['bronze.events']).toEqual([0, 48, 0]);
    const older = publishedBuild(
      'bronze.events',
      { start: '2025-01-01T02', end: '2025-01-01T04' },
      { codeVersion: 'old' },
    );
    ledger.publish({ ...older, generation: startedAtMs - 1 });
    const { products, next } = await planBackfill(catalogue, ledger, request({ mode: 'code' }), 'source');
    expect(next).toEqual([{ product: 'bronze.events', start: '2025-01-01T02', end: '2025-01-01T04' }]);
    expect(products[1]).toMatchObject({ product: 'silver.trips', intervals: 4 });
    publish('bronze.events', '2025-01-01T02', '2025-01-01T04', {}, startedAtMs + 5);
    expect((await summary({ mode: 'code' }))['bronze.events']).toEqual([0, 48, 0]);
  });

  it('estimates time and cost from the intervals built before, and admits where there are none', async () => {
    publish('bronze.events', '2024-12-01T00', '2024-12-01T10');
    const { products } = await planBackfill(catalogue, ledger, request({}), 'source');
    expect(products[0]?.estimate?.jobSeconds).toBeCloseTo(48 * 3);
    expect(products[0]?.estimate?.costUsd).toBeCloseTo(48 * 0.02);
    expect(products[1]?.estimate).toBeNull();
  });

  it('of thirteen months of hours hands out a few hundred jobs at a time', async () => {
    const { products, next } = await planBackfill(
      catalogue,
      ledger,
      request({ start: '2024-01-01T00', end: '2025-01-31T00' }),
      'source',
    );
    expect(products[0]).toMatchObject({ intervals: 9_504, jobs: 396 });
    expect(next).toHaveLength(300);
  });

  it('says what it reads that is missing and outside of it, up to its start', async () => {
    publish('bronze.events', '2024-12-01T00', '2024-12-31T05');
    publish('bronze.events', '2024-12-31T07', '2025-01-03T22');
    const missing = async (more: Partial<BackfillRequest>) =>
      (await planBackfill(catalogue, ledger, request(more), 'source')).missing?.map(
        ({ product, start, end }) => `${product} ${start} ${end}`,
      );
    const hole = 'bronze.events 2024-12-31T05 2024-12-31T07';
    expect(await missing({})).toContain(hole);
    const dates = { product: 'silver.trips', start: '2025-01-01', end: '2025-01-02' };
    const startedAtMs = Date.parse('2025-01-04T00:30:00Z');
    expect(await missing({ ...dates, startedAtMs })).toEqual([hole, 'bronze.events 2025-01-03T22 2025-01-04T00']);
    expect(await missing({ start: '2024-12-31T05', end: '2024-12-31T07', startedAtMs })).not.toContain(hole);
    expect(await missing({ ...dates, stage: { product: 'silver.trips', startedAtMs } })).toEqual([]);
  });

  it('refuses intervals and inputs that make no sense, and says why', async () => {
    await expect(planBackfill(catalogue, ledger, request({ start: '2025-01-01' }), 'source')).rejects.toThrow(
      /they are hours/,
    );
    await expect(planBackfill(catalogue, ledger, request({ product: 'bronze.event' }), 'source')).rejects.toThrow(
      /no product/,
    );
    const forEver = request({ product: 'silver.trips', start: '0001-01-01', end: '9999-12-31' });
    await expect(planBackfill(catalogue, ledger, forEver, 'source')).rejects.toThrow(
      /0001-01-01 to 9999-12-31 are 3,652,058 days; at most 20,000 go into one run/,
    );
  });
});
