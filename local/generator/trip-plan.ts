import type { City } from './cities.ts';
import { isRushHour } from './demand.ts';
import type { DriverPool } from './drivers.ts';
import { NO_DETAILS, type PlannedEvent, type TripEventName } from './events.ts';
import type { Random } from './random.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from './time.ts';
import { planFares, planRoute, type Fares, type Route } from './trip-route.ts';

export interface TripContext {
  readonly random: Random;
  readonly city: City;
  readonly drivers: DriverPool;
  readonly requestedAtMs: number;
  readonly tripId: string;
  /** Events from this instant on follow the newer schema. */
  readonly newSchemaFromMs: number;
  /** Divides every wait and ride: 1 is real life. */
  readonly pace: number;
}

const OLD_SCHEMA = { schemaVersion: 'v2.1', appVersion: '5.41.2' };
const NEW_SCHEMA = { schemaVersion: 'v2.2', appVersion: '6.0.0' };

export const schemaAt = (timestampMs: number, newSchemaFromMs: number): typeof OLD_SCHEMA =>
  timestampMs >= newSchemaFromMs ? NEW_SCHEMA : OLD_SCHEMA;

type Details = Partial<Omit<PlannedEvent, 'eventId' | 'eventName' | 'timestampMs' | 'paddingSeed'>>;

/** Writes down the events of one trip in the order in which they happen. */
class TripLog {
  readonly events: PlannedEvent[] = [];
  readonly #context: TripContext;

  constructor(context: TripContext) {
    this.#context = context;
  }

  add(eventName: TripEventName, timestampMs: number, details: Details, newerFields = ''): void {
    const { random, tripId, city, newSchemaFromMs } = this.#context;
    const isNewer = timestampMs >= newSchemaFromMs;
    const extra = [details.extra ?? '', isNewer ? newerFields : ''].filter((members) => members !== '').join(',');
    this.events.push({
      ...NO_DETAILS,
      ...schemaAt(timestampMs, newSchemaFromMs),
      tripId,
      cityId: city.id,
      ...details,
      extra,
      eventId: random.uuid(),
      eventName,
      timestampMs: Math.round(timestampMs),
      paddingSeed: random.uint32(),
    });
  }
}

