import { beforeAll, describe, expect, it } from 'vitest';
import type { Ledger } from '../../activities/ledger/ledger.ts';
import { type PublishedBuild, publishedOf } from '../../activities/ledger/records.ts';
import { surveyProduct } from '../../activities/planning/survey.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { intervalsIn } from '../../model/intervals.ts';
import { ownProduct } from './own-product.ts';
import { publishedIn } from './published-in.ts';

/** What planning and diagnosis know a ledger by. */
export interface AnyLedger extends Pick<
  Ledger,
  | 'records'
  | 'changes'
  | 'newest'
  | 'newestFilled'
  | 'firstPublished'
  | 'publishedSince'
  | 'unloaded'
  | 'settle'
  | 'recordUpTo'
  | 'recordedVersion'
> {
  publish(build: PublishedBuild): Promise<void> | void;
}

const catalogue = loadCatalogue();

/** What every ledger does, the one in DynamoDB and the one that stands for it in tests. */
export function describeLedger(open: () => AnyLedger | Promise<AnyLedger>): void {
  let ledger: AnyLedger;
  beforeAll(async () => {
    ledger = await open();
  });
  const own = ownProduct('silver.behaviour');
  const publishedBuild = (interval: string, more: Partial<PublishedBuild> = {}) => publishedIn(own.key, interval, more);
  const versions = async (first: string, last: string) =>
    (await ledger.records(own.key, first, last)).map(({ published }) => published?.outputVersion);

  describe('what is published', () => {
    it('is not overwritten by a build of an earlier generation', async () => {
      await ledger.publish(publishedBuild('2025-01-18', { generation: 200, outputVersion: 9 }));
      await ledger.publish(publishedBuild('2025-01-18', { generation: 100, outputVersion: 10 }));
      expect(await versions('2025-01-18', '2025-01-18')).toEqual([9]);
      expect((await ledger.changes(own.key, '2025-01-01', '2025-01-31')).get('2025-01-18')?.version).toBe(10);
    });

    it('is told in the order of its intervals and dates, as far as is asked for', async () => {
      for (const date of ['2025-01-20', '2025-01-18', '2025-01-19', '2025-01-21'])
        await ledger.publish(publishedBuild(date));
      const records = await ledger.records(own.key, '2025-01-18', '2025-01-20');
      expect(records.map(({ interval }) => interval)).toEqual(['2025-01-18', '2025-01-19', '2025-01-20']);
      const changes = await ledger.changes(own.key, '2025-01-19', '2025-01-20');
      expect([...changes.keys()]).toEqual(['2025-01-19', '2025-01-20']);
    });

    it('shares the cost of a job among its intervals', async () => {
      const rows = publishedBuild('2025-01-18').intervals[0]!;
      const intervals = ['2025-01-18', '2025-01-19'].map((interval) => ({ ...rows, interval }));
      await ledger.publish(publishedBuild('2025-01-18', { intervals }));
      const records = await ledger.records(own.key, '2025-01-18', '2025-01-19');
      expect(records.map(({ published }) => [published?.costUsd, published?.jobSeconds])).toEqual([
        [0.25, 2],
        [0.25, 2],
      ]);
    });

    it('is found from the newest interval back, partitions apart', async () => {
      await ledger.publish(publishedBuild('2025-01-18'));
      await ledger.publish(publishedBuild('2025-01-17'));
      expect((await ledger.newest(own.key, 5)).map(({ interval }) => interval)).toEqual(['2025-01-18', '2025-01-17']);
      expect(await ledger.newest('silver.none', 1)).toEqual([]);
    });

    it('is stale when the partition of an input has a newer version', async () => {
      const silver = { ...catalogue.get('silver.trips'), key: own.key };
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
      expect(await ledger.recordedVersion(own.key)).toBe(-1);
      await ledger.recordUpTo(own.key, 7);
      await ledger.recordUpTo(own.key, 5);
      expect(await ledger.recordedVersion(own.key)).toBe(7);
      await ledger.publish(publishedBuild('2025-01-18'));
      expect((await ledger.newest(own.key, 5)).map(({ interval }) => interval)).toEqual(['2025-01-18']);
      expect([...(await ledger.changes(own.key, '2025-01-01', '2025-12-31'))]).toEqual([
        ['2025-01-18', { version: 5, at: '2025-01-19T01:02:03.456Z' }],
      ]);
    });
  });

  describe('an interval after a restore', () => {
    it('is among those that were published in its versions, others and partitions apart', async () => {
      await ledger.publish(publishedBuild('2025-01-18', { outputVersion: 5 }));
      await ledger.publish(publishedBuild('2025-01-19', { outputVersion: 8 }));
      expect((await ledger.publishedSince(own.key, 6)).map(({ interval }) => interval)).toEqual(['2025-01-19']);
    });

    it('is among those that the warehouse lacks, where the restore says so', async () => {
      const restored = publishedBuild('2025-01-21', { outputVersion: 5, loaded: null });
      await ledger.publish(publishedBuild('2025-01-20', { outputVersion: 5 }));
      await ledger.publish(restored);
      expect((await ledger.unloaded(own.key)).map(({ interval }) => interval)).toEqual(['2025-01-21']);
    });

    it('is what the table says, unless a build has published it since', async () => {
      const older = publishedBuild('2025-01-18', { outputVersion: 5, generation: 1 });
      await ledger.publish(publishedBuild('2025-01-18', { outputVersion: 8, generation: 3 }));
      await ledger.publish(publishedBuild('2025-01-19', { outputVersion: 9, generation: 3 }));
      await ledger.publish(publishedBuild('2025-01-20', { outputVersion: 12, generation: 4 }));
      await ledger.settle(own.key, '2025-01-18', publishedOf(older, older.intervals[0]!), 10);
      await ledger.settle(own.key, '2025-01-19', null, 10);
      await ledger.settle(own.key, '2025-01-20', null, 10);
      expect(await versions('2025-01-18', '2025-01-20')).toEqual([5, undefined, 12]);
    });
  });

  describe('the newest intervals with rows', () => {
    it('are found however many came after them, with the time of their newest event', async () => {
      expect(await ledger.newestFilled(own.key)).toEqual([]);
      const newestEvents = { '2025-01-18T05': '2025-01-18T05:59:59.123Z' };
      await ledger.publish(publishedBuild('2025-01-18T04'));
      await ledger.publish(publishedBuild('2025-01-18T05', { newestEvents }));
      const none = { rowsIn: 0, rowsPublished: 0, rowsDuplicate: 0, rowsQuarantined: 0, changed: false };
      for (const interval of intervalsIn('hour', { start: '2025-01-18T06', end: '2025-01-20T00' }))
        await ledger.publish(publishedBuild(interval, { intervals: [{ interval, ...none }] }));
      const found = await ledger.newestFilled(own.key);
      expect(found.map(({ interval, published }) => [interval, published?.newestEvent])).toEqual([
        ['2025-01-18T05', '2025-01-18T05:59:59.123Z'],
        ['2025-01-18T04', undefined],
      ]);
      expect(await ledger.firstPublished(own.key)).toBe('2025-01-18T04');
    });
  });
}
