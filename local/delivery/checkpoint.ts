import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const positionSchema = z.object({ sequenceNumber: z.string(), arrivedAtMs: z.number() });
const checkpointSchema = z.object({
  /** When the stream was made: another of the same name has other records. */
  createdAtMs: z.number(),
  shards: z.record(z.string(), positionSchema),
});

/** The last record that was delivered of a shard. */
export type Position = z.infer<typeof positionSchema>;
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** Up to where each shard is delivered, in a file that is whole at any time. */
export class CheckpointFile {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
  }

  read(): Checkpoint | undefined {
    if (!existsSync(this.#file)) return undefined;
    try {
      return checkpointSchema.parse(JSON.parse(readFileSync(this.#file, 'utf8')));
    } catch (cause) {
      throw new Error(`${this.#file} says no positions; without it the stream is read from its beginning`, { cause });
    }
  }

  write(checkpoint: Checkpoint): void {
    const next = `${this.#file}.next`;
    // On the disk before it takes the place of the old one: after a power cut either is whole.
    writeFileSync(next, JSON.stringify(checkpoint), { flush: true });
    renameSync(next, this.#file);
  }
}
