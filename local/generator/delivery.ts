import type { PlannedEvent } from './events.ts';
import { pickFault, type Fault } from './faults.ts';
import type { Mishaps } from './options.ts';
import type { Random } from './random.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from './time.ts';

/** An event on its way; all deliveries of one event share it, so that the first whole one is known. */
export interface Sent {
  readonly event: PlannedEvent;
  published: boolean;
}

export interface Delivery {
  readonly sent: Sent;
  readonly arrivalMs: number;
  readonly fault: Fault | null;
  readonly faultVariant: number;
}

/** When, how often and in what state an event arrives. Nothing arrives before `notBeforeMs`. */
export function deliver(event: PlannedEvent, notBeforeMs: number, mishaps: Mishaps, random: Random): Delivery[] {
  const sent: Sent = { event, published: false };
  const arrivalMs = Math.max(notBeforeMs, event.timestampMs + delayMs(mishaps, random));
  const whole = (atMs: number): Delivery => ({ sent, arrivalMs: atMs, fault: null, faultVariant: 0 });
  if (random.chance(mishaps.faulty)) {
    const spoilt: Delivery = { sent, arrivalMs, fault: pickFault(random), faultVariant: random.unit() };
    return random.chance(0.5) ? [spoilt, whole(arrivalMs + random.integer(SECOND_MS, 3 * MINUTE_MS))] : [spoilt];
  }
  const deliveries = [whole(arrivalMs)];
  // Retries come at once, a few also in later hours: a sender that was offline, a replayed shard.
  if (random.chance(mishaps.duplicateSoon)) deliveries.push(whole(arrivalMs + random.integer(50, MINUTE_MS)));
  if (random.chance(mishaps.duplicateLater)) deliveries.push(whole(arrivalMs + random.integer(HOUR_MS, 60 * HOUR_MS)));
  return deliveries;
}

function delayMs(mishaps: Mishaps, random: Random): number {
  if (random.chance(mishaps.late)) return Math.floor(random.between(1, 72) * HOUR_MS);
  if (random.chance(mishaps.fastClock)) return -random.integer(SECOND_MS, 8 * MINUTE_MS);
  if (random.chance(0.03)) return random.integer(MINUTE_MS, 12 * MINUTE_MS);
  return Math.floor(2 * SECOND_MS + random.exponential(20 * SECOND_MS));
}
