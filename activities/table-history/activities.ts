import type { S3Client } from '@aws-sdk/client-s3';
import type { Catalogue } from '../../model/catalogue.ts';
import type { Product } from '../../model/product.ts';
import { firstDateCovered } from '../../model/daily-window.ts';
import { intervalStart } from '../../model/intervals.ts';
import type { FreshnessFinding } from '../../model/messages/freshness.ts';
import type { ChangedDates } from '../../model/messages/late-data.ts';
import { readCommits, readUndone, standing, type TableCommit, UnreadableLog } from '../lake/delta-log.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type IntervalRecord, type Published, type PublishedBuild, publishedOf } from '../ledger/records.ts';
import { builtProducts } from '../planning/survey.ts';
import { recordCommits } from './recorded-commits.ts';

/** By how much the clocks of the orchestrator and of a Spark driver may differ. */
const clockToleranceMs = 3_600_000;
/** So many commits in a row are not all by drivers whose clocks are wrong. */
const wrongClocks = 10;
/** How many commits are looked through at a time for an earlier build of an interval. */
const commitsAtOnce = 200;

/** A build as its commit keeps it: a table does not know what a build cost. */
export function buildsOf(commits: readonly TableCommit[]): PublishedBuild[] {
  return commits.flatMap(({ version, at, build, changedPartitions }) => {
    if (!build) return [];
    const { quality, sequence: _, ...kept } = build;
    const unknown = { jobRunId: null, costUsd: null, jobSeconds: null };
    return { ...kept, ...unknown, qualityScore: quality.score, at, outputVersion: version, changedPartitions };
  });
}

/**
 * What the ledger has to say after a restore, where it says otherwise: per interval what the newest build said that still
 * stands, null where none has published it. What an interval was found to be, without a commit, stands with the version
 * in which it was found so, and what is older than the log stands.
 */
export function settledBy(
  commits: readonly TableCommit[],
  records: readonly IntervalRecord[],
): ReadonlyMap<string, Published | null> {
  const stands = standing(commits);
  const versions = new Set(stands.map(({ version }) => version));
  const oldest = commits[0]?.version ?? 0;
  const told = new Map(
    buildsOf(stands).flatMap((build) =>
      build.intervals.map((rows) => [rows.interval, publishedOf(build, rows)] as const),
    ),
  );
  return new Map(
    records.flatMap(({ interval, published }) => {
      const version = published?.outputVersion ?? -1;
      const right = told.get(interval) ?? null;
      const isRight = (version < oldest || versions.has(version)) && version >= (right?.outputVersion ?? -1);
      return isRight ? [] : [[interval, right] as const];
    }),
  );
}

/** The records that a restore may have made wrong: what was published since the oldest of these commits, and what they tell. */
async function recordsOf(
  ledger: Ledger,
  product: string,
  commits: readonly TableCommit[],
): Promise<readonly IntervalRecord[]> {
  const told = commits.flatMap(({ build }) => (build ? build.intervals.map(({ interval }) => interval) : [])).sort();
  const [first, last] = [told[0], told.at(-1)];
  const records = [
    ...(await ledger.publishedSince(product, commits[0]?.version ?? 0)),
    ...(first !== undefined && last !== undefined ? await ledger.records(product, first, last) : []),
  ];
  return [...new Map(records.map((record) => [record.interval, record])).values()];
}

/**
 * Whether commits before these may tell of an interval of which they tell nothing: none is older than its interval, unless
 * by a driver whose clock was wrong.
 */
function mayBeOlder(settled: ReadonlyMap<string, Published | null>, commits: readonly TableCommit[]): boolean {
  const oldest = Math.max(...commits.slice(0, wrongClocks + 1).map(({ at }) => Date.parse(at))) + clockToleranceMs;
  return [...settled].some(
    ([interval, published]) => published === null && intervalStart(interval).toMillis() < oldest,
  );
}

/** Which intervals have other rows than the warehouse since a restore. */
function warehouseLacks({ warehouse, partitionColumn }: Product, restore: TableCommit | undefined) {
  const changed = new Set(restore?.changedPartitions);
  return (interval: string): boolean =>
    warehouse !== undefined && (partitionColumn === undefined || changed.has(interval));
}

export interface Restating {
  /** Has what reads these dates built again. */
  readonly restate: (late: ChangedDates) => Promise<void>;
  readonly isRunning: (workflowId: string) => Promise<boolean>;
}

