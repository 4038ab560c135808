export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The start of the UTC hour that holds the instant. */
export function hourStart(instantMs: number): number {
  return Math.floor(instantMs / HOUR_MS) * HOUR_MS;
}

/** `2025-01-18T03`: the name of a UTC hour. */
export function hourKey(instantMs: number): string {
  return new Date(instantMs).toISOString().slice(0, 13);
}

/** `2025-01-18`: the name of a UTC day. */
export function dateKey(instantMs: number): string {
  return new Date(instantMs).toISOString().slice(0, 10);
}

/** The first instant of the hour or the day that the key names. */
export function keyStart(key: string): number {
  const instantMs = Date.parse(key.length === 10 ? `${key}T00:00:00.000Z` : `${key}:00:00.000Z`);
  const readBack = key.length === 10 ? dateKey : hourKey;
  if (Number.isNaN(instantMs) || readBack(instantMs) !== key) throw new RangeError(`not an hour or a date: ${key}`);
  return instantMs;
}
