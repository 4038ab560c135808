import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { IntervalRange } from '../../model/intervals.ts';
import { isWholeTable, wholeTable } from '../../model/messages/builds.ts';
import { type Filter, LedgerItems } from './items.ts';
import {
  allIntervals,
  type BuildFailure,
  type Claim,
  type Claimant,
  type IntervalRecord,
  intervalRecordSchema,
  type Loaded,
  type PartitionChange,
  partitionDate,
  partitionKey,
  partitionRecordSchema,
  type Published,
  type PublishedBuild,
  publishedOf,
  recordedVersionKey,
  recordedVersionSchema,
} from './records.ts';
import { StreamDates } from './stream-dates.ts';

/** DynamoDB takes 100 items in a transaction; one of them is the claim of the whole table. */
const intervalsAtOnce = 99;

/** Transactions that only met each other at one moment are no refusal: they are tried again. */
const isRefusal = (error: unknown): boolean =>
  error instanceof TransactionCanceledException &&
  (error.CancellationReasons ?? []).some(({ Code }) => Code === 'ConditionalCheckFailed');

export interface Claimed {
  readonly claimed: boolean;
  readonly holders: readonly Claim[];
}

/** What is known of every (product, interval): one DynamoDB item each, written only on conditions that keep it true. */
export class Ledger {
  readonly #items: LedgerItems;
  /** What it knows of tables that streams keep. */
  readonly streamDates: StreamDates;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#items = new LedgerItems(client, table);
    this.streamDates = new StreamDates(this.#items);
  }

