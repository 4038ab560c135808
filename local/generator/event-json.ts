import type { Place, PlannedEvent } from './events.ts';
import { Random } from './random.ts';

/** Members of the envelope, each JSON text with a comma behind it, or empty to leave the member out. */
export interface EnvelopeMembers {
  readonly name: string;
  readonly id: string;
  readonly timestamp: string;
}

const TRACK_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const TRACK_POOL_SIZE = 1 << 20;
const PHONES = ['Pixel 8', 'iPhone 15', 'Galaxy S23', 'iPhone 13 mini', 'Redmi Note 12', 'Moto G84'];
const NETWORKS = ['5g', 'lte', 'lte', 'wifi', '3g'];

/** Long enough that gzip, which looks back 32 KiB, finds hardly any repetition. */
let trackPool: string | undefined;

export function envelopeOf(event: PlannedEvent): EnvelopeMembers {
  return {
    name: `"event_name":"${event.eventName}",`,
    id: `"event_id":"${event.eventId}",`,
    timestamp: `"event_timestamp":"${new Date(event.timestampMs).toISOString()}",`,
  };
}

/** One line of raw events, padded inside the payload (device, telemetry) to about `eventBytes`. */
export function renderEvent(event: PlannedEvent, eventBytes: number, envelope = envelopeOf(event)): string {
  const head =
    `{${envelope.name}${envelope.id}${envelope.timestamp}"schema_version":"${event.schemaVersion}",` +
    `"app_version":"${event.appVersion}","payload":{${payloadMembers(event)}`;
  const seed = event.paddingSeed;
  const device =
    `,"device":{"model":"${PHONES[seed % PHONES.length] ?? ''}","network":"${NETWORKS[seed % NETWORKS.length] ?? ''}",` +
    `"battery_pct":${seed % 101}},"telemetry":{"accuracy_m":${(seed % 400) / 10},"speed_kmh":${seed % 73},"track":"`;
  const trackLength = eventBytes - head.length - device.length - 5;
  return `${head}${device}${trackLength > 0 ? track(seed, trackLength) : ''}"}}}`;
}

function payloadMembers(event: PlannedEvent): string {
  // A driver that is not known yet is said to be null; other members that an event has no value for are left out.
  let members = `"trip_id":${stringOrNull(event.tripId)},"driver_id":${stringOrNull(event.driverId)}`;
  if (event.riderId !== null) members += `,"rider_id":"${event.riderId}"`;
  if (event.cityId !== null) members += `,"city_id":"${event.cityId}"`;
  if (event.geoZone !== null) members += `,"geo_zone":${JSON.stringify(event.geoZone)}`;
  if (event.vehicleType !== null) members += `,"vehicle_type":"${event.vehicleType}"`;
  if (event.status !== null) members += `,"status":"${event.status}"`;
  if (event.pickup !== null) members += `,"pickup_location":${placeJson(event.pickup)}`;
  if (event.dropoff !== null) members += `,"dropoff_location":${placeJson(event.dropoff)}`;
  if (event.estimatedFareCents !== null) members += `,"estimated_fare":${money(event.estimatedFareCents)}`;
  if (event.actualFareCents !== null) members += `,"actual_fare":${money(event.actualFareCents)}`;
  if (event.surgeMultiplier !== null) members += `,"surge_multiplier":${event.surgeMultiplier}`;
  if (event.rating !== null) members += `,"rating":${event.rating}`;
  if (event.durationSeconds !== null) members += `,"duration":${event.durationSeconds}`;
  return event.extra === '' ? members : `${members},${event.extra}`;
}

function stringOrNull(value: string | null): string {
  return value === null ? 'null' : `"${value}"`;
}

function placeJson(place: Place): string {
  return `{"latitude":${String(place.latitude)},"longitude":${String(place.longitude)},"address":${JSON.stringify(place.address)}}`;
}

/** Cents as a JSON number with two decimals. */
export function money(cents: number): string {
  const whole = Math.trunc(Math.abs(cents) / 100);
  return `${cents < 0 ? '-' : ''}${whole}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;
}

/** A stretch of what looks like an encoded GPS track; the same seed gives the same stretch. */
function track(seed: number, length: number): string {
  trackPool ??= makeTrackPool();
  const from = seed % (TRACK_POOL_SIZE - length);
  return trackPool.slice(from, from + length);
}

function makeTrackPool(): string {
  const random = new Random('encoded GPS tracks');
  let pool = '';
  for (let made = 0; made < TRACK_POOL_SIZE; made++) pool += TRACK_ALPHABET[random.uint32() & 63] ?? '';
  // Reading bytes flattens the string: slices of a flat string cost nothing.
  return Buffer.from(pool, 'latin1').toString('latin1');
}
