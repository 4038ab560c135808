import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Put } from '../generator/raw-parts.ts';
import { type BufferLimits, RecordBuffer } from './buffer.ts';
import type { CheckpointFile, Position } from './checkpoint.ts';
import type { StreamFigures } from './figures.ts';
import { objectKey } from './object-key.ts';
import type { StreamReader } from './stream-reader.ts';

const gzipAsync = promisify(gzip);

export interface DeliveryOptions {
  readonly reader: StreamReader;
  readonly checkpoints: CheckpointFile;
  readonly put: Put;
  readonly figures: StreamFigures;
  readonly limits: BufferLimits;
  /** Before `/year=…`. */
  readonly prefix: string;
  readonly name: string;
  /** Told what is amiss, and what is done about it. */
  readonly report: (text: string) => void;
}

const IDLE_MS = 1_000;
const LIST_EVERY_MS = 1_000;
const AFTER_FAILURE_MS = 1_000;

/**
 * Carries every record of a stream into raw files, each at least once: a position is written down when the file with
 * its record is, so that whoever starts next reads again what was only in memory.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #buffer: RecordBuffer;
  /** The last record that was read of each shard. */
  readonly #positions: Map<string, Position>;
  #createdAtMs: number | undefined;
  #shards: string[] = [];
  #listedAt = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#buffer = new RecordBuffer(options.limits);
    const checkpoint = options.checkpoints.read();
    this.#createdAtMs = checkpoint?.createdAtMs;
    this.#positions = new Map(Object.entries(checkpoint?.shards ?? {}));
  }

  get freshnessSeconds(): number {
    return this.#buffer.records === 0 ? 0 : Math.max(0, Date.now() - this.#buffer.oldestMs) / 1_000;
  }

  /** Delivers until it is told to stop, then what it still holds. What fails is tried again for as long. */
  async run(signal: AbortSignal): Promise<void> {
    const rest = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined); // Stopping ends the wait.
    let verified = false;
    while (!signal.aborted) {
      try {
        if (!verified) await this.#verify();
        verified = true;
        if ((await this.#round(signal)) === 0) await rest(IDLE_MS);
      } catch (error) {
        this.#options.report(`tried again in ${AFTER_FAILURE_MS} ms: ${textOf(error)}`);
        // What was away may come back as another.
        verified = false;
        await rest(AFTER_FAILURE_MS);
      }
    }
    await this.#flush();
  }

  /** Whether positions are of this stream: one that does not know them was made anew, or has lost its newest records. */
  async #verify(): Promise<void> {
    const { reader, report } = this.#options;
    const { createdAtMs, retentionMs } = await reader.identity();
    await this.#list();
    if (this.#createdAtMs !== undefined && this.#createdAtMs !== createdAtMs) {
      report(`the stream was made anew at ${iso(createdAtMs)}: reading from its beginning`);
      this.#positions.clear();
    }
    this.#createdAtMs = createdAtMs;
    for (const [shard, position] of this.#positions) {
      if (position.arrivedAtMs < Date.now() - retentionMs || (await reader.has(shard, position))) continue;
      report(
        `${shard} does not have record ${position.sequenceNumber} of ${iso(position.arrivedAtMs)} any more: the stream has lost its newest records. Reading from its beginning; what is still there comes twice`,
      );
      this.#positions.clear();
    }
  }

  async #list(): Promise<void> {
    const { reader, report } = this.#options;
    this.#shards = await reader.shards();
    this.#listedAt = Date.now();
    for (const shard of this.#positions.keys()) {
      if (this.#shards.includes(shard)) continue;
      report(`${shard} is no more: the stream has other shards`);
      this.#positions.delete(shard);
    }
  }

  /** Reads each shard once; gives how many records came. */
  async #round(signal: AbortSignal): Promise<number> {
    if (Date.now() - this.#listedAt >= LIST_EVERY_MS) await this.#list();
    let read = 0;
    for (const shard of this.#shards) {
      // Before it is read on: a full buffer that cannot be written must not grow.
      if (this.#buffer.isDue(Date.now())) await this.#flush();
      if (signal.aborted) return read;
      read += await this.#readShard(shard);
    }
    return read;
  }

  async #readShard(shard: string): Promise<number> {
    const { reader, figures } = this.#options;
    const read = await reader.read(shard, this.#positions.get(shard));
    figures.read(read);
    const last = read.records.at(-1);
    if (last === undefined) return 0;
    this.#buffer.add(read.records, Date.now());
    this.#positions.set(shard, { sequenceNumber: last.sequenceNumber, arrivedAtMs: last.arrivedAtMs });
    return read.records.length;
  }

  /** Writes what is buffered as one file, then down to where that is. */
  async #flush(): Promise<void> {
    const { checkpoints, figures, name, prefix, put } = this.#options;
    const buffer = this.#buffer;
    if (buffer.records === 0) return;
    const body = await gzipAsync(buffer.contents(), { level: 1 });
    try {
      await put(objectKey(prefix, name, buffer.oldestMs), body);
    } catch (error) {
      figures.wrote(buffer.records, body.length, false);
      throw error;
    }
    figures.wrote(buffer.records, body.length, true);
    checkpoints.write({ createdAtMs: this.#createdAtMs ?? 0, shards: Object.fromEntries(this.#positions) });
    buffer.clear();
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

const textOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));
