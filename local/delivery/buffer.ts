import type { ReadRecord } from './stream-reader.ts';

export interface BufferLimits {
  readonly bytes: number;
  readonly seconds: number;
}

const LINE_FEED = Buffer.from('\n');

/** Records on their way into one file. */
export class RecordBuffer {
  readonly #limits: BufferLimits;
  #parts: Uint8Array[] = [];
  #since = 0;
  bytes = 0;
  records = 0;
  /** When the oldest record came into the stream. */
  oldestMs = Infinity;

  constructor(limits: BufferLimits) {
    this.#limits = limits;
  }

  add(records: readonly ReadRecord[], now: number): void {
    if (this.records === 0) this.#since = now;
    for (const { data, arrivedAtMs } of records) {
      this.#parts.push(data, LINE_FEED);
      this.bytes += data.length + 1;
      this.oldestMs = Math.min(this.oldestMs, arrivedAtMs);
    }
    this.records += records.length;
  }

  isDue(now: number): boolean {
    if (this.records === 0) return false;
    return this.bytes >= this.#limits.bytes || now - this.#since >= this.#limits.seconds * 1_000;
  }

  contents(): Buffer {
    return Buffer.concat(this.#parts);
  }

  clear(): void {
    this.#parts = [];
    this.bytes = 0;
    this.records = 0;
    this.oldestMs = Infinity;
  }
}
