import { expect, test } from 'vitest';
import { rawLines } from '../../local/generator/raw-lines.ts';
import { streamParquet } from '../../local/generator/stream-parquet.ts';
import { expectedTrips } from '../../local/generator/trip-truth.ts';
import { eventTruth } from '../../local/generator/truth.ts';
import { query } from '../../activities/redshift/query.ts';
import { stream } from '../behaviour/stream-rows.ts';
import { differences } from '../e2e/compare.ts';
import { expectedHourlyMetrics } from '../truth/hourly-metrics.ts';
import { bucket, useRealtime } from './realtime-harness.ts';
import { TARGET } from './redshift-data-harness.ts';

const realtime = useRealtime();
const days = { seed: 5, start: '2025-01-17', days: 2, tripsPerDay: 500 };
const day = '2025-01-18';
type Row = Record<string, unknown>;

test('trips and metrics of live dates are those of the events, row by row', async () => {
  const events = [...rawLines(days)].flatMap(({ outcome, arrivalHourMs }) =>
    outcome.kind === 'published' ? [{ event: outcome.event, arrivalHourMs }] : [],
  );
  const truths = events.map(({ event, arrivalHourMs }) => eventTruth(event, arrivalHourMs, '', 0));
  // In four files, of which the later ones tell trips again as more events have made them.
  for (const part of [1, 2, 3, 4]) {
    const trips = expectedTrips(truths.slice(0, (part * truths.length) / 4));
    const told = { emitted_at: `${day}T1${part}:00:00Z`, is_final: false };
    const file = await streamParquet(
      stream,
      trips.map((trip) => ({ ...trip, version: trip.event_count, ...told })),
    );
    await realtime.s3.put(bucket, `${stream.files.folder}/dt=${day}/hh=1${part}/part-${part}.parquet`, file);
  }
  await realtime.merge(`${day}T14:10:00Z`);

  const all = expectedTrips(truths);
  const { WorkgroupName: workgroup, Database: database } = TARGET;
  const stored = (table: string): Promise<Row[]> =>
    query({ client: realtime.server.client, workgroup, database }, `SELECT * FROM ${table}`);
  const held = await stored('public.trips');
  const columns = Object.keys(held[0] ?? {}).filter((name) => name !== 'data_state');
  const wanted = all.map((trip) => Object.fromEntries(columns.map((name) => [name, (trip as unknown as Row)[name]])));
  expect(differences(wanted, held, ({ trip_id }) => String(trip_id))).toEqual([]);

  const live = new Set(all.map(({ trip_date }) => trip_date));
  const metrics = expectedHourlyMetrics(all)
    .filter(({ metric_date }) => live.has(metric_date))
    .map(({ total_fare_cents, driver_ms, city_id, vehicle_type, ...row }) => ({
      ...row,
      total_fare: total_fare_cents / 100,
      city_id: city_id ?? 'unknown',
      vehicle_type: vehicle_type ?? 'unknown',
    }));
  const keyOf = ({ metric_hour: hour, city_id: city, vehicle_type: type }: Row): string =>
    `${new Date(String(hour).endsWith('Z') ? String(hour) : `${String(hour).replace(' ', 'T')}Z`).toISOString()} ${String(city)} ${String(type)}`;
  expect(metrics.length).toBeGreaterThan(100);
  expect(differences(metrics, await stored('public.metrics_live'), keyOf)).toEqual([]);
});
