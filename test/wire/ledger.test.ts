import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { PublishedBuild } from '../../activities/ledger/records.ts';
import { createTableHistoryActivities } from '../../activities/table-history/activities.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { wholeTable } from '../../model/messages/builds.ts';
import { describeLedger } from '../behaviour/ledger.ts';
import { ownProduct } from '../behaviour/own-product.ts';
import { publishedIn } from '../behaviour/published-in.ts';
import { claimant, useLocalLedger } from './ledger-service.ts';

const catalogue = loadCatalogue();
const own = ownProduct('silver.test');
const local = useLocalLedger();

const publishedBuild = (interval: string, more: Partial<PublishedBuild> = {}) => publishedIn(own.key, interval, more);

describeLedger(() => local.ledger);

describe('a restore point', () => {
  const point = (name: string, version: number, expiresAt = '2999-01-01T00:00:00.000Z') => ({
    name,
    version,
    why: 'new fares',
    at: '2025-01-18T00:00:00.000Z',
    expiresAt,
  });

  it('is created once under its name, listed, found and removed', async () => {
    await local.restorePoints.create(own.key, point('before-fares', 7));
    await expect(local.restorePoints.create(own.key, point('before-fares', 8))).rejects.toThrow(/has a restore point/);
    await local.restorePoints.create(own.key, point('after-fares', 9));
    expect((await local.restorePoints.list(own.key)).map(({ name, version }) => [name, version])).toEqual([
      ['after-fares', 9],
      ['before-fares', 7],
    ]);
    await local.restorePoints.remove(own.key, 'after-fares');
    await expect(local.restorePoints.remove(own.key, 'after-fares')).rejects.toThrow(
      `${own.key} has no restore point "after-fares". Restore points: before-fares.`,
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
    await local.ledger.publish(publishedBuild('2025-01-18'));
    await local.restorePoints.create(own.key, point('before-fares', 7));
    await local.ledger.claim(claimant(own.key, 'maintenance', wholeTable));
    expect((await local.ledger.newest(own.key, 5)).map(({ interval }) => interval)).toEqual(['2025-01-18']);
    expect((await local.ledger.changes(own.key, '2025-01-01', '2025-12-31')).size).toBe(1);
  });
});

describe('a load', () => {
  it('is told of the published dates that it brought, until a build publishes them again', async () => {
    for (const date of ['2025-01-18', '2025-01-19', '2025-01-20'])
      await local.ledger.publish(publishedBuild(date, { loaded: null }));
    const loaded = { statementId: 'statement-1', rows: 8, at: '2025-01-19T02:00:00.000Z' };
    await local.activitiesAfter().recordLoaded({ product: own.key, start: '2025-01-17', end: '2025-01-20', ...loaded });
    const told = async () =>
      (await local.ledger.records(own.key, '2025-01-17', '2025-01-20')).map((each) => each.published?.loaded);
    expect(await told()).toEqual([loaded, loaded, null]);
    await local.ledger.publish(publishedBuild('2025-01-18', { loaded: null, generation: 101 }));
    expect(await told()).toEqual([null, loaded, null]);
  });

  it('is told of one build’s interval alone', async () => {
    await local.ledger.publish(publishedBuild('2025-01-18'));
    const loaded = { statementId: null, rows: 8, at: '2025-01-19T02:00:00.000Z' };
    await local.ledger.recordLoad(own.key, '2025-01-18', 'another/1', loaded);
    await local.ledger.recordLoad(own.key, '2025-01-18', 'a/1', null);
    const told = async () => (await local.ledger.records(own.key, '2025-01-18', '2025-01-18'))[0]?.published?.loaded;
    expect(await told()).toBeNull();
    await local.ledger.recordLoad(own.key, '2025-01-18', 'a/1', loaded);
    expect(await told()).toEqual(loaded);
  });

  it('is still to come for what a build has published of a product of the warehouse, and of no other', async () => {
    const gold = publishedBuild('2031-01-01', { product: 'gold.trips' });
    const silver = publishedBuild('2031-01-01', { product: 'silver.trips' });
    const history = createTableHistoryActivities(local.ledger, local.emulator.client, 'no-tables', catalogue, {
      restate: async () => undefined,
      isRunning: async () => false,
    });
    await local.emulator.client.send(new CreateBucketCommand({ Bucket: 'no-tables' }));
    for (const each of [gold, silver]) await history.recordPublished(each);
    const recorded = async (key: string) => (await local.ledger.records(key, '2031-01-01', '2031-01-01'))[0]?.published;
    expect(await recorded('gold.trips')).toHaveProperty('loaded', null);
    expect(await recorded('silver.trips')).not.toHaveProperty('loaded');
  });
});