  /**
   * Claims all intervals for a build, or none; or the whole table, of which intervals may then still be held, but no more
   * are given. `holders` are the claims of others that stand in the way, if any; a workflow's own do not. Idempotent.
   */
  async claim(claimant: Claimant): Promise<Claimed> {
    const { product, intervals, workflowId, buildId } = claimant;
    const claim: Claim = { workflowId, buildId, since: new Date().toISOString() };
    const ifFree = (interval: string) => ({
      TableName: this.#items.table,
      Key: { product, interval },
      ConditionExpression: 'attribute_not_exists(claim) OR claim.workflowId = :me',
    });
    const table = { ConditionCheck: { ...ifFree(wholeTable), ExpressionAttributeValues: { ':me': workflowId } } };
    for (let from = 0; from < intervals.length; from += intervalsAtOnce) {
      const items = intervals.slice(from, from + intervalsAtOnce).map((interval) => ({
        Update: {
          ...ifFree(interval),
          UpdateExpression: 'SET claim = :claim',
          ExpressionAttributeValues: { ':claim': claim, ':me': workflowId },
        },
      }));
      try {
        const TransactItems = isWholeTable(claimant) ? items : [...items, table];
        await this.#items.transact(TransactItems);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        await this.release({ ...claimant, intervals: intervals.slice(0, from) });
        return { claimed: false, holders: await this.#holders(claimant) };
      }
    }
    const holders = isWholeTable(claimant) ? await this.#holders(claimant) : [];
    return { claimed: holders.length === 0, holders };
  }

  async #holders(claimant: Claimant): Promise<Claim[]> {
    const claims = (await this.#inTheWay(claimant)).map(([, claim]) => [claim.buildId, claim] as const);
    return [...new Map(claims).values()];
  }

  /** Claims of others, by interval, on what the claimant wants: its intervals, or all, and the table. */
  async #inTheWay(claimant: Claimant): Promise<(readonly [interval: string, claim: Claim])[]> {
    const { product, intervals, workflowId } = claimant;
    const [first = '', last = ''] = isWholeTable(claimant) ? allIntervals : [intervals[0], intervals.at(-1)];
    // Of the years of a table few intervals are claimed.
    const filter = { FilterExpression: 'attribute_exists(claim)' };
    const records = [
      ...(await this.#records(product, first, last, filter)),
      ...(await this.#records(product, wholeTable, wholeTable, filter)),
    ];
    return records.flatMap(({ interval, claim }) =>
      claim && claim.workflowId !== workflowId ? [[interval, claim] as const] : [],
    );
  }

  /** Ends the claims of builds on what the claimant wants: their workflows have ended, and give nothing back. */
  async releaseEnded(claimant: Claimant, builds: readonly string[]): Promise<void> {
    const { product } = claimant;
    const ended = (await this.#inTheWay(claimant)).filter(([, { buildId }]) => builds.includes(buildId));
    await Promise.all(ended.map(([interval, claim]) => this.release({ ...claim, product, intervals: [interval] })));
  }

  /** Ends a build's claims; where it published nothing, `failure` says why. Claims that others have taken over stay. */
  async release({ product, intervals, buildId }: Claimant, failure?: BuildFailure): Promise<void> {
    const changes = intervals.map((interval) => {
      const fails = failure && interval !== wholeTable;
      return this.#items.update({
        Key: { product, interval },
        UpdateExpression: fails ? 'SET failure = :failure REMOVE claim' : 'REMOVE claim',
        ConditionExpression: 'claim.buildId = :build',
        ExpressionAttributeValues: { ':build': buildId, ...(fails && { ':failure': failure }) },
      });
    });
    await Promise.all(changes);
  }

  /** Writes down that the warehouse has what is published of [start, end). */
  async load(product: string, { start, end }: IntervalRange, loaded: Loaded): Promise<void> {
    const records = (await this.records(product, start, end)).filter(({ interval }) => interval !== end);
    await Promise.all(
      records.map(({ interval, published }) => this.recordLoad(product, interval, published?.buildId ?? '', loaded)),
    );
  }

  /** Writes down whether the warehouse has what a build has published of an interval. */
  async recordLoad(product: string, interval: string, buildId: string, loaded: Loaded | null): Promise<void> {
    await this.#items.update({
      Key: { product, interval },
      UpdateExpression: 'SET published.loaded = :loaded',
      ConditionExpression: 'published.buildId = :build',
      ExpressionAttributeValues: { ':loaded': loaded, ':build': buildId },
    });
  }

  /** Writes down what a build has published. Where a build of a higher generation has written already, that stays. */
  async publish(build: PublishedBuild): Promise<void> {
    const { product, generation } = build;
    await this.touch(product, build.changedPartitions, { version: build.outputVersion, at: build.at });
    const changes = build.intervals.map((rows) =>
      this.#items.update({
        Key: { product, interval: rows.interval },
        UpdateExpression: 'SET published = :published REMOVE failure',
        ConditionExpression: 'attribute_not_exists(published) OR published.generation <= :generation',
        ExpressionAttributeValues: { ':published': publishedOf(build, rows), ':generation': generation },
      }),
    );
    await Promise.all(changes);
  }

  /** Writes down what an interval is since a restore in `version`; null: not published. What is newer stays. */
  async settle(product: string, interval: string, published: Published | null, version: number): Promise<void> {
    await this.#items.update({
      Key: { product, interval },
      UpdateExpression: published ? 'SET published = :published' : 'REMOVE published',
      ConditionExpression: 'attribute_not_exists(published) OR published.outputVersion < :version',
      ExpressionAttributeValues: { ':version': version, ...(published && { ':published': published }) },
    });
  }

  /** Writes down when, and in which version, dates of a table's partition column have changed last. */
  async touch(product: string, dates: readonly string[], { version, at }: PartitionChange): Promise<void> {
    const changes = dates.map((date) =>
      this.#items.update({
        Key: { product, interval: partitionKey(date) },
        UpdateExpression: 'SET changedVersion = :version, changedAt = :at',
        ConditionExpression: 'attribute_not_exists(changedVersion) OR changedVersion < :version',
        ExpressionAttributeValues: { ':version': version, ':at': at },
      }),
    );
    await Promise.all(changes);
  }

  /** Writes down that what all of a table's commits up to a version have changed is in the ledger. */
  async recordUpTo(product: string, version: number): Promise<void> {
    await this.#items.update({
      Key: { product, interval: recordedVersionKey },
      UpdateExpression: 'SET recordedVersion = :version',
      ConditionExpression: 'attribute_not_exists(recordedVersion) OR recordedVersion < :version',
      ExpressionAttributeValues: { ':version': version },
    });
  }

  /** The version up to which a table's commits are recorded; −1 when none is. */
  async recordedVersion(product: string): Promise<number> {
    const [item] = await this.#items.between(product, recordedVersionKey, recordedVersionKey);
    return item ? recordedVersionSchema.parse(item).recordedVersion : -1;
  }

  /** The records of a product from one interval to another, both included, in order. Intervals never heard of have none. */
  async records(product: string, first: string, last: string): Promise<IntervalRecord[]> {
    return this.#records(product, first, last);
  }

  /** The records that were published in a version of the table, or found right in it, or in a later one. */
  async publishedSince(product: string, version: number): Promise<IntervalRecord[]> {
    return this.#records(product, ...allIntervals, {
      FilterExpression: 'published.outputVersion >= :version',
      ExpressionAttributeValues: { ':version': version },
    });
  }

  /** The records of which the warehouse lacks what the lake has. */
  async unloaded(product: string): Promise<IntervalRecord[]> {
    return this.#records(product, ...allIntervals, {
      FilterExpression: 'attribute_type(published.loaded, :null)',
      ExpressionAttributeValues: { ':null': 'NULL' },
    });
  }

  /** The first interval of a product that a build has ever published; null when there is none. */
  async firstPublished(product: string): Promise<string | null> {
    const filter = { FilterExpression: 'attribute_exists(published)' };
    const [first] = recordsOf(await this.#items.some(product, ...allIntervals, filter, true));
    return first?.interval ?? null;
  }

  /** Of a product's intervals with rows some of the last, however long ago that was; newest first. */
  async newestFilled(product: string): Promise<IntervalRecord[]> {
    const filter = { FilterExpression: 'published.rowsPublished > :none', ExpressionAttributeValues: { ':none': 0 } };
    return recordsOf(await this.#items.some(product, ...allIntervals, filter, false));
  }

  /** The records of a product's last intervals, newest first. */
  async newest(product: string, limit: number): Promise<IntervalRecord[]> {
    return recordsOf(await this.#items.last(product, ...allIntervals, limit));
  }

  /** For each date of a table's partition column, both ends included, its newest change. */
  async changes(product: string, first: string, last: string): Promise<ReadonlyMap<string, PartitionChange>> {
    const items = await this.#items.between(product, partitionKey(first), partitionKey(last));
    const records = items.map((item) => partitionRecordSchema.parse(item));
    return new Map(
      records.map(({ interval, changedVersion: version, changedAt: at }) => [partitionDate(interval), { version, at }]),
    );
  }

  async #records(product: string, first: string, last: string, filter?: Filter): Promise<IntervalRecord[]> {
    return recordsOf(await this.#items.between(product, first, last, filter));
  }
}

const recordsOf = (items: readonly unknown[]): IntervalRecord[] =>
  items.map((item) => intervalRecordSchema.parse(item));
