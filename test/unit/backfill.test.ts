import { beforeEach, describe, expect, it } from 'vitest';
import { planBackfill } from '../../activities/ledger/backfill.ts';
import { loadCatalogue } from '../../products/catalogue.ts';
import { grainOf, intervalsIn } from '../../workflows/intervals.ts';
import type { BackfillRequest } from '../../workflows/backfill-messages.ts';
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
    expect(await summary({})).toEqual({
      'bronze.events': [48, 0, 2],
      'silver.trips': [4, 0, 1],
      'gold.fact_hourly_metrics': [6, 0, 1],
      'gold.trips': [4, 0, 1],
    });
  });

  it('goes product by product: silver has its jobs when no bronze is left to do', async () => {
    const first = await planBackfill(catalogue, ledger, request({}), 'source');
    expect(first.next.map(({ product, start, end }) => [product, start, end])).toEqual([
      ['bronze.events', '2025-01-01T00', '2025-01-02T00'],
      ['bronze.events', '2025-01-02T00', '2025-01-03T00'],
    ]);
    publish('bronze.events', '2025-01-01T00', '2025-01-03T00');
    const second = await planBackfill(catalogue, ledger, request({}), 'source');
    expect(second.next).toEqual([{ product: 'silver.trips', start: '2024-12-31', end: '2025-01-04' }]);
  });

  it('skips what is right and takes what is stale', async () => {
    publish('bronze.events', '2025-01-01T00', '2025-01-03T00');
    publish('silver.trips', '2024-12-31', '2025-01-04', { 'bronze.events': 7 });
    expect(await summary({ downstream: false })).toEqual({ 'bronze.events': [0, 48, 0] });
    expect((await summary({}))['silver.trips']).toEqual([0, 4, 0]);
    publish('bronze.events', '2025-01-02T05', '2025-01-02T06');
    expect((await summary({}))['silver.trips']).toEqual([3, 1, 1]);
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
    expect(await summary({ mode: 'failed' })).toMatchObject({ 'bronze.events': [2, 46, 2], 'silver.trips': [3, 1, 1] });
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
    expect(products[1]).toMatchObject({ product: 'silver.trips', intervals: 3 });
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

  it('refuses intervals and inputs that make no sense, and says why', async () => {
    await expect(planBackfill(catalogue, ledger, request({ start: '2025-01-01' }), 'source')).rejects.toThrow(
      /they are hours/,
    );
    await expect(planBackfill(catalogue, ledger, request({ product: 'bronze.event' }), 'source')).rejects.toThrow(
      /no product/,
    );
  });
});