export function createTableHistoryActivities(
  ledger: Ledger,
  client: S3Client,
  bucket: string,
  catalogue: Catalogue,
  { restate, isRunning }: Restating,
) {
  /** Whether the build of a commit has said itself what is late, is about to, or ended before it could. */
  async function tellingOf({ build, version }: TableCommit): Promise<'told' | 'telling' | 'untold'> {
    const interval = build?.intervals[0]?.interval;
    if (!build || interval === undefined) return 'untold';
    const [record] = await ledger.records(build.product, interval, interval);
    if ((record?.published?.outputVersion ?? -1) >= version) return 'told';
    const { claim } = record ?? {};
    return claim?.buildId === build.buildId && (await isRunning(claim.workflowId)) ? 'telling' : 'untold';
  }

  /** Has the ledger say of a table's intervals what they are since `version` has put it back. */
  async function settleRestored(product: string, version: number): Promise<void> {
    let commits = await readUndone(client, bucket, product, version);
    if (commits.at(-1)?.version !== version) throw new Error(`Version ${version} of ${product} is not in its log.`);
    const records = await recordsOf(ledger, product, commits);
    let settled = settledBy(commits, records);
    while (mayBeOlder(settled, commits)) {
      const oldest = commits[0]?.version ?? 0;
      const after = Math.max(-1, oldest - 1 - commitsAtOnce);
      const older = await readCommits(client, bucket, product, { after, atMost: oldest - 1 - after });
      const before = older.filter((commit) => commit.version < oldest);
      if (before.length === 0) break;
      commits = [...before, ...commits];
      settled = settledBy(commits, records);
    }
    const isUnloaded = warehouseLacks(catalogue.get(product), commits.at(-1));
    const changes = [...settled].map(([interval, published]) => {
      const told = published && isUnloaded(interval) ? { ...published, loaded: null } : published;
      return ledger.settle(product, interval, told, version);
    });
    await Promise.all(changes);
  }

  /** Records what others have committed and could not record, and has what reads their dates built again. */
  async function catchUp(product: string, ownBuild?: string): Promise<void> {
    const covered = firstDateCovered(Date.now());
    const isRead = [...catalogue.products.values()].some(({ inputs }) =>
      inputs.some((input) => input.product === product),
    );
    await recordCommits(ledger, client, bucket, product, async (changes) => {
      for (const { commit } of changes.filter((change) => change.commit.restored !== null))
        await settleRestored(product, commit.version);
      let upTo = changes.at(-1)?.commit.version ?? -1;
      if (!isRead) return upTo;
      const others = changes.filter(({ commit: { build } }) => build === null || build.buildId !== ownBuild);
      const late = others.map((change) => ({ ...change, dates: change.dates.filter((date) => date < covered) }));
      const dates = new Set<string>();
      for (const { commit, dates: changed } of late.filter((each) => each.dates.length > 0)) {
        const telling = await tellingOf(commit);
        if (telling === 'untold') for (const date of changed) dates.add(date);
        // It may end before it has told: whoever comes next looks again.
        if (telling === 'telling') upTo = Math.min(upTo, commit.version - 1);
      }
      if (dates.size > 0) await restate({ product, dates: [...dates].sort() });
      return upTo;
    });
  }

  return {
    /** Writes down what a build has published. The claim stays: the warehouse may be still to load. */
    async recordPublished(build: PublishedBuild): Promise<void> {
      await catchUp(build.product, build.buildId);
      await ledger.publish(catalogue.products.get(build.product)?.warehouse ? { ...build, loaded: null } : build);
    },

    /**
     * Writes down what builds have committed that ended before they could tell, in all tables. Returns those whose log
     * cannot be read, and why.
     */
    async recordUnrecorded(): Promise<readonly FreshnessFinding[]> {
      const unreadable: FreshnessFinding[] = [];
      for (const { key } of builtProducts(catalogue)) {
        try {
          await catchUp(key);
        } catch (error) {
          if (!(error instanceof UnreadableLog)) throw error;
          unreadable.push({ product: key, interval: null, kind: 'unreadable log', problem: error.message });
        }
      }
      return unreadable;
    },

    /** Writes down that `version` has put a table back: its intervals are what they were, and who reads what has changed is stale. */
    async recordRestored({ product, version }: { product: string; version: number }): Promise<void> {
      await recordCommits(ledger, client, bucket, product);
      await settleRestored(product, version);
    },
  };
}

export type TableHistoryActivities = ReturnType<typeof createTableHistoryActivities>;
