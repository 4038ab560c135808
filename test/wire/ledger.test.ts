import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLedgerActivities } from '../../activities/ledger/activities.ts';
import { Ledger } from '../../activities/ledger/ledger.ts';
import { type PublishedBuild, publishedOf } from '../../activities/ledger/records.ts';
import { RestorePoints } from '../../activities/ledger/restore-points.ts';
import { createTableHistoryActivities } from '../../activities/table-history.ts';
import { surveyProduct } from '../../activities/ledger/survey.ts';
import { ensureLedger, ledgerTable } from '../../local/provision.ts';
import { loadCatalogue } from '../../products/catalogue.ts';
import { intervalsIn } from '../../workflows/intervals.ts';
import { wholeTable } from '../../workflows/messages.ts';
import { access, LocalS3 } from './emr-serverless-service.ts';

const catalogue = loadCatalogue();
const lateData = { debounceSeconds: 1, approvalOverJobs: 100 };
let emulator: LocalS3;
let ledger: Ledger;
let restorePoints: RestorePoints;
beforeAll(async () => {
  emulator = await LocalS3.start();
  const client = new DynamoDBClient({ ...access, endpoint: emulator.url });
  await ensureLedger(client);
  await ensureLedger(client);
  const documents = DynamoDBDocumentClient.from(client);
  ledger = new Ledger(documents, ledgerTable);
  restorePoints = new RestorePoints(documents, ledgerTable);
});
afterAll(() => emulator.stop());

// Each test has a product of its own, so that none sees the others' items.
let product: string;
let tests = 0;
beforeEach(() => {
  tests += 1;
  product = `silver.test_${tests}`;
});

const build = (name: string, ...intervals: string[]) => ({
  product,
  intervals,
  workflowId: `build/${name}`,
  buildId: `${name}/1`,
});
const publishedBuild = (interval: string, more: Partial<PublishedBuild> = {}): PublishedBuild => ({
  product,
  buildId: 'a/1',
  generation: 100,
  at: '2025-01-19T01:02:03.456Z',
  codeVersion: 'source',
  inputVersions: { 'bronze.events': 3 },
  outputVersion: 5,
  changedPartitions: [interval],
  intervals: [{ interval, rowsIn: 10, rowsPublished: 8, rowsDuplicate: 1, rowsQuarantined: 1, changed: true }],
  qualityScore: 1,
  jobRunId: 'run-1',
  costUsd: 0.5,
  jobSeconds: 4,
  ...more,
});
/** The activities, while all workflows run but those that have ended. */
const activitiesAfter = (...ended: string[]) =>
  createLedgerActivities(
    ledger,
    catalogue,
    restorePoints,
    {
      isRunning: async (workflowId) => !ended.includes(workflowId),
      statusOf: async () => 'running',
      restate: async () => undefined,
      buildOnce: async () => undefined,
      heal: async () => undefined,
      scheduleOf: async () => null,
    },
    lateData,
    'source',
  );
const states = async (first: string, last: string) =>
  (await ledger.records(product, first, last)).map(({ interval, claim, published, failure }) => ({
    interval,
    holder: claim?.workflowId,
    version: published?.outputVersion,
    failure: failure?.state,
  }));

