import { planReports } from './availability.ts';
import { deliver, type Delivery } from './delivery.ts';
import { requestTimes, tripsPerCity } from './demand.ts';
import { DriverPool } from './drivers.ts';
import { renderEvent } from './event-json.ts';
import type { PlannedEvent } from './events.ts';
import type { QuarantineReason } from './faults.ts';
import { resolveOptions, type GeneratorOptions, type ResolvedOptions } from './options.ts';
import { Random } from './random.ts';
import { DAY_MS, HOUR_MS, hourStart, keyStart, SECOND_MS } from './time.ts';
import { planTrip } from './trip-plan.ts';

/** What must become of a line: the generator knows because it made the line, not because it read it. */
export type Outcome =
  | { readonly kind: 'published'; readonly event: PlannedEvent }
  | { readonly kind: 'duplicate'; readonly event: PlannedEvent }
  | { readonly kind: 'quarantined'; readonly reason: QuarantineReason };

/** One line as it arrives. Lines of an hour come in order of arrival, hours in order. */
export interface RawLine {
  readonly arrivalMs: number;
  readonly arrivalHourMs: number;
  readonly text: string;
  readonly outcome: Outcome;
}

/**
 * Generates the raw lines of a period in order of arrival.
 * Only what is still under way is held: memory grows with the rate, not with the number of days.
 * `comesInAt`: in which hour the lines of an hour really come in, which decides what is an event of the future.
 */
export function* rawLines(
  options: GeneratorOptions,
  comesInAt: (hourMs: number) => number = (hourMs) => hourMs,
): Generator<RawLine, void, undefined> {
  const resolved = resolveOptions(options);
  const startMs = keyStart(resolved.start);
  const requestsEndMs = startMs + resolved.days * DAY_MS;
  const arrivedFromMs = resolved.arrivedFrom === null ? -Infinity : keyStart(resolved.arrivedFrom);
  const arrivedBeforeMs = resolved.arrivedBefore === null ? Infinity : keyStart(resolved.arrivedBefore);
  const planHour = hourPlanner(resolved);
  const underWay = new Map<number, Delivery[]>();

  for (let hourMs = startMs; hourMs < requestsEndMs || underWay.size > 0; hourMs += HOUR_MS) {
    if (hourMs >= arrivedBeforeMs) return;
    if (hourMs < requestsEndMs) for (const delivery of planHour(hourMs)) file(underWay, delivery);
    // Nothing arrives before it is requested, so this hour's arrivals are now complete.
    const arrived = underWay.get(hourMs) ?? [];
    underWay.delete(hourMs);
    arrived.sort((a, b) => a.arrivalMs - b.arrivalMs);
    for (const delivery of arrived) {
      const outcome = settle(delivery);
      if (hourMs < arrivedFromMs) continue;
      const text = render(delivery, resolved, comesInAt(hourMs));
      yield { arrivalMs: delivery.arrivalMs, arrivalHourMs: hourMs, text, outcome };
    }
  }
}

function hourPlanner(options: ResolvedOptions): (hourMs: number) => Generator<Delivery> {
  const cities = tripsPerCity(options.cities, options.tripsPerDay).map((share) => ({
    ...share,
    drivers: new DriverPool(`drv_${share.city.code}_`),
  }));
  const newSchemaFromMs = options.newSchemaFrom === null ? Infinity : keyStart(options.newSchemaFrom);
  return function* (hourMs) {
    for (const { city, trips, drivers } of cities) {
      const random = new Random(options.seed, city.id, hourMs);
      for (const requestedAtMs of requestTimes(city, hourMs, trips, random)) {
        const tripId = `trip_${requestedAtMs.toString(36)}${random.hex32()}`;
        const trip = { random, city, drivers, requestedAtMs, tripId, newSchemaFromMs, pace: 1 };
        for (const event of planTrip(trip)) yield* deliver(event, requestedAtMs, options.mishaps, random);
      }
      const keys = [options.seed, 'reports'];
      const reporting = { city, drivers, everyMs: options.reportEverySeconds * SECOND_MS, newSchemaFromMs, keys };
      const underWay = new Random(...keys, 'under way', city.id, hourMs);
      for (const event of planReports(reporting, hourMs, hourMs + HOUR_MS))
        yield* deliver(event, hourMs, options.mishaps, underWay);
    }
  };
}

function file(underWay: Map<number, Delivery[]>, delivery: Delivery): void {
  const hourMs = hourStart(delivery.arrivalMs);
  const hour = underWay.get(hourMs);
  if (hour === undefined) underWay.set(hourMs, [delivery]);
  else hour.push(delivery);
}

function settle({ fault, sent }: Delivery): Outcome {
  if (fault !== null) return { kind: 'quarantined', reason: fault.reason };
  if (sent.published) return { kind: 'duplicate', event: sent.event };
  sent.published = true;
  return { kind: 'published', event: sent.event };
}

function render({ sent, fault, faultVariant }: Delivery, { eventBytes }: ResolvedOptions, hourMs: number): string {
  if (fault === null) return renderEvent(sent.event, eventBytes);
  return fault.spoil(sent.event, eventBytes, hourMs, faultVariant);
}
