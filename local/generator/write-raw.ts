import { rawLines, type RawLine } from './raw-lines.ts';
import type { GeneratorOptions } from './options.ts';
import { partKey, PartUploads, type Put } from './raw-parts.ts';
import { hourKey } from './time.ts';
import { TruthWriter } from './truth-writer.ts';

export interface WriteOptions {
  readonly put: Put;
  /** Before `/year=…`; `raw/events` unless told otherwise. */
  readonly prefix?: string;
  /** A file is closed once it holds this much before compression; 32 MiB unless told otherwise. */
  readonly rollBytes?: number;
  /** Where to write the truth about the lines; none is written without it. */
  readonly truthDirectory?: string;
  /** Files compressed and put at the same time; 2 unless told otherwise. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
}

export interface WriteSummary {
  readonly files: number;
  readonly lines: number;
  readonly published: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly bytes: number;
  readonly compressedBytes: number;
  /** First and last arrival hour that got a file, or null where there was no line at all. */
  readonly firstHour: string | null;
  readonly lastHour: string | null;
}

const DEFAULT_ROLL_BYTES = 32 * 1024 * 1024;
const CHUNK_LENGTH = 256 * 1024;

/** Generates raw events and lands them as gzip files by arrival hour. */
export async function writeRaw(options: GeneratorOptions, write: WriteOptions): Promise<WriteSummary> {
  return writeRawLines(rawLines(options), write);
}

/** Lands lines, which must come in order of arrival hour, as gzip files; an hour gets as many files as it needs. */
export async function writeRawLines(lines: Iterable<RawLine>, write: WriteOptions): Promise<WriteSummary> {
  const { prefix = 'raw/events', rollBytes = DEFAULT_ROLL_BYTES, concurrency = 2 } = write;
  const uploads = new PartUploads(write.put, concurrency);
  const truth = write.truthDirectory === undefined ? undefined : await TruthWriter.open(write.truthDirectory);
  const counts = { lines: 0, published: 0, duplicate: 0, quarantined: 0 };
  let firstHourMs: number | undefined;
  let part: Part | undefined;
  let key = '';

  const closePart = async (finished: Part): Promise<void> => {
    await uploads.add(key, finished.toBuffer());
    await truth?.flush();
    write.signal?.throwIfAborted();
  };
  try {
    for (const line of lines) {
      if (part?.arrivalHourMs !== line.arrivalHourMs || part.length >= rollBytes) {
        if (part !== undefined) await closePart(part);
        const number: number = part?.arrivalHourMs === line.arrivalHourMs ? part.number + 1 : 0;
        part = new Part(line.arrivalHourMs, number);
        key = partKey(prefix, part.arrivalHourMs, number);
        firstHourMs ??= part.arrivalHourMs;
      }
      part.append(line.text);
      truth?.record(line, key, part.lines);
      counts.lines++;
      counts[line.outcome.kind]++;
    }
    if (part !== undefined) await closePart(part);
    await uploads.settle();
    await truth?.close();
  } catch (error) {
    // Nothing may still be writing when the caller hears of the failure.
    await Promise.allSettled([uploads.settle(), truth?.close()]);
    throw error;
  }
  return {
    ...uploads.totals,
    lines: counts.lines,
    published: counts.published,
    duplicates: counts.duplicate,
    quarantined: counts.quarantined,
    firstHour: firstHourMs === undefined ? null : hourKey(firstHourMs),
    lastHour: part === undefined ? null : hourKey(part.arrivalHourMs),
  };
}

/** A file being filled. Lines become bytes a chunk at a time, so that few strings are alive at once. */
class Part {
  readonly arrivalHourMs: number;
  readonly number: number;
  lines = 0;
  /** Characters so far, near enough to bytes to decide when to close the file. */
  length = 0;
  readonly #buffers: Buffer[] = [];
  #chunk: string[] = [];
  #chunkLength = 0;

  constructor(arrivalHourMs: number, number: number) {
    this.arrivalHourMs = arrivalHourMs;
    this.number = number;
  }

  append(line: string): void {
    this.lines++;
    this.#chunk.push(line);
    this.#chunkLength += line.length + 1;
    this.length += line.length + 1;
    if (this.#chunkLength >= CHUNK_LENGTH) this.#encode();
  }

  toBuffer(): Buffer {
    if (this.#chunk.length > 0) this.#encode();
    return Buffer.concat(this.#buffers);
  }

  #encode(): void {
    this.#buffers.push(Buffer.from(`${this.#chunk.join('\n')}\n`));
    this.#chunk = [];
    this.#chunkLength = 0;
  }
}