describe('a claim', () => {
  it('is given to one of many builds that ask at once', async () => {
    const asked = await Promise.all(
      Array.from({ length: 8 }, (_, index) => ledger.claim(build(`b${index}`, '2025-01-18', '2025-01-19'))),
    );
    expect(asked.filter(({ claimed }) => claimed)).toHaveLength(1);
  });

  it('covers all intervals or none', async () => {
    await ledger.claim(build('first', '2025-01-19'));
    const second = await ledger.claim(build('second', '2025-01-18', '2025-01-19', '2025-01-20'));
    expect(second.claimed).toBe(false);
    expect(second.holders.map(({ workflowId }) => workflowId)).toEqual(['build/first']);
    expect(await states('2025-01-18', '2025-01-20')).toEqual([
      { interval: '2025-01-19', holder: 'build/first', version: undefined, failure: undefined },
    ]);
  });

  it('covers more intervals than one transaction takes, and leaves none of them when the last is held', async () => {
    const year = intervalsIn('date', { start: '2025-01-01', end: '2026-01-01' });
    await ledger.claim(build('first', '2025-12-31'));
    expect((await ledger.claim(build('second', ...year))).claimed).toBe(false);
    expect((await states('2025-01-01', '2025-12-31')).filter(({ holder }) => holder)).toHaveLength(1);
    await ledger.release(build('first', '2025-12-31'));
    expect((await ledger.claim(build('second', ...year))).claimed).toBe(true);
    expect((await states('2025-01-01', '2025-12-31')).filter(({ holder }) => holder === 'build/second')).toHaveLength(
      365,
    );
  });

  it('of a whole table tells of the intervals that it names, and no other of the table is given beside it', async () => {
    const whole = build('whole', wholeTable, '2025-01-18');
    expect((await ledger.claim(whole)).claimed).toBe(true);
    expect((await ledger.claim(build('other', wholeTable, '2025-01-19'))).claimed).toBe(false);
    expect((await ledger.claim(build('third', '2025-01-20'))).claimed).toBe(false);
    const failure = {
      state: 'failed' as const,
      reason: 'lost',
      buildId: whole.buildId,
      at: '2025-01-19T00:00:00.000Z',
    };
    await ledger.release(whole, failure);
    expect(await states('2025-01-18', wholeTable)).toEqual([
      { interval: '2025-01-18', holder: undefined, version: undefined, failure: 'failed' },
      { interval: wholeTable, holder: undefined, version: undefined, failure: undefined },
    ]);
    expect((await ledger.claim(build('other', wholeTable, '2025-01-19'))).claimed).toBe(true);
  });

  it('is given again to the workflow that has it, and taken over from one that has ended', async () => {
    const activities = activitiesAfter('build/dead');
    await ledger.claim(build('dead', '2025-01-18'));
    await ledger.claim(build('alive', '2025-01-19'));
    expect((await ledger.claim(build('dead', '2025-01-18'))).claimed).toBe(true);
    const both = await activities.claimIntervals(build('next', '2025-01-18', '2025-01-19'));
    expect(both).toMatchObject({ claimed: false, holders: [{ workflowId: 'build/alive' }] });
    expect((await activities.claimIntervals(build('next', '2025-01-18'))).claimed).toBe(true);
    await ledger.release(build('dead', '2025-01-18'));
    expect(await states('2025-01-18', '2025-01-18')).toMatchObject([{ holder: 'build/next' }]);
  });

  it('ends with a reason where the build failed, and the reason goes when a later build publishes', async () => {
    const activities = activitiesAfter();
    await ledger.claim(build('a', '2025-01-18'));
    await activities.releaseIntervals({
      ...build('a', '2025-01-18'),
      failure: { state: 'failed', reason: 'x'.repeat(5000) },
    });
    const [failed] = await ledger.records(product, '2025-01-18', '2025-01-18');
    expect(failed).toMatchObject({ failure: { state: 'failed', buildId: 'a/1' } });
    expect(failed?.failure?.reason).toHaveLength(1000);
    expect(failed?.claim).toBeUndefined();
    await ledger.publish(publishedBuild('2025-01-18'));
    expect(await states('2025-01-18', '2025-01-18')).toMatchObject([{ version: 5, failure: undefined }]);
  });
});

