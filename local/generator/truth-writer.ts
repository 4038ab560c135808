import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GzipLines } from './gzip-lines.ts';
import type { RawLine } from './raw-lines.ts';
import { hourKey } from './time.ts';
import { countLine, emptyHour, eventTruth, type HourTruth, type QuarantineTruth } from './truth.ts';

/** The files of a truth directory, all NDJSON in gzip, in order of arrival. */
export const TRUTH_FILES = {
  hours: 'hours.ndjson.gz',
  events: 'events.ndjson.gz',
  quarantine: 'quarantine.ndjson.gz',
} as const;

/** Writes down what must come of the lines, beside the lines. */
export class TruthWriter {
  readonly #hours: GzipLines;
  readonly #events: GzipLines;
  readonly #quarantine: GzipLines;
  #hour: HourTruth | undefined;

  private constructor(directory: string) {
    this.#hours = new GzipLines(join(directory, TRUTH_FILES.hours));
    this.#events = new GzipLines(join(directory, TRUTH_FILES.events));
    this.#quarantine = new GzipLines(join(directory, TRUTH_FILES.quarantine));
  }

  static async open(directory: string): Promise<TruthWriter> {
    await mkdir(directory, { recursive: true });
    return new TruthWriter(directory);
  }

  /** `line` counts from 1 in `file`. */
  record(rawLine: RawLine, file: string, line: number): void {
    const { arrivalHourMs, outcome } = rawLine;
    countLine(this.#hourAt(arrivalHourMs), rawLine);
    if (outcome.kind === 'published') {
      this.#events.append(JSON.stringify(eventTruth(outcome.event, arrivalHourMs, file, line)));
    } else if (outcome.kind === 'quarantined') {
      const row: QuarantineTruth = { file, line, reason: outcome.reason, arrival_hour: hourKey(arrivalHourMs) };
      this.#quarantine.append(JSON.stringify(row));
    }
  }

  async flush(): Promise<void> {
    await this.#events.flush();
    await this.#quarantine.flush();
  }

  async close(): Promise<void> {
    if (this.#hour !== undefined) this.#hours.append(JSON.stringify(this.#hour));
    this.#hour = undefined;
    await Promise.all([this.#hours.close(), this.#events.close(), this.#quarantine.close()]);
  }

  #hourAt(arrivalHourMs: number): HourTruth {
    const key = hourKey(arrivalHourMs);
    if (this.#hour?.arrival_hour !== key) {
      if (this.#hour !== undefined) this.#hours.append(JSON.stringify(this.#hour));
      this.#hour = emptyHour(key);
    }
    return this.#hour;
  }
}
