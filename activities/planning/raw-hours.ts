import type { DateTime } from 'luxon';
import type { Catalogue, Product } from '../../model/catalogue.ts';
import type { Cadence } from '../../model/cadences.ts';
import { intervalKey, intervalsIn, shiftInterval } from '../../model/intervals.ts';

/** How far back hours are looked at: what is delivered later still is a backfill's matter. */
const hoursWatched = 48;
/** Every hour is built by two runs of its schedule. */
const runsAnHour = 2;

/** Products that are made from raw files. */
export const rawProducts = (catalogue: Catalogue): Product[] =>
  [...catalogue.products.values()].filter(({ source }) => source !== undefined);

/** The last hours of which no run of their own is still to come, in order. */
export function settledHours({ latencyMinutes }: Product, { firesAfterMinutes }: Cadence, at: DateTime): string[] {
  const runsEnd = { hours: runsAnHour, minutes: firesAfterMinutes + latencyMinutes };
  const end = shiftInterval('hour', intervalKey('hour', at.minus(runsEnd)), 1);
  return intervalsIn('hour', { start: shiftInterval('hour', end, -hoursWatched), end });
}
