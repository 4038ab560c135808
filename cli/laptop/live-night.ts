import { targetOf } from '../../activities/redshift/dialect.ts';
import { query, type Warehouse } from '../../activities/redshift/query.ts';
import { batchOf, ownTables, streamOf } from '../../model/catalogue.ts';
import type { Reconciliation, StreamComparison } from '../../model/messages/realtime.ts';
import { bookkeeping } from '../../model/product.ts';
import { planted } from './beside-the-stream.ts';
import type { LiveOutcome } from './live-check.ts';
import { divergenceOf, type LiveTruth, windowOf } from './live-truth.ts';
import type { Session } from './session.ts';
import { heading } from './summary.ts';
import { type Cell, faint, table } from '../terminal.ts';

export const surge = 'public.surge_pricing';

/** Tells what the night has found of a date's trips. */
export async function tellTrips(
  { warehouse, catalogue }: Session,
  date: string,
  { product, cities, settled }: Reconciliation,
  truth: LiveTruth,
): Promise<Pick<LiveOutcome, 'liveTrips' | 'planted' | 'divergences'>> {
  const rows = cities.map((city): Cell[] => [
    city.city,
    city.streamCount,
    city.batchCount,
    city.streamFare,
    city.batchFare,
    city.missingInStream,
    city.missingInBatch,
    city.differing,
  ]);
  const names = ['city', 'stream', 'batch', 'fares, stream', 'fares, batch', 'missing', 'extra', 'differing'];
  console.log(`${heading(`${date}, the stream beside the batch`)}${table(names, rows)}`);
  if (settled)
    console.log(
      `\n  ${settled.streamCount} trips of the stream, ${settled.batchCount} of the batch: ${settled.divergencePct.toFixed(3)} % apart`,
    );
  const divergences = await divergencesOf(warehouse, date);
  const ways = [...Map.groupBy(divergences.values(), (how) => how)];
  console.log(
    heading('What differed') +
      table(
        ['how', 'trips'],
        ways.map(([how, trips]): Cell[] => [how, trips.length]),
      ),
  );
  console.log(
    faint(
      `  Planted: one trip in ${planted.trips} came as a file beside the stream, and so did the payments of one in ${planted.payments}.`,
    ),
  );
  const stream = streamOf(catalogue, product);
  const told = new Set<string>(bookkeeping);
  const columns = stream.columns.map(({ name }) => name).filter((name) => !told.has(name));
  const expected = truth.divergences(date, columns);
  const asPlanted = [...divergences].filter(([trip, how]) => expected.get(trip) === how);
  console.log(
    `  ${asPlanted.length} of ${divergences.size} that differ are as planted; ${expected.size} were planted.`,
  );
  const states = await query(
    warehouse,
    'SELECT data_state, COUNT(*) AS trips FROM public.trips WHERE trip_date = CAST(:date AS DATE) GROUP BY data_state',
    { date },
  );
  console.log(
    `\n  public.trips of ${date}: ${states.map(({ data_state, trips }) => `${trips} ${data_state}`).join(', ')}`,
  );
  return { liveTrips: settled?.streamCount ?? 0, planted: expected, divergences };
}

/** Tells how far the stream's windows of surge are from the batch's. */
export async function tellSurge(
  { warehouse, catalogue }: Session,
  { date, streamRows, batchRows, missing, extra, differing }: StreamComparison,
  truth: LiveTruth,
): Promise<Omit<LiveOutcome, 'liveTrips' | 'planted' | 'divergences'>> {
  const { table: live } = streamOf(catalogue, surge).warehouse;
  const { table: batch } = targetOf(batchOf(catalogue, surge));
  const rows = await query(
    warehouse,
    `SELECT COALESCE(live.geo_zone, batch.geo_zone) AS geo_zone, COALESCE(live.window_start, batch.window_start) AS window_start
     FROM (SELECT * FROM ${live} WHERE CAST(window_start AS DATE) = CAST(:date AS DATE)) AS live
     FULL JOIN (SELECT * FROM ${batch} WHERE window_date = CAST(:date AS DATE)) AS batch
       ON live.geo_zone = batch.geo_zone AND live.window_start = batch.window_start
     WHERE live.geo_zone IS NULL OR batch.geo_zone IS NULL
       OR live.rider_requests <> batch.rider_requests OR live.available_drivers <> batch.available_drivers`,
    { date },
  );
  const differingWindows = rows.map(({ geo_zone, window_start }) => windowOf(String(geo_zone), String(window_start)));
  const explained = differingWindows.filter((window) => truth.windows.has(window));
  const windowsApart = missing + extra + differing;
  console.log(
    `  ${surge}: ${streamRows} windows of the stream, ${batchRows} of the batch; ${windowsApart} are otherwise, ${explained.length} of them by events that came late or beside the stream`,
  );
  return { liveWindows: streamRows, windowsApart, differingWindows, explainedWindows: truth.windows };
}

/** The trips of a date that differed, each with how. */
async function divergencesOf(warehouse: Warehouse, date: string): Promise<Map<string, string>> {
  const rows = await query(
    warehouse,
    `SELECT trip_id, kind, TRIM(columns) AS columns FROM ${ownTables.divergence} WHERE date = CAST(:date AS DATE)
     ORDER BY kind, columns, trip_id`,
    { date },
  );
  return new Map(
    rows.map(({ trip_id, kind, columns }) => [
      String(trip_id),
      divergenceOf(String(kind), String(columns).split(' ').filter(Boolean)),
    ]),
  );
}
