import { setTimeout as delay } from 'node:timers/promises';
import { EDGE_REASONS } from './faults.ts';
import type { PlannedEvent } from './events.ts';
import type { GeneratorOptions } from './options.ts';
import { PlayTruthWriter } from './play-truth.ts';
import { type RawLine, rawLines } from './raw-lines.ts';
import { hourStart } from './time.ts';

export interface PlayOptions {
  /** So many times faster than in life; `Infinity`: as fast as the lines are taken. */
  readonly speed: number;
  /** Takes lines in their order; a producer's `put`. */
  readonly put: (lines: readonly string[]) => Promise<unknown>;
  /** Told each event when it is sent for the first time. */
  readonly onEvent?: (event: PlannedEvent) => void;
  /** Where to write the truth about the lines; none is written without it. */
  readonly truthDirectory?: string;
  readonly signal?: AbortSignal;
}

export interface Played {
  readonly lines: number;
  readonly published: number;
  readonly duplicates: number;
  /** Lines that are no event and must not reach the stream. */
  readonly refused: number;
  /** Lines that reach it and of which bronze must make no event. */
  readonly quarantined: number;
}

const MAX_LINES_AT_ONCE = 2_000;

/** Sends what a generated period has sent, mishaps included, at its own pace or faster. The clock is now, whatever the period is. */
export async function play(
  options: GeneratorOptions,
  { speed, put, onEvent, truthDirectory, signal }: PlayOptions,
): Promise<Played> {
  const truth = truthDirectory === undefined ? undefined : await PlayTruthWriter.open(truthDirectory);
  const counts = { lines: 0, published: 0, duplicates: 0, refused: 0, quarantined: 0 };
  const began = Date.now();
  let firstMs: number | undefined;
  let waiting: string[] = [];
  const send = async (): Promise<void> => {
    if (waiting.length > 0) await put(waiting);
    waiting = [];
    await truth?.flush();
    signal?.throwIfAborted();
  };
  try {
    for (const line of rawLines(options, () => hourStart(Date.now()))) {
      firstMs ??= line.arrivalMs;
      const dueMs = began + (line.arrivalMs - firstMs) / speed;
      if (dueMs > Date.now() || waiting.length === MAX_LINES_AT_ONCE) await send();
      const waitMs = dueMs - Date.now();
      if (waitMs > 0) await delay(waitMs, undefined, signal && { signal });
      waiting.push(line.text);
      truth?.record(line);
      if (line.outcome.kind === 'published') onEvent?.(line.outcome.event);
      counts.lines++;
      counts[countOf(line)]++;
    }
    await send();
  } finally {
    await truth?.close();
  }
  return counts;
}

function countOf({ outcome }: RawLine): Exclude<keyof Played, 'lines'> {
  if (outcome.kind === 'published') return 'published';
  if (outcome.kind === 'duplicate') return 'duplicates';
  return EDGE_REASONS.has(outcome.reason) ? 'refused' : 'quarantined';
}
