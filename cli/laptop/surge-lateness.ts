const minuteMs = 60_000;
const windowMs = 5 * minuteMs;
/** `allowed.lateness` and `watermark.lag` of the application, where nothing else is said. */
const latenessMs = 10 * minuteMs;
const lagMs = 30_000;

/** In milliseconds since 1970-01-01 UTC. */
export const surgeWindowStart = (timestampMs: number): number => Math.floor(timestampMs / windowMs) * windowMs;

/**
 * Tells of the events that are sent, in their order, which surge pricing may find too late. No shard is further than the newest
 * of all: what is in time by that is in time, however the application reads its shards.
 */
export class SurgeLateness {
  #newestMs = -Infinity;

  mayBeTooLate(timestampMs: number): boolean {
    this.#newestMs = Math.max(this.#newestMs, timestampMs);
    return surgeWindowStart(timestampMs) + windowMs + latenessMs + lagMs <= this.#newestMs;
  }
}
