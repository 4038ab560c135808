import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EDGE_REASONS, type QuarantineReason } from './faults.ts';
import { GzipLines } from './gzip-lines.ts';
import type { RawLine } from './raw-lines.ts';
import { type EventTruth, eventTruth } from './truth.ts';

/** What bronze.events must hold for an event that was played; hour, file and line are the delivery's. */
export type PlayedEvent = Omit<EventTruth, 'arrival_hour' | 'is_late' | 'file' | 'line'>;

/** One more whole copy of an event that was sent before. A delivery may add copies of its own. */
export interface PlayedCopy {
  readonly event_id: string;
}

/** A line that never becomes an event: refused before the stream, or in bronze's quarantine. */
export interface PlayedFault {
  readonly reason: QuarantineReason;
  readonly refused: boolean;
}

/** The files of a play's truth, all NDJSON in gzip, in the order in which lines were sent. */
export const PLAY_TRUTH_FILES = {
  events: 'events.ndjson.gz',
  copies: 'copies.ndjson.gz',
  faults: 'faults.ndjson.gz',
} as const;

/** Writes down what must come of the lines that are played. */
export class PlayTruthWriter {
  readonly #events: GzipLines;
  readonly #copies: GzipLines;
  readonly #faults: GzipLines;

  private constructor(directory: string) {
    this.#events = new GzipLines(join(directory, PLAY_TRUTH_FILES.events));
    this.#copies = new GzipLines(join(directory, PLAY_TRUTH_FILES.copies));
    this.#faults = new GzipLines(join(directory, PLAY_TRUTH_FILES.faults));
  }

  static async open(directory: string): Promise<PlayTruthWriter> {
    await mkdir(directory, { recursive: true });
    return new PlayTruthWriter(directory);
  }

  record({ arrivalHourMs, outcome }: RawLine): void {
    if (outcome.kind === 'published') {
      const { arrival_hour, is_late, file, line, ...event } = eventTruth(outcome.event, arrivalHourMs, '', 0);
      this.#events.append(JSON.stringify(event satisfies PlayedEvent));
    } else if (outcome.kind === 'duplicate') {
      this.#copies.append(JSON.stringify({ event_id: outcome.event.eventId } satisfies PlayedCopy));
    } else {
      const { reason } = outcome;
      this.#faults.append(JSON.stringify({ reason, refused: EDGE_REASONS.has(reason) } satisfies PlayedFault));
    }
  }

  async flush(): Promise<void> {
    await Promise.all([this.#events.flush(), this.#copies.flush(), this.#faults.flush()]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#events.close(), this.#copies.close(), this.#faults.close()]);
  }
}
