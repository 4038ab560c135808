import { beforeEach, describe, expect, it } from 'vitest';
import { newestVersion } from '../../activities/lake/delta-log.ts';
import type { Ledger } from '../../activities/ledger/ledger.ts';
import type { PublishedBuild } from '../../activities/ledger/records.ts';
import { createTableHistoryActivities } from '../../activities/table-history/activities.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { intervalStart, shiftInterval } from '../../model/intervals.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';
import { MemoryS3 } from './memory-s3.ts';

const product = 'bronze.events';
const log = 'bronze/events/_delta_log';
const hourOf = (version: number): string => shiftInterval('hour', '2025-01-01T00', version);

let s3: MemoryS3;
let ledger: MemoryLedger;
beforeEach(() => {
  s3 = new MemoryS3({});
  ledger = new MemoryLedger();
});

/** A commit by a build, or by a restore to version `restored`, that adds a file to each of `dates`. */
function write(
  table: string,
  at: number,
  build: PublishedBuild,
  { restored, dates = [] }: { restored?: number | undefined; dates?: readonly string[] } = {},
): void {
  const version = build.outputVersion;
  const { qualityScore, ...kept } = { ...build, buildId: `build-${version}`, generation: version };
  const told = { ...kept, quality: { score: qualityScore, checks: [] }, sequence: version };
  const info =
    restored === undefined
      ? { timestamp: at, operation: 'WRITE', userMetadata: JSON.stringify(told) }
      : { timestamp: at, operation: 'RESTORE', operationParameters: { version: String(restored) } };
  const files = dates.map((date) => ({
    add: { path: `${version}-${date}`, partitionValues: { trip_date: date }, dataChange: true },
  }));
  const text = [{ commitInfo: info }, ...files].map((action) => JSON.stringify(action)).join('\n');
  s3.put(`${table.replace('.', '/')}/_delta_log/${String(version).padStart(20, '0')}.json`, text);
  if (restored === undefined) ledger.publish({ ...kept, qualityScore });
}

/** A commit of the build of an hour, an hour and a half after it began, or of a restore. */
function commit(version: number, { hour = hourOf(version), restored }: { hour?: string; restored?: number } = {}) {
  const run = { start: hour, end: shiftInterval('hour', hour, 1) };
  const at = intervalStart(hourOf(version)).toMillis() + 5_400_000;
  write(product, at, publishedBuild(product, run, { outputVersion: version }), { restored });
}

const historyOf = () =>
  createTableHistoryActivities(ledger as unknown as Ledger, s3, 'lake', loadCatalogue(), {
    restate: async () => undefined,
    isRunning: async () => false,
  });

const settle = async (version: number): Promise<void> => {
  await ledger.recordUpTo(product, version - 1);
  s3.read.length = 0;
  await historyOf().recordRestored({ product, version });
};
it('says of dates whose rows a restore has changed that the warehouse lacks them, whoever restored', async () => {
  const gold = 'gold.trips';
  const day = 86_400_000;
  for (const [version, dates] of [['2025-01-18', '2025-01-19'], ['2025-01-19'], ['2025-01-19']].entries()) {
    const build = publishedBuild(gold, { start: dates[0]!, end: '2025-01-20' }, { outputVersion: version });
    write(gold, Date.parse('2025-01-20') + version * day, build, { dates, restored: version === 2 ? 0 : undefined });
  }
  await ledger.recordUpTo(gold, 1);
  await historyOf().recordRestored({ product: gold, version: 2 });
  const records = await ledger.records(gold, '2025-01-18', '2025-01-19');
  expect(records.map(({ published }) => [published?.outputVersion, published?.loaded])).toEqual([
    [0, undefined],
    [0, null],
  ]);
});

const versionsOf = async (...versions: number[]): Promise<(number | undefined)[]> => {
  const records = await Promise.all(versions.map((each) => ledger.records(product, hourOf(each), hourOf(each))));
  return records.map(([record]) => record?.published?.outputVersion);
};

describe('a restore of a table with a long log', () => {
  it('takes an hour back that no build before it has published, and reads what can tell of it alone', async () => {
    for (let version = 0; version < 1000; version++) commit(version);
    commit(1000, { restored: 998 });
    await settle(1000);
    expect(await versionsOf(998, 999)).toEqual([998, undefined]);
    expect(s3.read.length).toBeLessThan(250);
  });

  it('finds the build before, however long ago it was', async () => {
    for (let version = 0; version < 999; version++) commit(version);
    commit(999, { hour: hourOf(7) });
    commit(1000, { restored: 998 });
    await settle(1000);
    expect(await versionsOf(7, 8, 998)).toEqual([7, 8, 998]);
  });

  it('gives back what an earlier restore had undone', async () => {
    for (let version = 0; version < 20; version++) commit(version);
    commit(20, { restored: 9 });
    await settle(20);
    expect(await versionsOf(9, 10, 19)).toEqual([9, undefined, undefined]);
    commit(21, { restored: 19 });
    await settle(21);
    expect(await versionsOf(9, 10, 19)).toEqual([9, 10, 19]);
  });
});

describe('the newest version of a table', () => {
  it('is found from its last checkpoint on, also where the commits before it are gone', async () => {
    expect(await newestVersion(s3, 'lake', product)).toBeNull();
    for (const version of [0, 1]) commit(version);
    expect(await newestVersion(s3, 'lake', product)).toBe(1);
    s3.put(`${log}/_last_checkpoint`, '{"version":40,"size":9}');
    expect(await newestVersion(s3, 'lake', product)).toBe(40);
    commit(41);
    expect(await newestVersion(s3, 'lake', product)).toBe(41);
  });
});
