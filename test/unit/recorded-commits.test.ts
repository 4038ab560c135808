import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Ledger } from '../../activities/ledger/ledger.ts';
import { createTableHistoryActivities } from '../../activities/table-history/activities.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';
import { MemoryS3 } from './memory-s3.ts';

const catalogue = loadCatalogue();
const product = 'bronze.events';
const at = '2025-01-18T05:20:00.000Z';
const longAgo = '2024-06-01';
const today = new Date().toISOString().slice(0, 10);

let s3: MemoryS3;
let ledger: MemoryLedger;
const running = new Set<string>();
let restated: { product: string; dates: readonly string[] }[];
beforeEach(() => {
  s3 = new MemoryS3({});
  ledger = new MemoryLedger();
  restated = [];
  running.clear();
  running.add('beside');
});

afterEach(() => {
  vi.useRealTimers();
});

/** A commit of a build, or a restore, that changes some dates. */
function commit(version: number, dates: readonly string[], buildId: string, restored?: number): void {
  const identity = { product, buildId, codeVersion: 'source', generation: version, sequence: version };
  const rows = { rowsIn: 1, rowsPublished: 1, rowsDuplicate: 0, rowsQuarantined: 0, changed: true };
  const measured = {
    intervals: [{ interval: `${today}T05`, ...rows }],
    quality: { score: 1, checks: [] },
    inputVersions: {},
  };
  const info =
    restored === undefined
      ? { operation: 'WRITE', userMetadata: JSON.stringify({ ...identity, ...measured }) }
      : { operation: 'RESTORE', operationParameters: { version: restored } };
  const actions = [
    { commitInfo: { timestamp: Date.parse(at), ...info } },
    ...dates.map((date) => ({ add: { partitionValues: { event_date: date }, dataChange: true } })),
  ];
  const key = `bronze/events/_delta_log/${String(version).padStart(20, '0')}.json`;
  s3.put(key, actions.map((action) => JSON.stringify(action)).join('\n'));
}

const activities = () =>
  createTableHistoryActivities(ledger as unknown as Ledger, s3, 'lake', catalogue, {
    restate: async (late) => {
      restated.push(late);
    },
    isRunning: async (workflowId) => running.has(workflowId),
  });
const record = (buildId: string, outputVersion: number, changedPartitions: readonly string[] = []) =>
  activities().recordPublished(
    publishedBuild(
      product,
      { start: `${today}T03`, end: `${today}T04` },
      { buildId, outputVersion, changedPartitions },
    ),
  );
const changedIn = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    [...(await ledger.changes(product, '2024-01-01', '2999-01-01'))].map(([date, { version }]) => [date, version]),
  );

describe('a commit that its build did not live to record', () => {
  it('makes its dates newer when the next build is recorded, which found nothing changed', async () => {
    commit(0, [], 'first');
    commit(1, [today], 'first');
    await record('first', 1, [today]);
    commit(2, [longAgo], 'terminated');
    await record('next', 2);
    expect(await changedIn()).toEqual({ [today]: 1, [longAgo]: 2 });
    expect(restated).toEqual([{ product, dates: [longAgo] }]);
  });

  it('is found by the watch where no other build comes', async () => {
    commit(0, [today], 'first');
    await record('first', 0, [today]);
    commit(1, [longAgo, today], 'terminated');
    await activities().recordUnrecorded();
    expect(await changedIn()).toEqual({ [today]: 1, [longAgo]: 1 });
    expect((await ledger.changes(product, '2024-01-01', '2999-01-01')).get(longAgo)?.at).toBe(at);
    expect(restated).toEqual([{ product, dates: [longAgo] }]);
    await activities().recordUnrecorded();
    expect(restated).toHaveLength(1);
  });

  it('is found beside a table whose log cannot be read, which is told with its file', async () => {
    commit(0, [today], 'first');
    await record('first', 0, [today]);
    commit(1, [longAgo], 'terminated');
    s3.put('silver/trips/_delta_log/00000000000000000000.json', '{"commitInfo":{"timestamp":"yesterday"}}');
    const [finding, ...others] = await activities().recordUnrecorded();
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ product: 'silver.trips', interval: null });
    expect(finding?.problem).toMatch(/s3:.*silver.trips.*0000.json is no Delta commit: .*commitInfo.timestamp/s);
    expect(restated).toEqual([{ product, dates: [longAgo] }]);
  });

  it('counts with the dates that a restore has undone, which it need not have changed itself', async () => {
    commit(0, [today], 'first');
    commit(1, ['2024-06-01'], 'second');
    commit(2, ['2024-06-02'], 'third');
    await record('third', 2);
    commit(3, ['2024-06-02'], '', 0);
    await activities().recordUnrecorded();
    expect(await changedIn()).toEqual({ [today]: 0, '2024-06-01': 3, '2024-06-02': 3 });
    expect(restated).toEqual([{ product, dates: ['2024-06-01', '2024-06-02'] }]);
    // To date it, and to settle what it has undone: what it went back to, which it need not name, is looked for each time.
    expect(s3.read.filter((key) => key.endsWith('3.json'))).toHaveLength(2);
  });

  describe('beside a build that records its own at the same time', () => {
    beforeEach(async () => {
      commit(0, [today], 'first');
      await record('first', 0, [today]);
      ledger.claim(product, `${today}T05`, 'beside', 'beside');
      commit(1, [longAgo], 'beside');
      commit(2, [today], 'next');
      await record('next', 2, [today]);
      expect(await changedIn()).toEqual({ [longAgo]: 1, [today]: 2 });
      expect(restated).toEqual([]);
    });

    it('is left to its build to restate, which has told of it once it is recorded', async () => {
      const interval = { start: `${today}T05`, end: `${today}T06` };
      ledger.publish(publishedBuild(product, interval, { buildId: 'beside', outputVersion: 1 }));
      await activities().recordUnrecorded();
      expect(restated).toEqual([]);
      expect(await ledger.recordedVersion(product)).toBe(2);
    });

    it('is restated for it, once, where it is terminated before it can', async () => {
      running.delete('beside');
      await activities().recordUnrecorded();
      await activities().recordUnrecorded();
      expect(restated).toEqual([{ product, dates: [longAgo] }]);
    });
  });

  it('is a restore by another tool: what it has undone is published no more', async () => {
    commit(0, [today], 'first');
    await record('first', 0, [today]);
    commit(1, [today], 'second');
    await record('second', 1, [today]);
    commit(2, [today], '', 0);
    await activities().recordUnrecorded();
    expect((await ledger.records(product, `${today}T03`, `${today}T03`))[0]?.published).toBeUndefined();
  });

  it('is left to the next daily batch only where that builds all that reads it', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-01-10T10:00:00Z') });
    commit(0, [today], 'first');
    await record('first', 0, [today]);
    commit(1, ['2026-01-07', '2026-01-08'], 'terminated');
    await activities().recordUnrecorded();
    expect(restated).toEqual([{ product, dates: ['2026-01-07'] }]);
  });

  it('is not restated from before the ledger kept count, nor by the build that recorded it', async () => {
    commit(0, [longAgo], 'earlier release');
    await record('next', 0);
    commit(1, [longAgo], 'own');
    await record('own', 1, [longAgo]);
    expect(await changedIn()).toEqual({ [longAgo]: 1 });
    expect(restated).toEqual([]);
  });
});
