import type { S3Client } from '@aws-sdk/client-s3';
import type { Catalogue } from '../products/catalogue.ts';
import { datesUndone, readCommits, standing, type TableCommit } from './lake/delta-log.ts';
import type { Ledger } from './ledger/ledger.ts';
import {
  allIntervals,
  type IntervalRecord,
  type Published,
  type PublishedBuild,
  publishedOf,
} from './ledger/records.ts';
import { builtProducts } from './ledger/survey.ts';

/** A build as its commit keeps it: a table does not know what a build cost. */
function buildsOf(commits: readonly TableCommit[]): PublishedBuild[] {
  return commits.flatMap(({ version, at, build, changedPartitions }) => {
    if (!build) return [];
    const { quality, sequence: _, ...kept } = build;
    const unknown = { jobRunId: null, costUsd: null, jobSeconds: null };
    return { ...kept, ...unknown, qualityScore: quality.score, at, outputVersion: version, changedPartitions };
  });
}

/** Writes into the ledger what the tables' own commits say, without harm to what is newer there. `onProgress` is told the builds of each product. */
export async function rebuildLedger(
  ledger: Ledger,
  client: S3Client,
  bucket: string,
  catalogue: Catalogue,
  onProgress: (product: string, builds: number) => void,
): Promise<void> {
  for (const { key: product } of builtProducts(catalogue)) {
    const commits = await readCommits(client, bucket, product);
    const builds = buildsOf(standing(commits));
    for (const build of builds) await ledger.publish(build);
    for (const commit of commits)
      if (commit.restored !== null) await ledger.touch(product, datesUndone(commits, commit), commit.version);
    onProgress(product, builds.length);
  }
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

export function createTableHistoryActivities(ledger: Ledger, client: S3Client, bucket: string) {
  return {
    /** Writes down that `version` has put a table back: its intervals are what they were, and who reads what has changed is stale. */
    async recordRestored({ product, version }: { product: string; version: number }): Promise<void> {
      const commits = (await readCommits(client, bucket, product)).filter((commit) => commit.version <= version);
      const restore = commits.at(-1);
      if (restore?.version !== version) throw new Error(`Version ${version} of ${product} is not in its log.`);
      await ledger.touch(product, datesUndone(commits, restore), version);
      const settled = settledBy(commits, await ledger.records(product, ...allIntervals));
      await Promise.all(
        [...settled].map(([interval, published]) => ledger.settle(product, interval, published, version)),
      );
    },
  };
}

export type TableHistoryActivities = ReturnType<typeof createTableHistoryActivities>;
