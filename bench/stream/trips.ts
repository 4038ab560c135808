import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, ListObjectsV2Command, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { NO_MISHAPS } from '../../local/generator/options.ts';
import { rawLines } from '../../local/generator/raw-lines.ts';
import { buckets } from '../../local/provision.ts';

const folder = 'streaming/trips/';

/** Events of generated days as they arrive, and when each trip that has ended was in a file. */
export class Trips {
  readonly #s3: S3Client;
  readonly #lines: Iterator<string>;
  readonly #started = new Set<string>();
  readonly #completed = new Set<string>();
  /** When a trip was both for the first time (ms since 1970). */
  readonly #endedAt = new Map<string, number>();
  readonly #inFileAt = new Map<string, number>();
  readonly #seen = new Set<string>();

  constructor(s3: S3Client, eventBytes: number) {
    this.#s3 = s3;
    this.#lines = linesOf(eventBytes);
  }

  take(count: number): string[] {
    const lines: string[] = [];
    while (lines.length < count) lines.push(String(this.#lines.next().value));
    return lines;
  }

  sent(lines: readonly string[]): void {
    const now = Date.now();
    for (const line of lines) {
      const { event_name: event, payload } = JSON.parse(line) as { event_name: string; payload: { trip_id?: string } };
      const { trip_id: trip } = payload;
      if (trip === undefined || !(event === 'trip_started' || event === 'trip_completed')) continue;
      // Events overtake each other by minutes, and a trip may start twice: it has a row when both are there.
      const other = event === 'trip_started' ? this.#completed : this.#started;
      (event === 'trip_started' ? this.#started : this.#completed).add(trip);
      if (other.has(trip) && !this.#endedAt.has(trip)) this.#endedAt.set(trip, now);
    }
  }

  /** Waits until every trip whose end was sent is in a file. */
  async untilAllInFiles(): Promise<void> {
    for (;;) {
      await this.#read();
      if ([...this.#endedAt.keys()].every((trip) => this.#inFileAt.has(trip))) return;
      await delay(250);
    }
  }

  /** Of the trips that have ended since then, how long it took, the shortest first. */
  secondsToFile(since: number): number[] {
    return [...this.#endedAt]
      .filter(([, at]) => at >= since)
      .map(([trip, at]) => ((this.#inFileAt.get(trip) ?? NaN) - at) / 1_000)
      .toSorted((one, other) => one - other);
  }

  async hasFiles(prefix: string): Promise<boolean> {
    const { KeyCount = 0 } = await this.#s3.send(new ListObjectsV2Command({ Bucket: buckets.lake, Prefix: prefix }));
    return KeyCount > 0;
  }

  async #read(): Promise<void> {
    const found: string[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: this.#s3 },
      { Bucket: buckets.lake, Prefix: folder },
    ))
      found.push(...Contents.flatMap(({ Key }) => (Key === undefined || this.#seen.has(Key) ? [] : [Key])));
    const now = Date.now();
    for (const key of found) {
      for (const trip of await this.#tripsOf(key)) if (!this.#inFileAt.has(trip)) this.#inFileAt.set(trip, now);
      this.#seen.add(key);
    }
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

function* linesOf(eventBytes: number): Generator<string> {
  const options = { start: '2025-01-18', days: 7, tripsPerDay: 20_000, eventBytes, mishaps: NO_MISHAPS };
  for (const { text } of rawLines(options)) yield text;
}
