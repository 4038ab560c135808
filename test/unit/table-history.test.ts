import { beforeEach, describe, expect, it } from 'vitest';
import { datesChanged, parseCommit, readCommits, standing, type TableCommit } from '../../activities/lake/delta-log.ts';
import type { IntervalRecord } from '../../activities/ledger/records.ts';
import { publishedOf } from '../../activities/ledger/records.ts';
import { settledBy } from '../../activities/table-history/activities.ts';
import { publishedBuild } from '../workflow/memory-ledger.ts';
import { MemoryS3 } from './memory-s3.ts';

const product = 'silver.trips';
const rows = { rowsIn: 1, rowsPublished: 1, rowsDuplicate: 0, rowsQuarantined: 0, changed: true };
const other = (version: number, restored: number | null = null): TableCommit => ({
  version,
  at: '2025-01-18T00:00:00.000Z',
  build: null,
  restored,
  changedPartitions: [],
});
const built = (version: number, ...dates: string[]): TableCommit => ({
  ...other(version),
  build: {
    product,
    buildId: `build-${version}`,
    generation: version,
    sequence: version,
    codeVersion: 'source',
    intervals: dates.map((interval) => ({ interval, ...rows })),
    quality: { score: 1, checks: [] },
    inputVersions: {},
  },
});
const record = (interval: string, outputVersion?: number): IntervalRecord => {
  const build = publishedBuild(product, { start: '2025-01-18', end: '2025-01-19' });
  const published =
    outputVersion === undefined ? undefined : publishedOf({ ...build, outputVersion }, { interval, ...rows });
  return { product, interval, ...(published && { published }) };
};
const versions = (commits: readonly TableCommit[]): number[] => commits.map(({ version }) => version);
const settled = (commits: readonly TableCommit[], ...records: IntervalRecord[]) =>
  Object.fromEntries(
    [...settledBy(commits, records)].map(([key, published]) => [key, published?.outputVersion ?? null]),
  );

describe('the commits that stand', () => {
  it('are all without a restore', () => {
    expect(versions(standing([built(1), other(2), built(3)]))).toEqual([1, 2, 3]);
  });

  it('are those up to the restored version, the restore, and what came after it', () => {
    expect(versions(standing([built(1), built(2), built(3), other(4, 1), built(5)]))).toEqual([1, 4, 5]);
  });

  it('are those of a restore that was itself undone by going back before it', () => {
    const commits = [built(1), built(2), built(3), other(4, 1), built(5), other(6, 3)];
    expect(versions(standing(commits))).toEqual([1, 2, 3, 6]);
  });

  it('leave the dates of the others to be built again, also where the restore itself changed nothing more', () => {
    const changing = (commit: TableCommit, ...changedPartitions: string[]) => ({ ...commit, changedPartitions });
    const commits = [changing(built(1), 'a'), changing(built(2), 'b', 'c'), changing(other(3, 1), 'b'), other(4, 1)];
    expect(datesChanged(commits, commits[2]!)).toEqual(['b', 'c']);
    expect(datesChanged(commits, commits[3]!)).toEqual(['b', 'c']);
  });

  it('are told by the restores that Delta writes', () => {
    const operationParameters = { version: 1, timestamp: null };
    const commitInfo = { timestamp: 1_737_200_000_000, operation: 'RESTORE', operationParameters };
    expect(parseCommit(4, JSON.stringify({ commitInfo })).restored).toBe(1);
    // As delta-rs writes it.
    const asText = { ...commitInfo, operationParameters: { version: '1' } };
    expect(parseCommit(4, JSON.stringify({ commitInfo: asText })).restored).toBe(1);
    expect(parseCommit(4, JSON.stringify({ commitInfo: { timestamp: 1, operation: 'WRITE' } })).restored).toBeNull();
  });
});

