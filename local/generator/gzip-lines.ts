import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';

const CHUNK_LENGTH = 256 * 1024;

/** Writes lines to a gzip file as they come, no faster than the disk takes them. */
export class GzipLines {
  readonly #gzip: Gzip;
  readonly #written: Promise<void>;
  #chunk: string[] = [];
  #chunkLength = 0;

  constructor(file: string) {
    this.#gzip = createGzip({ level: 1, chunkSize: CHUNK_LENGTH });
    this.#written = pipeline(this.#gzip, createWriteStream(file));
    // Reported by close(); without a listener a failure before that would end the process.
    this.#written.catch(() => undefined);
  }

  append(line: string): void {
    this.#chunk.push(line);
    this.#chunkLength += line.length + 1;
  }

  /** Hands over what has been appended once it is worth it; resolves when there is room for more. */
  async flush(): Promise<void> {
    if (this.#chunkLength >= CHUNK_LENGTH) await this.#hand();
  }

  async close(): Promise<void> {
    await this.#hand();
    this.#gzip.end();
    await this.#written;
  }

  async #hand(): Promise<void> {
    if (this.#chunk.length === 0) return;
    const text = `${this.#chunk.join('\n')}\n`;
    this.#chunk = [];
    this.#chunkLength = 0;
    if (!this.#gzip.write(text)) await Promise.race([once(this.#gzip, 'drain'), this.#written]);
  }
}
