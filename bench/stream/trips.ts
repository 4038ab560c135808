import { setTimeout as delay } from 'node:timers/promises';
import { DateTime } from 'luxon';
import { NO_MISHAPS } from '../../local/generator/options.ts';
import { rawLines } from '../../local/generator/raw-lines.ts';
import { kinesisClient } from '../../local/kinesis-client.ts';
import { Producer } from '../../local/producer/producer.ts';
import { intervalKey } from '../../model/intervals.ts';
import { eventStream } from '../../model/stream.ts';

const putAtOnce = 500;

/** Events a second, for so many seconds. */
export interface Pace {
  readonly rate: number;
  readonly seconds: number;
}

/** Puts events of generated days into the stream, as they arrive, and knows when each trip has ended. */
export class Trips {
  readonly #lines: Iterator<string>;
  readonly #producer = new Producer({
    kinesis: kinesisClient(),
    stream: eventStream.name,
    keepRefused: async (refused) => Promise.reject(new Error(refused[0]?.reason)),
  });
  readonly #started = new Set<string>();
  readonly #completed = new Set<string>();
  readonly #endedAt = new Map<string, number>();

  constructor(eventBytes: number) {
    this.#lines = linesOf(eventBytes);
  }

  /** When a trip had both begun and ended for the first time (ms since 1970). */
  get endedAt(): ReadonlyMap<string, number> {
    return this.#endedAt;
  }

  async put(events: number): Promise<void> {
    for (let left = events; left > 0; left -= putAtOnce) {
      const lines = Array.from({ length: Math.min(left, putAtOnce) }, () => String(this.#lines.next().value));
      await this.#producer.put(lines);
      this.#note(lines);
    }
  }

  /** Gives how many events were put. */
  async putAtPace({ rate, seconds }: Pace): Promise<number> {
    let put = 0;
    for (const began = Date.now(); Date.now() - began < seconds * 1_000;) {
      const due = Math.floor(((Date.now() - began) / 1_000) * rate) - put;
      if (due > 0) await this.put(due);
      else await delay(20);
      put += due;
    }
    return put;
  }

  #note(lines: readonly string[]): void {
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
}

/** From two days ago on: what lies further from now, live tables do not take. */
function* linesOf(eventBytes: number): Generator<string> {
  const start = intervalKey('date', DateTime.utc().minus({ days: 2 }));
  const options = { start, days: 7, tripsPerDay: 20_000, eventBytes, mishaps: NO_MISHAPS };
  for (const { text } of rawLines(options)) yield text;
}
