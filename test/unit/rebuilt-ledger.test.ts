import { beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../activities/ledger/ledger.ts';
import type { PublishedBuild } from '../../activities/ledger/records.ts';
import { loadedOf, productsAhead, rebuildLedger } from '../../activities/table-history/rebuilt-ledger.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { intervalsIn } from '../../model/intervals.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';
import { MemoryS3 } from './memory-s3.ts';

const catalogue = loadCatalogue();
const product = 'bronze.events';
const at = '2025-01-18T05:20:00.000Z';

let s3: MemoryS3;
let ledger: MemoryLedger;
beforeEach(() => {
  s3 = new MemoryS3({});
  ledger = new MemoryLedger();
});

function commit(version: number, info: object): void {
  const key = `bronze/events/_delta_log/${String(version).padStart(20, '0')}.json`;
  s3.put(key, JSON.stringify({ commitInfo: { timestamp: Date.parse(at), ...info } }));
}

/** A build of hours that has committed. */
function built(generation: number, start: string, end: string): PublishedBuild {
  const build = publishedBuild(product, { start, end }, { generation, outputVersion: generation, costUsd: 0.5 });
  const { buildId, codeVersion, inputVersions, intervals } = build;
  const hours = intervalsIn('hour', { start, end });
  const newestEvents = Object.fromEntries(hours.map((hour) => [hour, `${hour}:59:00.000Z`]));
  const orphanEvents = Object.fromEntries(hours.map((hour) => [hour, 5]));
  const told = { product, buildId, codeVersion, generation, sequence: generation, inputVersions, intervals };
  const quality = { score: 1, checks: [] };
  commit(generation, {
    operation: 'WRITE',
    userMetadata: JSON.stringify({ ...told, quality, newestEvents, orphanEvents }),
  });
  return build;
}

const sources = () => ({ ledger: ledger as unknown as Ledger, client: s3, bucket: 'lake', catalogue, warehouse: null });
const known = async () =>
  (await ledger.records(product, '0', ':')).map(({ interval, published }) => [
    interval,
    published?.generation,
    published?.costUsd,
    published?.newestEvent,
    published?.orphanEvents,
  ]);

describe('a ledger that is older than its tables', () => {
  it('is one that lacks a build, however many maintenances and restores came after it', async () => {
    expect(await productsAhead(sources())).toEqual([]);
    ledger.publish(built(1, '2025-01-18T03', '2025-01-18T05'));
    built(2, '2025-01-18T05', '2025-01-18T06');
    commit(3, { operation: 'OPTIMIZE' });
    expect(await productsAhead(sources())).toEqual([product]);
    commit(4, { operation: 'RESTORE', operationParameters: { version: 1 } });
    await rebuildLedger(sources(), () => undefined);
    expect(await productsAhead(sources())).toEqual([]);
  });

  it('is one that does not know of a restore, and forgets what that has undone', async () => {
    ledger.publish(built(1, '2025-01-18T03', '2025-01-18T04'));
    ledger.publish(built(2, '2025-01-18T04', '2025-01-18T05'));
    await ledger.recordUpTo(product, 2);
    expect(await productsAhead(sources())).toEqual([]);
    commit(3, { operation: 'RESTORE', operationParameters: { version: 1 } });
    expect(await productsAhead(sources())).toEqual([product]);
    await rebuildLedger(sources(), () => undefined);
    expect((await known()).map(([interval, generation]) => [interval, generation])).toEqual([
      ['2025-01-18T03', 1],
      ['2025-01-18T04', undefined],
    ]);
    expect(await productsAhead(sources())).toEqual([]);
  });

  it('is not one that knows more: builds that found nothing changed commit nothing', async () => {
    const build = built(1, '2025-01-18T03', '2025-01-18T05');
    ledger.publish({ ...build, generation: 2 });
    commit(2, { operation: 'OPTIMIZE' });
    expect(await productsAhead(sources())).toEqual([]);
  });

  it('is told what it lacks, and keeps what it alone knows of the rest', async () => {
    ledger.publish(built(1, '2025-01-18T03', '2025-01-18T04'));
    built(2, '2025-01-18T04', '2025-01-18T05');
    const written: number[] = [];
    await rebuildLedger(sources(), (key, builds) => {
      if (key === product) written.push(builds);
    });
    expect(written).toEqual([1]);
    expect(await known()).toEqual([
      ['2025-01-18T03', 1, 0.5, undefined, undefined],
      ['2025-01-18T04', 2, null, '2025-01-18T04:59:00.000Z', 5],
    ]);
    expect(await productsAhead(sources())).toEqual([]);
  });
});

describe('what the warehouse has of an interval', () => {
  const noted = (buildId: string, start: string, end: string, loadedAt: string) => ({
    start,
    end,
    buildId,
    rows: 8,
    at: `2025-01-20T${loadedAt}:00.000Z`,
  });
  const loads = [
    noted('c', '2025-01-19', '2025-01-20', '04:00'),
    noted('b', '2025-01-17', '2025-01-19', '03:00'),
    noted('a', '2025-01-17', '2025-01-20', '02:00'),
  ];
  const ask = (interval: string, buildId: string, publishedAt: string) =>
    loadedOf(loads, interval, { buildId, at: `2025-01-20T${publishedAt}:00.000Z` });

  it('was loaded by its build, or by a later one that found nothing changed', () => {
    expect(ask('2025-01-18', 'b', '02:50')).toEqual({ statementId: null, rows: 8, at: '2025-01-20T03:00:00.000Z' });
    expect(ask('2025-01-18', 'a', '01:50')?.at).toBe('2025-01-20T03:00:00.000Z');
    expect(ask('2025-01-19', 'of which only the commit is known', '03:30')?.at).toBe('2025-01-20T04:00:00.000Z');
  });

  it('is still to come where no load is as new as its build, and unknown from before the first note', () => {
    expect(ask('2025-01-18', 'd', '03:30')).toBeNull();
    expect(ask('2025-01-16', 'd', '03:30')).toBeNull();
    expect(ask('2025-01-16', 'z', '01:00')).toBeUndefined();
    expect(loadedOf([], '2025-01-16', { buildId: 'z', at })).toBeUndefined();
  });
});
