import { gzipSync } from 'node:zlib';
import { delivery } from '../../model/stream.ts';
import { objectKey } from '../../local/delivery/object-key.ts';
import type { Put } from '../../local/generator/raw-parts.ts';

/** Of so many trips one comes as a file, and of another the payments do: what a night is to find. */
export const planted = { trips: 200, payments: 90 } as const;

/** The event of a line, and the trip that it is of; neither of one that is no event. */
function readLine(line: string): { readonly trip?: unknown; readonly event?: unknown } {
  try {
    const { event_name: event, payload } = JSON.parse(line) as {
      readonly event_name?: unknown;
      readonly payload?: { readonly trip_id?: unknown };
    };
    return { event, trip: payload?.trip_id };
  } catch {
    return {};
  }
}

/** Takes some lines of a play out of its stream, which are to land beside the raw files that come of it. */
export class BesideTheStream {
  readonly #numbers = new Map<string, number>();
  readonly #lines: string[] = [];

  /** The lines that go into the stream. */
  withoutPlanted(lines: readonly string[]): string[] {
    return lines.filter((line) => {
      const { trip, event } = readLine(line);
      const isTaken = this.takes(trip, event);
      if (isTaken) this.#lines.push(line);
      return !isTaken;
    });
  }

  /** Whether the stream does without an event of a trip. */
  takes(trip: unknown, event: unknown): boolean {
    if (typeof trip !== 'string') return false;
    const number = this.#numbers.get(trip) ?? this.#numbers.size + 1;
    this.#numbers.set(trip, number);
    return number % planted.trips === 0 || (number % planted.payments === 0 && event === 'payment_processed');
  }

  /** Lands what was taken out, as an app does that was without a network and sends a file. */
  async land(put: Put): Promise<void> {
    if (this.#lines.length === 0) return;
    const key = objectKey(delivery.folder, 'beside-the-stream', Date.now());
    await put(key, gzipSync(this.#lines.map((line) => `${line}\n`).join('')));
  }
}
