import { expect } from 'vitest';
import { query } from '../../activities/redshift/query.ts';
import type { Session } from '../../cli/laptop/session.ts';
import {
  expectedDailyMetrics,
  expectedDriverMetrics,
  expectedFactTrips,
  expectedRiderDays,
} from '../truth/date-metrics.ts';
import { expectedHourlyMetrics } from '../truth/hourly-metrics.ts';
import { readTruth } from '../truth/read-truth.ts';
import { expectedEffects, expectedWindows } from '../truth/surge.ts';
import { expectedTrips } from '../../local/generator/trip-truth.ts';
import { differences } from './compare.ts';
import { readTable, type Row } from './delta-table.ts';

const timeOf = (time: unknown): string =>
  new Date(String(time).endsWith('Z') ? String(time) : `${String(time).replace(' ', 'T')}Z`).toISOString();
const keys = {
  event: (row: Row) => String(row.event_id),
  quarantined: (row: Row) =>
    `${String(row.file).split('/').at(-1) ?? ''}@${String(row.arrival_hour).slice(0, 13)}:${String(row.line)}`,
  trip: (row: Row) => String(row.trip_id),
  driverDay: (row: Row) => `${String(row.driver_id)} ${String(row.trip_date)}`,
  riderDay: (row: Row) => `${String(row.rider_id)} ${String(row.trip_date)}`,
  date: (row: Row) => String(row.trip_date),
  window: (row: Row) => `${timeOf(row.window_start)} ${String(row.geo_zone)}`,
  effect: (row: Row) => `${timeOf(row.request_hour)} ${String(row.city_id)} ${Number(row.surge_multiplier)}`,
  metric: (row: Row) => `${timeOf(row.metric_hour)} ${String(row.city_id)} ${String(row.vehicle_type)}`,
};

const rowsOf = (rows: readonly object[]): Row[] => rows as Row[];

/** Asserts that published tables, in the lake and in the warehouse, hold the truth row by row for dates [start, end). */
export async function expectLakeToBeTrue(
  session: Session,
  truthFolder: string,
  { arrivedBefore, start, end }: { arrivedBefore: string; start: string; end: string },
  tables = /./,
): Promise<void> {
  const truth = await readTruth(truthFolder, arrivedBefore);
  const built = (date: string): boolean => date >= start && date < end;
  const allTrips = expectedTrips(truth.events);
  const trips = allTrips.filter(({ trip_date }) => built(trip_date));
  const copied = trips.map(({ rating, cancelled_at, location_updates, reported_duration_seconds, ...trip }) => trip);
  const metrics = expectedHourlyMetrics(allTrips)
    .filter(({ metric_date }) => built(metric_date))
    .map(({ total_fare_cents, driver_ms, city_id, vehicle_type, ...row }) => ({
      ...row,
      total_fare: total_fare_cents / 100,
      city_id: city_id ?? 'unknown',
      vehicle_type: vehicle_type ?? 'unknown',
    }));
  const windows = expectedWindows(truth.events).filter(({ window_date }) => built(window_date));
  // What a build of before the first date has never made is no window that it reads.
  const effects = expectedEffects(truth.events, trips, windows).filter(({ request_date }) => built(request_date));
  const events = truth.events.map(({ file, line, arrival_hour, ...event }) => ({
    ...event,
    data_source: 'kinesis_stream',
    arrival_hour: `${arrival_hour}:00:00.000Z`,
  }));
  const quarantine = truth.quarantine.map(({ arrival_hour, file, ...row }) => ({
    ...row,
    file: file.split('/').at(-1),
    arrival_hour: `${arrival_hour}:00:00.000Z`,
  }));

  const lake = (product: string) => readTable(session.platform, product);
  const stored = (table: string) => query(session.warehouse, `SELECT * FROM ${table}`);
  const inFile = (rows: Row[]): Row[] => rows.map((row) => ({ ...row, file: String(row.file).split('/').at(-1) }));
  const checks: Record<string, () => Promise<string[]>> = {
    'bronze.events': async () => differences(events, await lake('bronze.events'), keys.event),
    'bronze.events_quarantine': async () =>
      differences(quarantine, inFile(await lake('bronze.events_quarantine')), keys.quarantined),
    'silver.trips': async () => differences(rowsOf(trips), await lake('silver.trips'), keys.trip),
    'silver.driver_metrics': async () =>
      differences(rowsOf(expectedDriverMetrics(trips)), await lake('silver.driver_metrics'), keys.driverDay),
    'gold.trips': async () => differences(rowsOf(copied), await lake('gold.trips'), keys.trip),
    'gold.daily_metrics': async () =>
      differences(rowsOf(expectedDailyMetrics(trips)), await lake('gold.daily_metrics'), keys.date),
    'gold.rider_days': async () =>
      differences(rowsOf(expectedRiderDays(trips)), await lake('gold.rider_days'), keys.riderDay),
    'warehouse gold.rider_days': async () =>
      differences(rowsOf(expectedRiderDays(trips)), await stored('gold.rider_days'), keys.riderDay),
    'gold.fact_hourly_metrics': async () => differences(metrics, await lake('gold.fact_hourly_metrics'), keys.metric),
    'gold.surge_windows': async () => differences(rowsOf(windows), await lake('gold.surge_windows'), keys.window),
    'gold.surge_effectiveness': async () =>
      differences(rowsOf(effects), await lake('gold.surge_effectiveness'), keys.effect),
    'warehouse gold.surge_windows': async () =>
      differences(rowsOf(windows), await stored('gold.surge_windows'), keys.window),
    'warehouse gold.surge_effectiveness': async () =>
      differences(rowsOf(effects), await stored('gold.surge_effectiveness'), keys.effect),
    'warehouse gold.trips': async () => differences(rowsOf(copied), await stored('gold.trips'), keys.trip),
    'warehouse gold.fact_trip': async () =>
      differences(rowsOf(expectedFactTrips(trips)), await stored('gold.fact_trip'), keys.trip),
    'warehouse gold.daily_metrics': async () =>
      differences(rowsOf(expectedDailyMetrics(trips)), await stored('gold.daily_metrics'), keys.date),
    'warehouse gold.fact_hourly_metrics': async () =>
      differences(metrics, await stored('gold.fact_hourly_metrics'), keys.metric),
  };
  const chosen = Object.entries(checks).filter(([table]) => tables.test(table));
  expect(chosen).not.toEqual([]);
  const wrong: string[] = [];
  for (const [table, check] of chosen) {
    const problems = await check();
    if (problems.length > 0)
      wrong.push(`${table}: ${problems.length} differences, such as ${problems.slice(0, 5).join('; ')}`);
  }
  expect(wrong).toEqual([]);
  expect(trips.length).toBeGreaterThan(0);
}
