import { beforeEach, describe, expect, it } from 'vitest';
import { fingerprint } from '../../activities/lake/raw-files.ts';
import { createUnreadRawActivities } from '../../activities/planning/unread-raw.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';
import { MemoryS3 } from './memory-s3.ts';

const product = 'bronze.events';
const [hour, next] = ['2025-01-18T05', '2025-01-18T06'] as const;
const folder = 'raw/events/year=2025/month=01/day=18/hour=05';
const first = ['a.json.gz', 3, '"one"'] as const;

let s3: MemoryS3;
let ledger: MemoryLedger;
let started: Map<string, object>;
let paused: boolean;
beforeEach(() => {
  s3 = new MemoryS3({});
  ledger = new MemoryLedger();
  started = new Map();
  paused = false;
  s3.put(`${folder}/a.json.gz`, 'one', { at: new Date('2025-01-18T07:40:00Z') });
  ledger.publish(
    publishedBuild(product, { start: hour, end: next }, { sources: { [hour]: `${fingerprint([first])} 2024` } }),
  );
});

const find = (at = '2025-01-18T08:50:00Z') =>
  createUnreadRawActivities(ledger, s3, 's3://raw', loadCatalogue(), {
    buildOnce: async (id, build) => {
      started.set(id, build);
    },
    scheduleOf: async () => ({ createdAt: new Date(0), paused }),
  }).findUnreadRaw({ at });

describe('raw files that no build has read', () => {
  it('are none while each hour was built from what lies there, or lies before the first that was', async () => {
    s3.put('raw/events/year=2025/month=01/day=18/hour=04/a.json.gz', 'one');
    expect(await find()).toEqual([]);
    expect(started.size).toBe(0);
  });

  it('are found when the hour’s own runs are over, and the hour is built, once for the same files', async () => {
    s3.put(`${folder}/late.gz`, 'two');
    expect(await find('2025-01-18T07:50:00Z')).toEqual([]);
    const problem = 'raw files that no build has read: 2 lie in its folder';
    expect(await find()).toEqual([{ product, interval: hour, kind: 'unread files', problem }]);
    expect(await find('2025-01-18T09:50:00Z')).toHaveLength(1);
    expect([...started.values()]).toEqual([{ product, start: hour, end: next, lane: 'late' }]);
    s3.put(`${folder}/later.gz`, 'three');
    await find('2025-01-18T10:50:00Z');
    expect(started.size).toBe(2);
  });

  it('are found where a file has other content under its name', async () => {
    s3.put(`${folder}/a.json.gz`, 'uno');
    expect(await find()).toHaveLength(1);
  });

  it('are those of an hour that was held back and never published, which is built once for the same files', async () => {
    const heldBack = 'raw/events/year=2025/month=01/day=18/hour=04/a.json.gz';
    s3.put(heldBack, 'bad');
    ledger.fail(product, '2025-01-18T04', 'quarantined', '2025-01-18T05:30:00.000Z');
    const problem = 'raw files of an hour that was held back: 1 lie in its folder';
    expect(await find()).toEqual([{ product, interval: '2025-01-18T04', kind: 'unread files', problem }]);
    await find('2025-01-18T09:50:00Z');
    expect([...started.values()]).toEqual([{ product, start: '2025-01-18T04', end: hour, lane: 'late' }]);
    s3.put(heldBack, 'corrected');
    await find('2025-01-18T10:50:00Z');
    expect(started.size).toBe(2);
  });

  it('are those of an hour that nobody has begun, but while its schedule is stopped, whose matter it is', async () => {
    s3.put('raw/events/year=2025/month=01/day=18/hour=06/a.json.gz', 'one');
    paused = true;
    expect(await find('2025-01-18T09:50:00Z')).toEqual([]);
    paused = false;
    const problem = 'raw files that no build has read: 1 lie in its folder';
    expect(await find('2025-01-18T09:50:00Z')).toEqual([{ product, interval: next, kind: 'unread files', problem }]);
    expect([...started.values()]).toEqual([{ product, start: next, end: '2025-01-18T07', lane: 'late' }]);
  });

  it('are not those of an hour whose build failed: its rows were not at fault', async () => {
    s3.put('raw/events/year=2025/month=01/day=18/hour=04/a.json.gz', 'one');
    ledger.fail(product, '2025-01-18T04', 'failed', '2025-01-18T05:30:00.000Z');
    expect(await find()).toEqual([]);
  });

  it('are told and not built while the hours’ schedule is paused: a person keeps builds away', async () => {
    s3.put(`${folder}/late.gz`, 'two');
    paused = true;
    expect((await find()).map(({ problem }) => problem)).toEqual([
      'raw files that no build has read: 2 lie in its folder; not built while the schedule hourly-bronze is paused',
    ]);
    expect(started.size).toBe(0);
    paused = false;
    await find('2025-01-18T09:50:00Z');
    expect(started.size).toBe(1);
  });

  it('are not looked for in hours of long ago', async () => {
    s3.put(`${folder}/late.gz`, 'two');
    expect(await find('2025-01-20T09:50:00Z')).toEqual([]);
  });

  it('that are gone are told, and nothing is built: that would take their rows away', async () => {
    s3 = new MemoryS3({});
    expect((await find()).map(({ problem }) => problem)).toEqual([
      'raw files that a build has read are gone: 0 lie in its folder',
    ]);
    expect(started.size).toBe(0);
  });

  it('because of their name or place are told by their keys', async () => {
    s3.put(`${folder}/b.parquet`, 'two');
    expect((await find())[0]?.problem).toContain(`1 raw objects or folders that no build reads`);
    expect((await find())[0]?.problem).toContain(`${folder}/b.parquet`);
  });
});

describe('a delivery that has written no file for longer than two are due in', () => {
  const arrive = (text: string): void => {
    const [date = '', time = ''] = text.split('T');
    const [year = '', month = '', day = ''] = date.split('-');
    const key = `raw/events/year=${year}/month=${month}/day=${day}/hour=${time.slice(0, 2)}/${time}.gz`;
    s3.put(key, text, { at: new Date(`${text}:00Z`) });
  };
  const silences = async (at: string): Promise<string[]> =>
    (await find(`${at}:00Z`)).map(({ problem }) => problem).filter((problem) => problem.startsWith('no raw file'));

  it('is told within the hour in which a stream dies, and no more when the age of its data tells it', async () => {
    const files = ['09:35', '09:50', '10:05', '10:20'].map((time) => `2025-01-18T${time}`);
    for (const file of files) arrive(file);
    expect(await silences('2025-01-18T10:50')).toEqual([]);
    expect(await silences('2025-01-18T11:20')).toEqual([
      'no raw file for 60 minutes, though one is due every 15: the stream or its delivery has stopped',
    ]);
    expect(await silences('2025-01-18T12:50')).toHaveLength(1);
    expect(await silences('2025-01-18T13:20')).toEqual([]);
  });

  it('is not one whose first file is still to come, nor one past midnight whose last came before it', async () => {
    expect(await silences('2025-01-18T10:50')).toEqual([]);
    arrive('2025-01-18T23:58');
    expect(await silences('2025-01-19T00:20')).toEqual([]);
    expect(await silences('2025-01-19T00:50')).toHaveLength(1);
  });
});
