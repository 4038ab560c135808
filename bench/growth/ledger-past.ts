import type { S3Client } from '@aws-sdk/client-s3';
import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Ledger } from '../../activities/ledger/ledger.ts';
import {
  partitionKey,
  type PartitionChange,
  type PublishedBuild,
  publishedOf,
  recordedVersionKey,
} from '../../activities/ledger/records.ts';
import { rebuildLedger } from '../../activities/table-history.ts';
import type { Catalogue } from '../../products/catalogue.ts';

/** DynamoDB takes so many items at a time. */
const itemsAtOnce = 25;

type Item = Record<string, unknown> & { readonly product: string; readonly interval: string };

/** Items as a ledger would have them in the end, written without the requests of each build. */
class Collected {
  readonly items = new Map<string, Item>();

  async publish(build: PublishedBuild): Promise<void> {
    await this.touch(build.product, build.changedPartitions, { version: build.outputVersion, at: build.at });
    for (const rows of build.intervals)
      this.#put({ product: build.product, interval: rows.interval, published: publishedOf(build, rows) });
  }

  async touch(product: string, dates: readonly string[], { version, at }: PartitionChange): Promise<void> {
    for (const date of dates) {
      const known = this.items.get(`${product} ${partitionKey(date)}`);
      if (Number(known?.changedVersion ?? -1) < version)
        this.#put({ product, interval: partitionKey(date), changedVersion: version, changedAt: at });
    }
  }

  async recordedVersion(): Promise<number> {
    return -1;
  }

  async recordUpTo(product: string, version: number): Promise<void> {
    this.#put({ product, interval: recordedVersionKey, recordedVersion: version });
  }

  #put(item: Item): void {
    this.items.set(`${item.product} ${item.interval}`, item);
  }
}

/** Writes into a ledger's table what the commits of a lake's tables say. */
export async function writeLedger(
  documents: DynamoDBDocumentClient,
  table: string,
  s3: S3Client,
  catalogue: Catalogue,
): Promise<void> {
  const collected = new Collected();
  await rebuildLedger(collected as unknown as Ledger, s3, table, catalogue, () => undefined);
  const items = [...collected.items.values()];
  for (let from = 0; from < items.length; from += itemsAtOnce) {
    const puts = items.slice(from, from + itemsAtOnce).map((Item) => ({ PutRequest: { Item } }));
    await documents.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }));
  }
}