describe('a claim of the whole table', () => {
  const maintenance = (name: string) => build(name, wholeTable);

  it('keeps builds out until it is released', async () => {
    expect(await ledger.claim(maintenance('maintenance'))).toEqual({ claimed: true, holders: [] });
    const refused = await ledger.claim(build('b', '2025-01-18'));
    expect(refused).toMatchObject({ claimed: false, holders: [{ workflowId: 'build/maintenance' }] });
    expect(await states('2025-01-01', '2025-01-31')).toEqual([]);
    expect((await ledger.claim(maintenance('another'))).claimed).toBe(false);
    await ledger.release(maintenance('maintenance'));
    expect((await ledger.claim(build('b', '2025-01-18'))).claimed).toBe(true);
  });

  it('waits for the builds that run, while no other gets in', async () => {
    await ledger.claim(build('b', '2025-01-18', '2025-01-19'));
    const asked = await ledger.claim(maintenance('maintenance'));
    expect(asked).toMatchObject({ claimed: false, holders: [{ workflowId: 'build/b' }] });
    expect(asked.holders).toHaveLength(1);
    expect((await ledger.claim(build('next', '2025-01-20'))).claimed).toBe(false);
    await ledger.release(build('b', '2025-01-18', '2025-01-19'));
    expect((await ledger.claim(maintenance('maintenance'))).claimed).toBe(true);
    expect((await ledger.claim(maintenance('maintenance'))).claimed).toBe(true);
  });

  it('is given to it or to builds when all ask at once, never to both', async () => {
    const asked = [maintenance('maintenance'), ...['18', '19', '20'].map((day) => build(day, `2025-01-${day}`))];
    const [table, ...builds] = await Promise.all(asked.map((claimant) => ledger.claim(claimant)));
    expect(table?.claimed && builds.some(({ claimed }) => claimed)).toBe(false);
  });

  it('keeps out a build of more intervals than one transaction takes, which then holds none of them', async () => {
    const year = intervalsIn('date', { start: '2025-01-01', end: '2026-01-01' });
    await ledger.claim(maintenance('maintenance'));
    expect((await ledger.claim(build('b', ...year))).claimed).toBe(false);
    expect(await ledger.claim(maintenance('maintenance'))).toEqual({ claimed: true, holders: [] });
  });

  it('is taken over by builds and by the next when its workflow has ended, and takes over theirs', async () => {
    await ledger.claim(maintenance('dead'));
    expect((await activitiesAfter('build/dead').claimIntervals(build('b', '2025-01-18'))).claimed).toBe(true);
    const both = activitiesAfter('build/dead', 'build/b');
    expect(await both.claimIntervals(maintenance('next'))).toEqual({ claimed: true, holders: [] });
    await ledger.release(maintenance('dead'));
    expect((await ledger.claim(build('c', '2025-01-19'))).holders).toMatchObject([{ workflowId: 'build/next' }]);
  });

  it('takes over from as many builds as a year has intervals, all ended', async () => {
    const year = intervalsIn('date', { start: '2025-01-01', end: '2026-01-01' });
    for (const date of year) await ledger.claim(build(date, date));
    const ended = activitiesAfter(...year.map((date) => `build/${date}`));
    expect(await ended.claimIntervals(build('next', ...year))).toEqual({ claimed: true, holders: [] });
    expect(await ended.claimIntervals(maintenance('next'))).toEqual({ claimed: true, holders: [] });
  });
});

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
    expect(await restorePoints.list(product)).toEqual([]);
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
    await restorePoints.create(product, point('before-fares', 7));
    await expect(restorePoints.create(product, point('before-fares', 8))).rejects.toThrow(/has a restore point/);
    await restorePoints.create(product, point('after-fares', 9));
    expect((await restorePoints.list(product)).map(({ name, version }) => [name, version])).toEqual([
      ['after-fares', 9],
      ['before-fares', 7],
    ]);
    await restorePoints.remove(product, 'after-fares');
    await expect(restorePoints.remove(product, 'after-fares')).rejects.toThrow(
      `${product} has no restore point "after-fares". Restore points: before-fares.`,
    );
  });

  it('is needed until it expires, and stands for its version', async () => {
    const trips = 'silver.trips';
    const activities = activitiesAfter();
    expect(await activities.oldestNeededVersion({ product: trips })).toBeNull();
    await restorePoints.create(trips, point('expired', 2, '2025-01-19T00:00:00.000Z'));
    await restorePoints.create(trips, point('kept', 4));
    expect(await activities.oldestNeededVersion({ product: trips })).toBe(4);
    expect(await activities.resolveVersion({ product: trips, to: 'kept' })).toBe(4);
    expect(await activities.resolveVersion({ product: trips, to: '12' })).toBe(12);
    await expect(activities.resolveVersion({ product: trips, to: 'gone' })).rejects.toThrow(
      'silver.trips has no restore point "gone". Restore points: expired, kept.',
    );
  });

  it('lies apart from intervals and partitions', async () => {
    await ledger.publish(publishedBuild('2025-01-18'));
    await restorePoints.create(product, point('before-fares', 7));
    await ledger.claim(build('maintenance', wholeTable));
    expect((await ledger.newest(product, 5)).map(({ interval }) => interval)).toEqual(['2025-01-18']);
    expect((await ledger.changes(product, '2025-01-01', '2025-12-31')).size).toBe(1);
  });
});

describe('an interval after a restore', () => {
  it('is among those that were published in its versions, others and partitions apart', async () => {
    await ledger.publish(publishedBuild('2025-01-18', { outputVersion: 5 }));
    await ledger.publish(publishedBuild('2025-01-19', { outputVersion: 8 }));
    await ledger.claim(build('first', '2025-01-20'));
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
    await activitiesAfter().recordLoaded({ product, start: '2025-01-17', end: '2025-01-20', ...loaded });
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
    const history = createTableHistoryActivities(ledger, emulator.client, 'no-tables', catalogue, {
      restate: async () => undefined,
      isRunning: async () => false,
    });
    await emulator.client.send(new CreateBucketCommand({ Bucket: 'no-tables' }));
    for (const each of [gold, silver]) await history.recordPublished(each);
    const recorded = async (key: string) => (await ledger.records(key, '2031-01-01', '2031-01-01'))[0]?.published;
    expect(await recorded('gold.trips')).toHaveProperty('loaded', null);
    expect(await recorded('silver.trips')).not.toHaveProperty('loaded');
  });
});
