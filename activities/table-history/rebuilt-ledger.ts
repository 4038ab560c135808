import type { S3Client } from '@aws-sdk/client-s3';
import { type Catalogue, settledStreams } from '../../model/catalogue.ts';
import { newestVersion, readCommits, standing, type TableCommit } from '../lake/delta-log.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { allIntervals, type Loaded, type Published, type PublishedBuild } from '../ledger/records.ts';
import { builtProducts } from '../planning/survey.ts';
import { streamDates } from '../realtime/stream-dates.ts';
import { recordCommits } from './recorded-commits.ts';
import { type NotedLoad, notedLoads } from '../redshift/noted-loads.ts';
import type { Warehouse } from '../redshift/query.ts';
import { buildsOf, settledBy } from './activities.ts';

/** A ledger, and all that it can be made from. */
export interface LedgerSources {
  readonly ledger: Ledger;
  readonly client: S3Client;
  readonly bucket: string;
  readonly catalogue: Catalogue;
  /** Null where none is configured: what it has loaded stays unknown. */
  readonly warehouse: Warehouse | null;
}

/** So many of a table's newest commits tell whether the ledger knows them. */
const commitsLookedAt = 50;

/** A table of hours has ten thousand builds in a year. */
const buildsAtOnce = 50;

/** The products whose tables hold newer builds than the ledger knows of: it is older than they. */
export async function productsAhead({ ledger, client, bucket, catalogue }: LedgerSources): Promise<string[]> {
  const ahead: string[] = [];
  for (const { key } of builtProducts(catalogue)) {
    const newest = await newestVersion(client, bucket, key);
    if (newest === null) continue;
    const commits = await readCommits(client, bucket, key, { after: newest - commitsLookedAt });
    const recorded = await ledger.recordedVersion(key);
    const isRestored = commits.some(({ restored, version }) => restored !== null && version > recorded);
    if (isRestored || (await unknownBuilds(ledger, key, buildsOf(standing(commits)))).length > 0) ahead.push(key);
  }
  return ahead;
}

/** Builds of which the ledger says something older, or nothing. */
async function unknownBuilds(
  ledger: Pick<Ledger, 'records'>,
  product: string,
  builds: readonly PublishedBuild[],
): Promise<PublishedBuild[]> {
  const intervals = builds.flatMap((build) => build.intervals.map(({ interval }) => interval)).sort();
  const [first, last] = [intervals[0], intervals.at(-1)];
  if (first === undefined || last === undefined) return [];
  const records = await ledger.records(product, first, last);
  const known = new Map(records.map(({ interval, published }) => [interval, published?.generation ?? -1]));
  return builds.filter((build) =>
    build.intervals.some(({ interval }) => (known.get(interval) ?? -1) < build.generation),
  );
}

/**
 * Writes into the ledger what the tables' own commits and the warehouse say and it does not know, without harm to what is
 * newer there. `onProgress` is told how many builds of each product were written.
 */
export async function rebuildLedger(
  sources: LedgerSources,
  onProgress: (product: string, builds: number) => void,
): Promise<void> {
  const { ledger, client, bucket, catalogue, warehouse } = sources;
  for (const { key, warehouse: isLoaded } of builtProducts(catalogue)) {
    const commits = await readCommits(client, bucket, key);
    const builds = await unknownBuilds(ledger, key, buildsOf(standing(commits)));
    // In any order: of an interval that several have built the one of the highest generation stays.
    for (let from = 0; from < builds.length; from += buildsAtOnce)
      await Promise.all(builds.slice(from, from + buildsAtOnce).map((build) => ledger.publish(build)));
    if (commits.some(({ restored }) => restored !== null)) await takeBack(ledger, key, commits);
    await recordCommits(ledger, client, bucket, key);
    if (warehouse && isLoaded) await recordLoads(ledger, warehouse, key);
    onProgress(key, builds.length);
  }
  if (warehouse)
    for (const stream of settledStreams(catalogue))
      await ledger.streamDates.record(stream.key, await streamDates(warehouse, stream));
}

/** Has the ledger forget the builds that restores have undone. */
async function takeBack(ledger: Ledger, product: string, commits: readonly TableCommit[]): Promise<void> {
  const newest = commits.at(-1)?.version ?? 0;
  const settled = settledBy(commits, await ledger.records(product, ...allIntervals));
  for (const [interval, published] of settled) await ledger.settle(product, interval, published, newest);
}

async function recordLoads(ledger: Ledger, warehouse: Warehouse, product: string): Promise<void> {
  const loads = await notedLoads(warehouse, product);
  for (const { interval, published } of await ledger.records(product, ...allIntervals)) {
    if (!published || published.loaded) continue;
    const loaded = loadedOf(loads, interval, published);
    if (loaded !== published.loaded && loaded !== undefined)
      await ledger.recordLoad(product, interval, published.buildId, loaded);
  }
}

/**
 * The load with which the warehouse got what is published of an interval: one by its build, or a later one, for a build
 * that finds nothing changed commits nothing and is loaded all the same. Null where there was none, undefined where the
 * build is older than the warehouse's notes.
 */
export function loadedOf(
  loads: readonly NotedLoad[],
  interval: string,
  { buildId, at }: Pick<Published, 'buildId' | 'at'>,
): Loaded | null | undefined {
  const found = loads.find(
    (load) => load.start <= interval && interval < load.end && (load.buildId === buildId || load.at >= at),
  );
  if (found) return { statementId: null, rows: found.rows, at: found.at };
  const first = loads.at(-1);
  return first && first.at < at ? null : undefined;
}
