import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../activities/ledger/ledger.ts';
import { type PublishedBuild, publishedOf } from '../../activities/ledger/records.ts';
import { createTableHistoryActivities } from '../../activities/table-history.ts';
import { surveyProduct } from '../../activities/ledger/survey.ts';
import { loadCatalogue } from '../../products/catalogue.ts';
import { intervalsIn } from '../../workflows/intervals.ts';
import { wholeTable } from '../../workflows/messages.ts';
import { claimant, LocalLedger, publishedIn } from './ledger-service.ts';

const catalogue = loadCatalogue();
let local: LocalLedger;
let ledger: Ledger;
beforeAll(async () => {
  local = await LocalLedger.start();
  ({ ledger } = local);
});
afterAll(() => local.emulator.stop());

// Each test has a product of its own, so that none sees the others' items.
let product: string;
let tests = 0;
beforeEach(() => {
  tests += 1;
  product = `silver.test_${tests}`;
});

const publishedBuild = (interval: string, more: Partial<PublishedBuild> = {}) => publishedIn(product, interval, more);
const states = (first: string, last: string) => local.states(product, first, last);

describe('what is published', () => {
  it('is not overwritten by a build of an earlier generation', async () => {
    await ledger.publish(publishedBuild('2025-01-18', { generation: 200, outputVersion: 9 }));
    await ledger.publish(publishedBuild('2025-01-18', { generation: 100, outputVersion: 10 }));
    expect(await states('2025-01-18', '2025-01-18')).toMatchObject([{ version: 9 }]);
    expect((await ledger.changes(product, '2025-01-01', '2025-01-31')).get('2025-01-18')?.version).toBe(10);
  });

  it('shares the cost of a job among its intervals', async () => {
    const rows = publishedBuild('2025-01-18').intervals[0]!;
    const intervals = ['2025-01-18', '2025-01-19'].map((interval) => ({ ...rows, interval }));
    await ledger.publish(publishedBuild('2025-01-18', { intervals }));
    const records = await ledger.records(product, '2025-01-18', '2025-01-19');
    expect(records.map(({ published }) => [published?.costUsd, published?.jobSeconds])).toEqual([
      [0.25, 2],
      [0.25, 2],
    ]);
  });

  it('is found from the newest interval back, partitions apart', async () => {
    await ledger.publish(publishedBuild('2025-01-18'));
    await ledger.publish(publishedBuild('2025-01-17'));
    expect((await ledger.newest(product, 5)).map(({ interval }) => interval)).toEqual(['2025-01-18', '2025-01-17']);
    expect(await ledger.newest('silver.none', 1)).toEqual([]);
  });

  it('is stale when the partition of an input has a newer version', async () => {
    const silver = { ...catalogue.get('silver.trips'), key: product };
    await ledger.publish(publishedBuild('2025-01-18'));
    const stateOf = async () =>
      (await surveyProduct(ledger, catalogue, silver, { start: '2025-01-18', end: '2025-01-20' })).map(
        ({ state }) => state,
      );
    expect(await stateOf()).toEqual(['published', 'missing']);
    await ledger.publish(
      publishedBuild('2025-01-18T03', {
        product: 'bronze.events',
        outputVersion: 4,
        changedPartitions: ['2025-01-19'],
      }),
    );
    expect(await stateOf()).toEqual(['stale', 'missing']);
  });
});

describe('the recorded version of a table', () => {
  it('is none at first, only grows, and lies apart from intervals and partitions', async () => {
    expect(await ledger.recordedVersion(product)).toBe(-1);
    await ledger.recordUpTo(product, 7);
    await ledger.recordUpTo(product, 5);
    expect(await ledger.recordedVersion(product)).toBe(7);
    await ledger.publish(publishedBuild('2025-01-18'));
    expect((await ledger.newest(product, 5)).map(({ interval }) => interval)).toEqual(['2025-01-18']);
    expect([...(await ledger.changes(product, '2025-01-01', '2025-12-31'))]).toEqual([
      ['2025-01-18', { version: 5, at: '2025-01-19T01:02:03.456Z' }],
    ]);
    expect(await local.restorePoints.list(product)).toEqual([]);
  });
});

describe('a restore point', () => {
  const point = (name: string, version: number, expiresAt = '2999-01-01T00:00:00.000Z') => ({
    name,
    version,
    why: 'new fares',
    at: '2025-01-18T00:00:00.000Z',
    expiresAt,
  });

  it('is created once under its name, listed, found and removed', async () => {
    await local.restorePoints.create(product, point('before-fares', 7));
    await expect(local.restorePoints.create(product, point('before-fares', 8))).rejects.toThrow(/has a restore point/);
    await local.restorePoints.create(product, point('after-fares', 9));
    expect((await local.restorePoints.list(product)).map(({ name, version }) => [name, version])).toEqual([
      ['after-fares', 9],
      ['before-fares', 7],
    ]);
    await local.restorePoints.remove(product, 'after-fares');
    await expect(local.restorePoints.remove(product, 'after-fares')).rejects.toThrow(
      `${product} has no restore point "after-fares". Restore points: before-fares.`,
    );
  });

  it('is needed until it expires, and stands for its version', async () => {
    const trips = 'silver.trips';
    const activities = local.activitiesAfter();
    expect(await activities.oldestNeededVersion({ product: trips })).toBeNull();
    await local.restorePoints.create(trips, point('expired', 2, '2025-01-19T00:00:00.000Z'));
    await local.restorePoints.create(trips, point('kept', 4));
    expect(await activities.oldestNeededVersion({ product: trips })).toBe(4);
    expect(await activities.resolveVersion({ product: trips, to: 'kept' })).toBe(4);
    expect(await activities.resolveVersion({ product: trips, to: '12' })).toBe(12);
    await expect(activities.resolveVersion({ product: trips, to: 'gone' })).rejects.toThrow(
      'silver.trips has no restore point "gone". Restore points: expired, kept.',
    );
  });

  it('lies apart from intervals and partitions', async () => {
    await ledger.publish(publishedBuild('2025-01-18'));
    await local.restorePoints.create(product, point('before-fares', 7));
    await ledger.claim(claimant(product, 'maintenance', wholeTable));
    expect((await ledger.newest(product, 5)).map(({ interval }) => interval)).toEqual(['2025-01-18']);
    expect((await ledger.changes(product, '2025-01-01', '2025-12-31')).size).toBe(1);
  });
});