describe('a restore to a timestamp', () => {
  const file = (path: string, more: object = {}) => ({ path, partitionValues: {}, dataChange: true, ...more });
  const commit = (added: readonly object[], removed: readonly object[] = [], commitInfo: object = {}): string =>
    [
      { commitInfo: { timestamp: 1, operation: 'WRITE', ...commitInfo } },
      ...added.map((add) => ({ add })),
      ...removed.map((remove) => ({ remove })),
    ]
      .map((action) => JSON.stringify(action))
      .join('\n');
  const restore = { operation: 'RESTORE', operationParameters: { version: null, timestamp: '2025-01-18' } };
  const vector = { deletionVector: { storageType: 'u', pathOrInlineDv: 'x' } };
  const log = [
    commit([file('a'), file('b')]),
    commit([file('c')], [file('a')]),
    commit([]),
    commit([file('b', vector)], [file('b')]),
    commit([file('a'), file('d')], [file('c')]),
  ];
  let s3: MemoryS3;
  beforeEach(() => {
    s3 = new MemoryS3({});
  });
  const restoredBy = async (...commits: readonly string[]): Promise<number | null | undefined> => {
    for (const [version, text] of commits.entries())
      s3.put(`silver/trips/_delta_log/${String(version).padStart(20, '0')}.json`, text);
    return (await readCommits(s3, 'lake', product, { after: commits.length - 2 }))[0]?.restored;
  };

  it.each([
    ['to the newest of those with its files', [file('b'), file('c')], [file('b', vector), file('a'), file('d')], 2],
    ['to where a file was that is there again', [file('b')], [file('b', vector), file('d')], 0],
    ['to the version before it, where it changed nothing', [], [], 4],
    ['to what the log holds no more', [file('z')], [file('b', vector), file('a'), file('d')], -1],
  ] as const)('is found by its files: %s', async (_, added, removed, expected) => {
    expect(await restoredBy(...log, commit(added, removed, restore))).toBe(expected);
  });

  it('is found behind thousands of commits, each read once, fifty at a time', async () => {
    const hours = Array.from({ length: 3_000 }, (_, hour) => [file(`hour-${hour}`)]);
    const undone = hours.slice(1).flat();
    expect(await restoredBy(...hours.map((added) => commit(added)), commit([], undone, restore))).toBe(0);
    expect(s3.read).toHaveLength(3_000 + 1);
    expect(s3.reading.atMost).toBe(50);
  });
});

describe('what another tool writes into its commit', () => {
  it.each(['{not JSON', '{"a":1}', 'a note', ''])('is no build and no error: %s', (userMetadata) => {
    expect(parseCommit(4, JSON.stringify({ commitInfo: { timestamp: 1, userMetadata } })).build).toBeNull();
  });
});

describe('the ledger after a restore', () => {
  const [a, b, c] = ['2025-01-16', '2025-01-17', '2025-01-18'] as const;

  it('has what an earlier build said of an interval, and nothing where none had published it', () => {
    const commits = [built(1, a, b), built(2, b), built(3, c), other(4, 1)];
    expect(settled(commits, record(a, 1), record(b, 2), record(c, 3))).toEqual({ [b]: 1, [c]: null });
  });

  it('keeps what a build found unchanged in a version that stands, not in one that was undone', () => {
    const commits = [built(1, a, b), other(2), built(3, c), other(4, 2)];
    expect(settled(commits, record(a, 2), record(b, 3), record(c, 3))).toEqual({ [b]: 1, [c]: null });
  });

  it('gets back what a restore had undone when that is undone', () => {
    const commits = [built(1, a), built(2, a, b), other(3, 1), other(4, 2)];
    expect(settled(commits, record(a, 1), record(b))).toEqual({ [a]: 2, [b]: 2 });
  });

  it('keeps what is older than the log, and intervals that were never published', () => {
    expect(settled([built(7, a), built(8, a), other(9, 7)], record(a, 8), record(b, 3), record(c))).toEqual({ [a]: 7 });
  });
});