/** Plans a whole trip: request, assignment, ride, payment, and what can go differently in between. */
export function planTrip(context: TripContext): PlannedEvent[] {
  const { random, city, requestedAtMs, pace } = context;
  const route = planRoute(city, random, isRushHour(city, requestedAtMs));
  const fares = planFares(city, route, random);
  const log = new TripLog(context);
  const riderId = `rid_${city.code}_${String(random.integer(0, 40_000)).padStart(5, '0')}`;
  const about = { riderId, geoZone: route.zoneId, vehicleType: route.vehicleType };

  log.add(
    'trip_requested',
    requestedAtMs,
    {
      ...about,
      status: 'PENDING',
      pickup: route.pickup,
      dropoff: route.dropoff,
      estimatedFareCents: fares.estimatedCents,
      surgeMultiplier: fares.surgeMultiplier,
    },
    `"booking_channel":"${random.pick(['app', 'web', 'partner_api'])}"`,
  );
  if (random.chance(0.03)) {
    const cancelledAtMs = requestedAtMs + random.between(20 * SECOND_MS, 4 * MINUTE_MS) / pace;
    log.add('trip_cancelled', cancelledAtMs, { riderId, status: 'CANCELLED', extra: '"cancelled_by":"rider"' });
    return log.events;
  }

  const assignedAtMs = requestedAtMs + random.between(5 * SECOND_MS, 3 * MINUTE_MS) / pace;
  const arrivedAtMs = assignedAtMs + random.between(MINUTE_MS, 14 * MINUTE_MS) / pace;
  const startedAtMs = arrivedAtMs + random.between(10 * SECOND_MS, 4 * MINUTE_MS) / pace;
  const completedAtMs = startedAtMs + route.rideMs / pace;
  const driverId = context.drivers.assign(assignedAtMs, completedAtMs, route.zoneId);
  const eta = `"pickup_eta_seconds":${random.integer(60, 900)}`;
  log.add('driver_assigned', assignedAtMs, { ...about, driverId, status: 'PENDING' }, eta);
  if (random.chance(0.03)) {
    const cancelledAtMs = random.between(assignedAtMs + 1, startedAtMs);
    const cancelledBy = `"cancelled_by":"${random.pick(['rider', 'driver'])}"`;
    log.add('trip_cancelled', cancelledAtMs, { riderId, driverId, status: 'CANCELLED', extra: cancelledBy });
    return log.events;
  }
  log.add('driver_arrived', arrivedAtMs, { driverId });

  const started: Details = { ...about, driverId, status: 'ACTIVE', pickup: route.actualPickup };
  log.add('trip_started', startedAtMs, started);
  // An app that lost its connection reports the start once more, as a new event.
  if (random.chance(0.005)) log.add('trip_started', startedAtMs + random.between(1, MINUTE_MS) / pace, started);
  if (random.chance(0.015)) {
    // After the start a trip is broken off by the rider, or fails.
    const stoppedAtMs = random.between(startedAtMs + 1, completedAtMs);
    const status = random.chance(0.7) ? 'CANCELLED' : 'FAILED';
    log.add('trip_cancelled', stoppedAtMs, { riderId, driverId, status });
    return log.events;
  }

  const completed: Details = {
    driverId,
    riderId,
    status: 'COMPLETED',
    dropoff: route.dropoff,
    rating: random.chance(0.6) ? random.pick([5, 5, 5, 4.5, 4, 3, 1]) : null,
    durationSeconds: Math.round((completedAtMs - startedAtMs) / SECOND_MS),
  };
  log.add('trip_completed', completedAtMs, completed);
  if (random.chance(0.003)) log.add('trip_completed', completedAtMs + random.between(1, MINUTE_MS) / pace, completed);
  if (random.chance(0.05)) {
    const availableAtMs = completedAtMs + random.between(1, 3 * MINUTE_MS) / pace;
    log.add('driver_available', availableAtMs, { tripId: null, driverId, geoZone: route.zoneId });
  }
  planPayments(context, log, route, fares, completedAtMs, { driverId, riderId });
  return log.events;
}

function planPayments(
  { random, pace }: TripContext,
  log: TripLog,
  route: Route,
  fares: Fares,
  completedAtMs: number,
  who: { driverId: string; riderId: string },
): void {
  if (random.chance(0.01)) return;
  // Now and then the payment carries the very millisecond of the trip's end: the event id then decides the order.
  const paidAtMs = completedAtMs + (random.chance(0.02) ? 0 : random.between(SECOND_MS, 90 * SECOND_MS) / pace);
  const payment: Details = {
    ...who,
    vehicleType: route.vehicleType,
    status: random.chance(0.9) ? 'COMPLETED' : null,
    estimatedFareCents: fares.estimatedCents,
    actualFareCents: fares.actualCents,
    extra: `"payment_method":"${random.pick(['card', 'card', 'wallet', 'cash'])}"`,
  };
  const tip = `"tip":${(random.integer(0, 900) / 100).toFixed(2)}`;
  log.add('payment_processed', paidAtMs, payment, tip);
  if (random.chance(0.004)) {
    // A correction may come so late that it lies outside the window in which the trip is put together.
    const correctedAtMs = paidAtMs + random.between(5 * MINUTE_MS, 60 * HOUR_MS) / pace;
    const correctedCents = Math.max(100, fares.actualCents - random.integer(50, 400));
    log.add(
      'payment_processed',
      correctedAtMs,
      { ...payment, status: 'COMPLETED', actualFareCents: correctedCents },
      tip,
    );
  }
}
