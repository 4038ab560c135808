import type { City, Zone } from './cities.ts';
import type { Place } from './events.ts';
import type { Random } from './random.ts';
import { HOUR_MS, MINUTE_MS } from './time.ts';

export type VehicleType = 'economy' | 'xl' | 'black';

export interface Route {
  readonly zoneId: string;
  readonly vehicleType: VehicleType;
  readonly pickup: Place;
  /** Where the rider really got in: some metres from where the car was called to. */
  readonly actualPickup: Place;
  readonly dropoff: Place;
  readonly distanceKm: number;
  readonly rideMs: number;
}

export interface Fares {
  readonly estimatedCents: number;
  readonly actualCents: number;
  readonly surgeMultiplier: number;
}

const KM_PER_DEGREE = 111.195;
const STREET_DETOUR = 1.3;
const PRICE_FACTOR: Readonly<Record<VehicleType, number>> = { economy: 1, xl: 1.55, black: 2.4 };

export function planRoute(city: City, random: Random, isRush: boolean): Route {
  const from = random.pick(city.zones);
  const pickup = placeNear(from, random, 1.2);
  const distanceKm = Math.min(60, Math.max(0.4, random.logNormal(4.2, 0.75)));
  const speedKmh = isRush ? random.between(10, 24) : random.between(18, 38);
  // A few rides take longer than four hours: a forgotten meter, a day trip.
  const rideMs = random.chance(0.0015) ? random.between(4, 9) * HOUR_MS : (distanceKm / speedKmh) * HOUR_MS + MINUTE_MS;
  const bearing = random.between(0, 2 * Math.PI);
  const straightDegrees = distanceKm / STREET_DETOUR / KM_PER_DEGREE;
  const latitude = (pickup.latitude ?? 0) + straightDegrees * Math.cos(bearing);
  const longitudeScale = Math.cos((latitude * Math.PI) / 180);
  return {
    zoneId: from.id,
    vehicleType: random.chance(0.72) ? 'economy' : random.chance(0.65) ? 'xl' : 'black',
    pickup,
    actualPickup: {
      latitude: micro((pickup.latitude ?? 0) + random.between(-0.0004, 0.0004)),
      longitude: micro((pickup.longitude ?? 0) + random.between(-0.0004, 0.0004)),
      address: pickup.address,
    },
    dropoff: {
      latitude: micro(latitude),
      longitude: micro((pickup.longitude ?? 0) + (straightDegrees * Math.sin(bearing)) / longitudeScale),
      address: addressIn(random.pick(city.zones), random),
    },
    distanceKm,
    rideMs,
  };
}

export function planFares(city: City, route: Route, random: Random): Fares {
  const surgeMultiplier = random.chance(0.18) ? random.pick([1.2, 1.5, 1.5, 2, 2.5]) : 1;
  const metered =
    city.baseFareCents + city.centsPerKm * route.distanceKm + (city.centsPerMinute * route.rideMs) / MINUTE_MS;
  const cents = Math.round(metered * PRICE_FACTOR[route.vehicleType] * surgeMultiplier);
  if (random.chance(0.005)) {
    // Exactly 1.1 times the estimate: not more than it, though binary fractions may say otherwise.
    const roundCents = Math.ceil(cents / 10) * 10;
    return { estimatedCents: roundCents, actualCents: (roundCents * 11) / 10, surgeMultiplier };
  }
  const actualCents = random.chance(0.0005)
    ? random.integer(50_001, 90_000)
    : Math.round(cents * random.between(0.85, 1.22));
  return { estimatedCents: cents, actualCents, surgeMultiplier };
}

function placeNear(zone: Zone, random: Random, radiusKm: number): Place {
  const degrees = radiusKm / KM_PER_DEGREE;
  return {
    latitude: micro(zone.latitude + random.between(-degrees, degrees)),
    longitude: micro(zone.longitude + random.between(-degrees, degrees)),
    address: addressIn(zone, random),
  };
}

function addressIn(zone: Zone, random: Random): string {
  return `${random.integer(1, 400)} ${random.pick(zone.streets)}`;
}

function micro(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6;
}
