import {
  type BuildFailure,
  type Claim,
  type IntervalRecord,
  type PartitionChange,
  type Published,
  type PublishedBuild,
  publishedOf,
} from '../../activities/ledger/records.ts';
import type { CommitLedger } from '../../activities/table-history/recorded-commits.ts';
import type { LedgerReader } from '../../activities/planning/survey.ts';
import { grainOf, intervalsIn, type IntervalRange } from '../../model/intervals.ts';

/** A ledger that one test writes, with what the planning of backfills reads. */
export class MemoryLedger implements LedgerReader, CommitLedger {
  readonly #records = new Map<string, Map<string, IntervalRecord>>();
  readonly #changed = new Map<string, Map<string, PartitionChange>>();
  readonly #recorded = new Map<string, number>();
  readonly #versions = new Map<string, number>();

  /** The newest version of a product's table. */
  version(product: string): number {
    return this.#versions.get(product) ?? 6;
  }

  publish(build: PublishedBuild): void {
    const { product, generation } = build;
    this.#versions.set(product, Math.max(this.version(product), build.outputVersion));
    for (const rows of build.intervals) {
      const { claim, published } = this.#of(this.#records, product).get(rows.interval) ?? {};
      if ((published?.generation ?? 0) > generation) continue;
      this.#put({ product, interval: rows.interval, ...(claim && { claim }), published: publishedOf(build, rows) });
    }
    this.#touch(product, build.changedPartitions, { version: build.outputVersion, at: build.at });
  }

  async touch(product: string, dates: readonly string[], change: PartitionChange): Promise<void> {
    this.#touch(product, dates, change);
  }

  #touch(product: string, dates: readonly string[], change: PartitionChange): void {
    const changed = this.#of(this.#changed, product);
    for (const date of dates) if (change.version > (changed.get(date)?.version ?? -1)) changed.set(date, change);
  }

  async recordUpTo(product: string, version: number): Promise<void> {
    this.#recorded.set(product, Math.max(version, await this.recordedVersion(product)));
  }

  async recordedVersion(product: string): Promise<number> {
    return this.#recorded.get(product) ?? -1;
  }

  fail(
    product: string,
    interval: string,
    state: 'failed' | 'quarantined',
    at: string,
    more: Pick<BuildFailure, 'kind' | 'codeVersion'> = {},
  ): void {
    const failure = { state, reason: 'lost', buildId: 'b', at, ...more };
    this.#put({ ...this.#of(this.#records, product).get(interval), product, interval, failure });
  }

  claim(
    product: string,
    interval: string,
    workflowId: string,
    buildId: string,
    since = '2025-01-18T05:20:00.000Z',
  ): void {
    const claim: Claim = { workflowId, buildId, since };
    this.#put({ ...this.#of(this.#records, product).get(interval), product, interval, claim });
  }

  /** Says that the warehouse has what is published of an interval. */
  load(product: string, interval: string): void {
    const { published, ...kept } = this.#of(this.#records, product).get(interval) ?? {};
    const loaded = { statementId: 's', rows: 1, at: '2025-01-19T01:30:00.000Z' };
    if (published) this.#put({ ...kept, product, interval, published: { ...published, loaded } });
  }

  /** Says what the warehouse has of a date of a stream's table. */
  stream(product: string, interval: string, streamed: NonNullable<IntervalRecord['streamed']>): void {
    this.#put({ ...this.#of(this.#records, product).get(interval), product, interval, streamed });
  }

  async records(product: string, first: string, last: string): Promise<IntervalRecord[]> {
    const all = [...this.#of(this.#records, product).values()];
    const found = all.filter(({ interval }) => interval >= first && interval <= last);
    return found.sort((a, b) => (a.interval < b.interval ? -1 : 1));
  }

  async changes(product: string, first: string, last: string): Promise<ReadonlyMap<string, PartitionChange>> {
    const all = [...this.#of(this.#changed, product)].sort();
    return new Map(all.filter(([date]) => date >= first && date <= last));
  }

  async firstPublished(product: string): Promise<string | null> {
    const all = [...this.#of(this.#records, product).values()].filter(({ published }) => published);
    return all.map(({ interval }) => interval).sort()[0] ?? null;
  }

  async newest(product: string, limit: number): Promise<IntervalRecord[]> {
    const all = [...this.#of(this.#records, product).values()];
    return all.sort((a, b) => b.interval.localeCompare(a.interval)).slice(0, limit);
  }

  async publishedSince(product: string, version: number): Promise<IntervalRecord[]> {
    const all = [...this.#of(this.#records, product).values()];
    return all.filter(({ published }) => (published?.outputVersion ?? -1) >= version);
  }

  async unloaded(product: string): Promise<IntervalRecord[]> {
    return [...this.#of(this.#records, product).values()].filter(({ published }) => published?.loaded === null);
  }

  async settle(product: string, interval: string, published: Published | null, version: number): Promise<void> {
    const { published: before, ...kept } = this.#of(this.#records, product).get(interval) ?? {};
    if ((before?.outputVersion ?? -1) >= version) return;
    this.#put({ ...kept, product, interval, ...(published && { published }) });
  }

  async newestFilled(product: string): Promise<IntervalRecord[]> {
    const filled = [...this.#of(this.#records, product).values()].filter(
      ({ published }) => (published?.rowsPublished ?? 0) > 0,
    );
    return filled.sort((a, b) => (a.interval < b.interval ? 1 : -1)).slice(0, 25);
  }

  #put(record: IntervalRecord): void {
    this.#of(this.#records, record.product).set(record.interval, record);
  }

  #of<T>(maps: Map<string, Map<string, T>>, product: string): Map<string, T> {
    const found = maps.get(product) ?? new Map<string, T>();
    maps.set(product, found);
    return found;
  }
}

/** A build that has published a run of intervals; what is not said is of no matter to the test. */
export function publishedBuild(
  product: string,
  range: IntervalRange,
  more: Partial<PublishedBuild> = {},
): PublishedBuild {
  const rows = { rowsIn: 1, rowsPublished: 1, rowsDuplicate: 0, rowsQuarantined: 0, changed: true };
  const intervals = intervalsIn(grainOf(range.start), range);
  return {
    product,
    buildId: 'b',
    generation: 1,
    at: '2025-01-18T00:00:00.000Z',
    codeVersion: 'source',
    inputVersions: {},
    outputVersion: 7,
    changedPartitions: [...new Set(intervals.map((interval) => interval.slice(0, 10)))],
    intervals: intervals.map((interval) => ({ interval, ...rows })),
    qualityScore: 1,
    jobRunId: null,
    costUsd: null,
    jobSeconds: null,
    ...more,
  };
}
