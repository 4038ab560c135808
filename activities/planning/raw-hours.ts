import type { DateTime } from 'luxon';
import { runsAnHour } from '../../model/cadences.ts';
import type { Product } from '../../model/product.ts';
import { intervalKey, intervalsIn, shiftInterval } from '../../model/intervals.ts';

/** How far back hours are looked at: what is delivered later still is a backfill's matter. */
const hoursWatched = 48;

/** The first hour of which a run of its own is still to come, or may be under way. */
export function firstUnsettled({ latencyMinutes, cadence }: Product, at: DateTime): string {
  const runsEnd = { hours: runsAnHour, minutes: cadence.firesAfterMinutes + latencyMinutes };
  return shiftInterval('hour', intervalKey('hour', at.minus(runsEnd)), 1);
}

/** The last hours of which no run of their own is still to come, in order. */
export function settledHours(product: Product, at: DateTime): string[] {
  const end = firstUnsettled(product, at);
  return intervalsIn('hour', { start: shiftInterval('hour', end, -hoursWatched), end });
}
