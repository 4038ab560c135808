import { CITIES, type City, type CityId } from './cities.ts';
import type { Random } from './random.ts';
import { DAY_MS, HOUR_MS } from './time.ts';

/** Relative demand for each local hour: two rush hours on weekdays, long evenings at the weekend. */
const WEEKDAY = [6, 4, 3, 2, 3, 8, 18, 34, 42, 30, 22, 22, 25, 24, 23, 26, 34, 44, 47, 40, 31, 26, 20, 12];
const WEEKEND = [26, 24, 20, 13, 7, 5, 6, 9, 14, 20, 26, 30, 33, 33, 32, 31, 32, 35, 39, 41, 39, 37, 36, 32];
const SATURDAY = 6;

/** The instants, in order, at which trips are requested in a city in the hour that starts at `hourMs`. */
export function requestTimes(city: City, hourMs: number, tripsPerDay: number, random: Random): number[] {
  const local = new Date(hourMs + city.utcOffsetHours * HOUR_MS);
  const day = local.getUTCDay();
  const curve = day === 0 || day === SATURDAY ? WEEKEND : WEEKDAY;
  const weight = (curve[local.getUTCHours()] ?? 0) / curve.reduce((sum, value) => sum + value, 0);
  const expected = tripsPerDay * weight;
  const count = Math.floor(expected) + (random.chance(expected % 1) ? 1 : 0);
  return Array.from({ length: count }, () => hourMs + random.integer(0, HOUR_MS)).sort((a, b) => a - b);
}

/** Splits a number of trips over the chosen cities by their weight. */
export function tripsPerCity(cityIds: readonly CityId[], trips: number): { city: City; trips: number }[] {
  const cities = [...new Set(cityIds)].map((id) => CITIES[id]);
  const total = cities.reduce((sum, city) => sum + city.weight, 0);
  return cities.map((city) => ({ city, trips: (trips * city.weight) / total }));
}

/** True from 7 to 10 and from 16 to 19 local time on any day: traffic is slow and surge more likely. */
export function isRushHour(city: City, instantMs: number): boolean {
  const hour = Math.floor(((((instantMs + city.utcOffsetHours * HOUR_MS) % DAY_MS) + DAY_MS) % DAY_MS) / HOUR_MS);
  return (hour >= 7 && hour < 10) || (hour >= 16 && hour < 19);
}
