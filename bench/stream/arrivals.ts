import { setTimeout as delay } from 'node:timers/promises';
import type { Trips } from './trips.ts';

/** A place where trips that have ended turn up. */
export class Arrivals {
  readonly #trips: Trips;
  readonly #found: () => Promise<readonly string[]>;
  readonly #seenAt = new Map<string, number>();

  /** `found` gives what is there, or has come since the last look. */
  constructor(trips: Trips, found: () => Promise<readonly string[]>) {
    this.#trips = trips;
    this.#found = found;
  }

  async look(): Promise<void> {
    const found = await this.#found();
    const now = Date.now();
    for (const trip of found) if (!this.#seenAt.has(trip)) this.#seenAt.set(trip, now);
  }

  /** Looks until every trip that has ended is there. */
  async all(everyMs: number): Promise<void> {
    await this.look();
    while (this.#missing > 0) {
      await delay(everyMs);
      await this.look();
    }
  }

  get #missing(): number {
    return [...this.#trips.endedAt.keys()].filter((trip) => !this.#seenAt.has(trip)).length;
  }

  /** How long a share of the trips that have ended since then took at most, in seconds. */
  secondsOf(share: number, since: number): number {
    const all = [...this.#trips.endedAt]
      .filter(([, endedAt]) => endedAt >= since)
      .map(([trip, endedAt]) => ((this.#seenAt.get(trip) ?? NaN) - endedAt) / 1_000)
      .toSorted((one, other) => one - other);
    return all[Math.floor(share * (all.length - 1))] ?? NaN;
  }
}