describe('an interval after a restore', () => {
  it('is among those that were published in its versions, others and partitions apart', async () => {
    await ledger.publish(publishedBuild('2025-01-18', { outputVersion: 5 }));
    await ledger.publish(publishedBuild('2025-01-19', { outputVersion: 8 }));
    await ledger.claim(claimant(product, 'first', '2025-01-20'));
    expect((await ledger.publishedSince(product, 6)).map(({ interval }) => interval)).toEqual(['2025-01-19']);
  });

  it('is what the table says, unless a build has published it since', async () => {
    const older = publishedBuild('2025-01-18', { outputVersion: 5, generation: 1 });
    await ledger.publish(publishedBuild('2025-01-18', { outputVersion: 8, generation: 3 }));
    await ledger.publish(publishedBuild('2025-01-19', { outputVersion: 9, generation: 3 }));
    await ledger.publish(publishedBuild('2025-01-20', { outputVersion: 12, generation: 4 }));
    await ledger.settle(product, '2025-01-18', publishedOf(older, older.intervals[0]!), 10);
    await ledger.settle(product, '2025-01-19', null, 10);
    await ledger.settle(product, '2025-01-20', null, 10);
    expect((await states('2025-01-18', '2025-01-20')).map(({ version }) => version)).toEqual([5, undefined, 12]);
  });
});

describe('the newest intervals with rows', () => {
  it('are found however many came after them, with the time of their newest event', async () => {
    expect(await ledger.newestFilled(product)).toEqual([]);
    const newestEvents = { '2025-01-18T05': '2025-01-18T05:59:59.123Z' };
    await ledger.publish(publishedBuild('2025-01-18T04'));
    await ledger.publish(publishedBuild('2025-01-18T05', { newestEvents }));
    const none = { rowsIn: 0, rowsPublished: 0, rowsDuplicate: 0, rowsQuarantined: 0, changed: false };
    for (const interval of intervalsIn('hour', { start: '2025-01-18T06', end: '2025-01-20T00' }))
      await ledger.publish(publishedBuild(interval, { intervals: [{ interval, ...none }] }));
    const found = await ledger.newestFilled(product);
    expect(found.map(({ interval, published }) => [interval, published?.newestEvent])).toEqual([
      ['2025-01-18T05', '2025-01-18T05:59:59.123Z'],
      ['2025-01-18T04', undefined],
    ]);
    expect(await ledger.firstPublished(product)).toBe('2025-01-18T04');
  });
});

describe('a load', () => {
  it('is told of the published dates that it brought, until a build publishes them again', async () => {
    for (const date of ['2025-01-18', '2025-01-19', '2025-01-20'])
      await ledger.publish(publishedBuild(date, { loaded: null }));
    const loaded = { statementId: 'statement-1', rows: 8, at: '2025-01-19T02:00:00.000Z' };
    await local.activitiesAfter().recordLoaded({ product, start: '2025-01-17', end: '2025-01-20', ...loaded });
    const told = async () =>
      (await ledger.records(product, '2025-01-17', '2025-01-20')).map((each) => each.published?.loaded);
    expect(await told()).toEqual([loaded, loaded, null]);
    await ledger.publish(publishedBuild('2025-01-18', { loaded: null, generation: 101 }));
    expect(await told()).toEqual([null, loaded, null]);
  });

  it('is told of one build’s interval alone', async () => {
    await ledger.publish(publishedBuild('2025-01-18'));
    const loaded = { statementId: null, rows: 8, at: '2025-01-19T02:00:00.000Z' };
    await ledger.recordLoad(product, '2025-01-18', 'another/1', loaded);
    await ledger.recordLoad(product, '2025-01-18', 'a/1', null);
    const told = async () => (await ledger.records(product, '2025-01-18', '2025-01-18'))[0]?.published?.loaded;
    expect(await told()).toBeNull();
    await ledger.recordLoad(product, '2025-01-18', 'a/1', loaded);
    expect(await told()).toEqual(loaded);
  });

  it('is still to come for what a build has published of a product of the warehouse, and of no other', async () => {
    const gold = publishedBuild('2031-01-01', { product: 'gold.trips' });
    const silver = publishedBuild('2031-01-01', { product: 'silver.trips' });
    const history = createTableHistoryActivities(ledger, local.emulator.client, 'no-tables', catalogue, {
      restate: async () => undefined,
      isRunning: async () => false,
    });
    await local.emulator.client.send(new CreateBucketCommand({ Bucket: 'no-tables' }));
    for (const each of [gold, silver]) await history.recordPublished(each);
    const recorded = async (key: string) => (await ledger.records(key, '2031-01-01', '2031-01-01'))[0]?.published;
    expect(await recorded('gold.trips')).toHaveProperty('loaded', null);
    expect(await recorded('silver.trips')).not.toHaveProperty('loaded');
  });
});
