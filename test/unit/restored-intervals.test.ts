import { beforeEach, describe, expect, it } from 'vitest';
import { newestVersion } from '../../activities/lake/delta-log.ts';
import type { Ledger } from '../../activities/ledger/ledger.ts';
import { createTableHistoryActivities } from '../../activities/table-history/activities.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { intervalStart, shiftInterval } from '../../model/intervals.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';
import { MemoryS3 } from './memory-s3.ts';

const product = 'bronze.events';
const log = 'bronze/events/_delta_log';
const hourOf = (version: number): string => shiftInterval('hour', '2025-01-01T00', version);
const keyOf = (version: number): string => `${log}/${String(version).padStart(20, '0')}.json`;

let s3: MemoryS3;
let ledger: MemoryLedger;
beforeEach(() => {
  s3 = new MemoryS3({});
  ledger = new MemoryLedger();
});

/** A commit of the build of an hour, an hour and a half after it began, or of a restore. */
function commit(version: number, { hour = hourOf(version), restored }: { hour?: string; restored?: number } = {}) {
  const timestamp = intervalStart(hourOf(version)).toMillis() + 5_400_000;
  const build = publishedBuild(
    product,
    { start: hour, end: shiftInterval('hour', hour, 1) },
    { outputVersion: version },
  );
  const { qualityScore, ...kept } = { ...build, buildId: `build-${version}` };
  const told = { ...kept, quality: { score: qualityScore, checks: [] }, generation: version, sequence: version };
  const info =
    restored === undefined
      ? { timestamp, operation: 'WRITE', userMetadata: JSON.stringify(told) }
      : { timestamp, operation: 'RESTORE', operationParameters: { version: restored } };
  s3.put(keyOf(version), JSON.stringify({ commitInfo: info }));
  if (restored === undefined) ledger.publish({ ...build, buildId: `build-${version}`, generation: version });
}

const settle = async (version: number): Promise<void> => {
  await ledger.recordUpTo(product, version - 1);
  s3.read.length = 0;
  const lake = createTableHistoryActivities(ledger as unknown as Ledger, s3, 'lake', loadCatalogue(), {
    restate: async () => undefined,
    isRunning: async () => false,
  });
  await lake.recordRestored({ product, version });
};
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
