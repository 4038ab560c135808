import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const gzipAsync = promisify(gzip);
/** Larger than zlib's own 16 KiB: fewer trips between the threads. */
const GZIP_CHUNK_BYTES = 1024 * 1024;

/** Where finished files go: S3, a directory, a test's memory. */
export type Put = (key: string, body: Buffer) => Promise<void>;

/** Puts files below a local directory. */
export function putInDirectory(directory: string): Put {
  return async (key, body) => {
    const path = join(directory, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, body);
  };
}

/** `raw/events/year=2025/month=01/day=18/hour=03`: where an hour's files lie. */
export function hourFolder(prefix: string, instantMs: number): string {
  const [year = '', month = '', day = '', hour = ''] = new Date(instantMs).toISOString().split(/[-T:]/);
  return `${prefix}/year=${year}/month=${month}/day=${day}/hour=${hour}`;
}

/** `raw/events/year=2025/month=01/day=18/hour=03/part-00000.json.gz`: the n-th file of an arrival hour. */
export function partKey(prefix: string, arrivalHourMs: number, part: number): string {
  return `${hourFolder(prefix, arrivalHourMs)}/part-${String(part).padStart(5, '0')}.json.gz`;
}

export interface PartTotals {
  files: number;
  bytes: number;
  compressedBytes: number;
}

/**
 * Compresses and puts parts beside the caller's work: zlib runs on Node's thread pool, so the second core compresses
 * while the first makes lines. At most `concurrency` parts are under way.
 */
export class PartUploads {
  readonly totals: PartTotals = { files: 0, bytes: 0, compressedBytes: 0 };
  readonly #put: Put;
  readonly #concurrency: number;
  readonly #underWay = new Set<Promise<void>>();
  #failure: Error | undefined;

  constructor(put: Put, concurrency: number) {
    this.#put = put;
    this.#concurrency = concurrency;
  }

  async add(key: string, text: Buffer): Promise<void> {
    while (this.#underWay.size >= this.#concurrency) await Promise.race(this.#underWay);
    this.#throwFailure();
    const upload = this.#upload(key, text)
      .catch((error: unknown) => {
        this.#failure ??= new Error(`cannot put ${key}`, { cause: error });
      })
      .finally(() => this.#underWay.delete(upload));
    this.#underWay.add(upload);
  }

  /** Waits for all parts; throws what went wrong with the first that failed. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#throwFailure();
  }

  async #upload(key: string, text: Buffer): Promise<void> {
    const body = await gzipAsync(text, { level: 1, chunkSize: GZIP_CHUNK_BYTES });
    await this.#put(key, body);
    this.totals.files++;
    this.totals.bytes += text.length;
    this.totals.compressedBytes += body.length;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
