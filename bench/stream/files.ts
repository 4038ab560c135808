import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { buckets } from '../../local/provision.ts';

const folder = 'streaming/trips/';

/** What an application of the stream has written into the lake. */
export class Files {
  readonly #s3: S3Client;
  readonly #seen = new Set<string>();

  constructor(s3: S3Client) {
    this.#s3 = s3;
  }

  async areThere(prefix: string): Promise<boolean> {
    const { KeyCount = 0 } = await this.#s3.send(new ListObjectsV2Command({ Bucket: buckets.lake, Prefix: prefix }));
    return KeyCount > 0;
  }

  /** The ended trips of the files that have come since the last call. */
  async newTrips(): Promise<string[]> {
    const found: string[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: this.#s3 },
      { Bucket: buckets.lake, Prefix: folder },
    ))
      found.push(...Contents.flatMap(({ Key }) => (Key === undefined || this.#seen.has(Key) ? [] : [Key])));
    const trips: string[] = [];
    for (const key of found) {
      trips.push(...(await this.#tripsOf(key)));
      this.#seen.add(key);
    }
    return trips;
  }

  async #tripsOf(Key: string): Promise<string[]> {
    const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: buckets.lake, Key }));
    const scratch = mkdtempSync(join(tmpdir(), 'stream-trips-'));
    const instance = await DuckDBInstance.create(':memory:');
    const db = await instance.connect();
    try {
      const file = join(scratch, 'trips.parquet');
      writeFileSync(file, (await Body?.transformToByteArray()) ?? '');
      // Of a trip with two events or more, the row that says that it has ended.
      const rows = await db.runAndReadAll(`SELECT trip_id FROM read_parquet('${file}') WHERE end_time IS NOT NULL`);
      return rows.getRows().map(([trip]) => String(trip));
    } finally {
      db.closeSync();
      instance.closeSync();
      rmSync(scratch, { recursive: true });
    }
  }
}
