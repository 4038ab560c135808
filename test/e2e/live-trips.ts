import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { query } from '../../activities/redshift/query.ts';
import { putInto } from '../../cli/laptop/land.ts';
import type { Session } from '../../cli/laptop/session.ts';
import { streamParquet, type StreamRow } from '../../local/generator/stream-parquet.ts';
import { expectedTrips } from '../../local/generator/trip-truth.ts';
import { buckets } from '../../local/provision.ts';
import type { CityComparison, Reconciliation } from '../../model/messages/realtime.ts';
import { plainRow, stream } from '../behaviour/stream-rows.ts';
import { readTruth } from '../truth/read-truth.ts';
import { differences } from './compare.ts';
import type { Row } from './delta-table.ts';
import { ended } from './workflows.ts';

const today = plainRow('today', '2025-01-19T00:20:00Z');

/** What the stream has otherwise: by city, the first trip is missing, and the second one's fare is another. */
function planted(trips: readonly StreamRow[]) {
  const ghost = plainRow('ghost', '2025-01-18T12:00:00Z', { city_id: String(trips[0]?.city_id) });
  const told: StreamRow[] = [ghost, today];
  const expected = new Map<string, Pick<CityComparison, 'missingInStream' | 'missingInBatch' | 'differing'>>();
  for (const [city, [, second, ...others]] of Map.groupBy(trips, ({ city_id }) => String(city_id))) {
    expected.set(city, {
      missingInStream: 1,
      missingInBatch: ghost.city_id === city ? 1 : 0,
      differing: second ? 1 : 0,
    });
    told.push(...others, ...(second ? [{ ...second, fare_amount: 1.01 }] : []));
  }
  return { told, expected };
}

/**
 * Merges a stream's trips of a date that is built already, reconciles them while merges fire and the data plane is killed,
 * and asserts that readers have the batch's rows then, and that what was planted was found.
 */
export async function expectNightToSettle(session: Session, truthFolder: string, date: string): Promise<void> {
  const { platform, client, warehouse } = session;
  const { events } = await readTruth(truthFolder, '2025-01-19T00');
  const trips = expectedTrips(events).filter(({ trip_date }) => trip_date === date);
  const emitted = { emitted_at: `${date}T23:00:00Z`, is_final: false };
  const { told, expected } = planted(trips.map((trip) => ({ ...trip, version: trip.event_count, ...emitted })));
  const put = putInto(platform.s3, buckets.lake);
  const folder = `${stream.files.folder}/dt=${date}/hh=23`;
  await put(
    `${folder}/part-old.parquet`,
    await streamParquet(
      stream,
      told.map((row) => ({ ...row, version: 1, fare_amount: null })),
    ),
  );
  await put(`${folder}/part-new.parquet`, await streamParquet(stream, told));
  const merge = (name: string, firedAt: string) => ended(client, 'mergeRealtime', `merge/${name}`, { firedAt });
  expect(await merge('day', `${date}T23:50:00Z`)).toMatchObject({
    files: 2,
    rows: 2 * told.length,
    merged: told.length,
  });
  expect(await statesOf(session)).toEqual([['provisional', told.length]]);

  const night = [
    ended(client, 'reconcile', 'reconcile/night', { date }),
    merge('night', '2025-01-19T02:00:00Z'),
    merge('night-again', '2025-01-19T02:00:00Z'),
  ];
  for (let kills = 0; kills < 2; kills++) {
    await delay(300);
    await platform.supervisor.restart('data-plane', 'SIGKILL');
  }
  const [reconciled, ...merged] = (await Promise.all(night)) as [Reconciliation, ...unknown[]];
  expect(merged).toMatchObject([{ files: 0 }, { files: 0 }]);
  expect(reconciled).toMatchObject({ wasNeeded: true, settled: { batchCount: trips.length } });
  expect(Object.fromEntries(reconciled.cities.map(({ city, ...figures }) => [city, figures]))).toMatchObject(
    Object.fromEntries(expected),
  );
  await put(`${folder}/part-late.parquet`, await streamParquet(stream, [plainRow('too_late', `${date}T23:59:00Z`)]));
  expect(await merge('late', `${date}T23:58:00Z`)).toMatchObject({ files: 1, late: 1, merged: 0 });
  await expectTableToBeBatch(session, date);
  expect(await statesOf(session)).toEqual([
    ['final', trips.length],
    ['provisional', 1],
  ]);
  const kept = await query(warehouse, `SELECT trip_id, source FROM public.trips_realtime WHERE trip_id = 'today'`);
  expect(kept).toEqual([{ trip_id: 'today', source: 'stream' }]);
}

const statesOf = async ({ warehouse }: Session) =>
  (
    await query(
      warehouse,
      `SELECT data_state, COUNT(*) AS trips FROM public.trips
       WHERE trip_date >= '2025-01-18' AND trip_date < '2025-01-20' GROUP BY data_state ORDER BY data_state`,
    )
  ).map(({ data_state, trips }) => [data_state, Number(trips)]);

/** Asserts that the stream's table has of a date what the batch has, row by row, when all reconciliations have ended. */
export async function expectTableToBeBatch({ client, warehouse }: Session, date: string): Promise<void> {
  const running = async () => {
    const found: string[] = [];
    for await (const { workflowId } of client.workflow.list({
      query: 'WorkflowType = "reconcile" AND ExecutionStatus = "Running"',
    }))
      found.push(workflowId);
    return found;
  };
  await expect.poll(running, { timeout: 60_000, interval: 500 }).toEqual([]);
  const inDate = `WHERE CAST(start_time AS DATE) = '${date}' AND source = 'batch'`;
  const [table, batch] = await Promise.all([
    query(warehouse, `SELECT * FROM ${stream.warehouse.table} ${inDate}`),
    query(warehouse, `SELECT * FROM (${stream.fromBatch}) AS batch ${inDate}`),
  ]);
  expect(batch.length).toBeGreaterThan(0);
  expect(differences(batch, table, ({ trip_id }: Row) => String(trip_id))).toEqual([]);
}
