import type { Stream } from '../../model/product.ts';
import type { PlannedEvent } from './events.ts';
import type { Put } from './raw-parts.ts';
import { streamParquet, type StreamRow } from './stream-parquet.ts';
import { expectedTrips } from './trip-truth.ts';
import { eventTruth, type EventTruth } from './truth.ts';

const keptMs = 72 * 3_600_000;

/** What one side has otherwise than the other, by intent: null for a trip that the stream is to miss. */
export type Distort = (row: StreamRow) => StreamRow | null;

/**
 * Stands in for the stream's application: writes the trips that have ended, as the events that were sent so far make them,
 * and again whenever an event changes one. It knows the events because they were made here.
 */
export class StandInStream {
  readonly #stream: Stream;
  readonly #put: Put;
  readonly #distort: Distort;
  readonly #events = new Map<string, EventTruth[]>();
  readonly #changed = new Set<string>();
  #files = 0;

  constructor(stream: Stream, put: Put, distort: Distort = (row) => row) {
    this.#stream = stream;
    this.#put = put;
    this.#distort = distort;
  }

  add(event: PlannedEvent): void {
    const { tripId } = event;
    if (tripId === null) return;
    const known = this.#events.get(tripId) ?? [];
    known.push(eventTruth(event, event.timestampMs, '', 0));
    this.#events.set(tripId, known);
    this.#changed.add(tripId);
  }

  /**
   * Commits a file with the trips that have changed, into the folder of an instant; gives how many rows it has. `all`: those
   * under way too, as after two hours of silence.
   */
  async commit(at: Date, { all = false } = {}): Promise<number> {
    const emitted = at.toISOString();
    const trips = expectedTrips([...this.#changed].flatMap((trip) => this.#events.get(trip) ?? []));
    const ended = trips.filter((trip) => all || trip.end_time !== null || trip.cancelled_at !== null);
    const rows: StreamRow[] = [];
    for (const trip of ended) {
      const row = this.#distort({ ...trip, version: trip.event_count, emitted_at: emitted, is_final: false });
      if (row) rows.push(row);
    }
    // Before the file is written: what comes of a trip meanwhile is for the next one.
    for (const { trip_id } of ended) this.#changed.delete(trip_id);
    try {
      if (rows.length > 0) await this.#write(emitted, rows);
    } catch (error) {
      for (const { trip_id } of ended) this.#changed.add(trip_id);
      throw error;
    }
    this.#forget(at.getTime());
    return rows.length;
  }

  async #write(emitted: string, rows: readonly StreamRow[]): Promise<void> {
    const folder = `${this.#stream.files.folder}/dt=${emitted.slice(0, 10)}/hh=${emitted.slice(11, 13)}`;
    // Names begin anew with each process, and a file is merged once by its name.
    const name = `part-${Date.now().toString(36)}-${(this.#files += 1)}.parquet`;
    await this.#put(`${folder}/${name}`, await streamParquet(this.#stream, rows));
  }

  /** No event of a trip comes after so long. */
  #forget(nowMs: number): void {
    for (const [trip, events] of this.#events)
      if (Date.parse(events.at(-1)?.event_timestamp ?? '') < nowMs - keptMs) {
        this.#events.delete(trip);
        this.#changed.delete(trip);
      }
  }
}
