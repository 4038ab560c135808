import type { PlannedEvent } from '../../local/generator/events.ts';
import { type ExpectedTrip, expectedTrips } from '../../local/generator/trip-truth.ts';
import { type EventTruth, eventTruth } from '../../local/generator/truth.ts';
import type { BesideTheStream } from './beside-the-stream.ts';
import { SurgeLateness, surgeWindowStart } from './surge-lateness.ts';

/** How two sides differ in a trip: the kind, and the columns where both have it. */
export const divergenceOf = (kind: string, columns: readonly string[]): string => [kind, ...columns].join(' ');

/** A zone and the start of its five minutes, as the warehouse writes it. */
export const windowOf = (zone: string, start: string): string => `${zone} ${start.slice(0, 19)}`;

/** What a night must find of a play, from what was sent and not from what came out. */
export class LiveTruth {
  readonly #beside: BesideTheStream;
  readonly #all: EventTruth[] = [];
  readonly #streamed: EventTruth[] = [];
  readonly #lateness = new SurgeLateness();
  /** Of surge, of which the stream may miss an event: it came beside, or later than the application waits. */
  readonly windows = new Set<string>();

  constructor(beside: BesideTheStream) {
    this.#beside = beside;
  }

  /** Told each event when it is sent for the first time. */
  sent(event: PlannedEvent): void {
    const truth = eventTruth(event, event.timestampMs, '', 0);
    const isBeside = this.#beside.takes(event.tripId, event.eventName);
    const mayBeTooLate = this.#lateness.mayBeTooLate(event.timestampMs);
    this.#all.push(truth);
    if (!isBeside) this.#streamed.push(truth);
    if ((isBeside || mayBeTooLate) && decidesSurge(event)) this.windows.add(windowOfEvent(event));
  }

  /** The trips of a date in which the stream must differ from the batch, as far as columns are compared. */
  divergences(date: string, columns: readonly string[]): Map<string, string> {
    const streamed = new Map(expectedTrips(this.#streamed).map((trip) => [trip.trip_id, trip]));
    const found = new Map<string, string>();
    for (const trip of expectedTrips(this.#all).filter(({ trip_date }) => trip_date === date)) {
      const told = streamed.get(trip.trip_id);
      const differing = told === undefined ? [] : columns.filter((name) => valueOf(told, name) !== valueOf(trip, name));
      if (told === undefined) found.set(trip.trip_id, divergenceOf('missing_in_stream', []));
      else if (differing.length > 0) found.set(trip.trip_id, divergenceOf('differs', differing));
    }
    return found;
  }
}

const valueOf = (trip: ExpectedTrip, column: string): unknown => trip[column as keyof ExpectedTrip];

const decidesSurge = ({ eventName, status, tripId, driverId }: PlannedEvent): boolean =>
  eventName === 'trip_requested'
    ? tripId !== null
    : driverId !== null &&
      (eventName === 'driver_available' || (eventName === 'driver_location_updated' && status === 'AVAILABLE'));

const windowOfEvent = ({ geoZone, timestampMs }: PlannedEvent): string =>
  windowOf(
    geoZone === null || geoZone === '' ? 'UNKNOWN' : geoZone,
    new Date(surgeWindowStart(timestampMs)).toISOString().replace('T', ' '),
  );
