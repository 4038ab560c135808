import { ownTables } from '../../model/catalogue.ts';
import type { CityComparison, StreamComparison } from '../../model/messages/realtime.ts';
import { bookkeepingOfStream, type Product, type SettledStream, type Stream } from '../../model/product.ts';
import { keysOf, targetOf } from '../redshift/dialect.ts';
import { query, type Warehouse } from '../redshift/query.ts';

/** Of the trips that differ so many are named in a run's details; the warehouse keeps a thousand. */
const tripsNamed = 10;
const { divergence, reconciliations } = ownTables;

/** Both sides of a date by city, as they were before the batch took the stream's place. */
export async function citiesOf(warehouse: Warehouse, date: string): Promise<CityComparison[]> {
  const rows = await query(
    warehouse,
    `SELECT city_id, stream_count, batch_count, CAST(stream_fare AS VARCHAR) AS stream_fare,
       CAST(batch_fare AS VARCHAR) AS batch_fare, stream_seconds, batch_seconds, missing_in_stream, missing_in_batch, differing
     FROM ${reconciliations} WHERE date = CAST(:date AS DATE) ORDER BY city_id`,
    { date },
  );
  return rows.map((row) => ({
    city: String(row.city_id),
    streamCount: Number(row.stream_count),
    batchCount: Number(row.batch_count),
    streamFare: String(row.stream_fare),
    batchFare: String(row.batch_fare),
    streamSeconds: Number(row.stream_seconds),
    batchSeconds: Number(row.batch_seconds),
    missingInStream: Number(row.missing_in_stream),
    missingInBatch: Number(row.missing_in_batch),
    differing: Number(row.differing),
  }));
}

/** Some of the trips of a date that differed: `TRIP (kind: columns)`, without their values. */
export async function tripsOf(warehouse: Warehouse, date: string): Promise<string[]> {
  const rows = await query(
    warehouse,
    `SELECT trip_id, kind, TRIM(columns) AS columns FROM ${divergence} WHERE date = CAST(:date AS DATE)
     ORDER BY kind, trip_id LIMIT ${tripsNamed}`,
    { date },
  );
  return rows.map(({ trip_id, kind, columns }) => `${trip_id} (${[kind, columns].filter(Boolean).join(': ')})`);
}

/** Whether the stream's table has of a date what the batch has: rows, and the sum of their fares. */
export async function isExact(
  warehouse: Warehouse,
  stream: SettledStream,
  settling: Product,
  { start, end }: { readonly start: string; readonly end: string },
): Promise<boolean> {
  const of = (table: string, where: string): string =>
    `SELECT COUNT(*) AS trips, COALESCE(SUM(fare_amount), 0) AS fares FROM ${table} WHERE ${where}`;
  const inDate = `${stream.timeColumn} >= CAST(:start AS TIMESTAMP) AND ${stream.timeColumn} < CAST(:end AS TIMESTAMP)`;
  const [row] = await query(
    warehouse,
    `SELECT CASE WHEN live.trips = batch.trips AND live.fares = batch.fares THEN 1 ELSE 0 END AS exact
     FROM (${of(stream.warehouse.table, inDate)}) AS live
     CROSS JOIN (${of(targetOf(settling).table, `${settling.partitionColumn ?? ''} = CAST(:start AS DATE)`)}) AS batch`,
    { start, end },
  );
  return Number(row?.exact) === 1;
}

/** How far a stream's rows of a date are apart from those of the batch's product that has the same ones. */
export async function compareRows(
  warehouse: Warehouse,
  stream: Stream,
  batch: Product,
  date: string,
): Promise<Omit<StreamComparison, 'product' | 'date'>> {
  const keys = keysOf(stream);
  const [key = ''] = keys;
  const told = new Set<string>([...bookkeepingOfStream, ...keys]);
  const said = stream.columns.map(({ name }) => name).filter((name) => !told.has(name));
  const differs = said.map((name) => `live.${name} <> batch.${name}`).join(' OR ');
  const [row] = await query(
    warehouse,
    `SELECT COUNT(live.${key}) AS stream_rows, COUNT(batch.${key}) AS batch_rows,
       COUNT(CASE WHEN live.${key} IS NULL THEN 1 END) AS missing,
       COUNT(CASE WHEN batch.${key} IS NULL THEN 1 END) AS extra,
       COUNT(CASE WHEN ${differs} THEN 1 END) AS differing
     FROM (SELECT * FROM ${stream.warehouse.table} WHERE CAST(${stream.timeColumn} AS DATE) = CAST(:date AS DATE)) AS live
     FULL JOIN (SELECT * FROM ${targetOf(batch).table} WHERE ${batch.partitionColumn ?? ''} = CAST(:date AS DATE)) AS batch
       ON ${keys.map((name) => `live.${name} = batch.${name}`).join(' AND ')}`,
    { date },
  );
  const [streamRows, batchRows] = [Number(row?.stream_rows), Number(row?.batch_rows)];
  const [missing, extra, differing] = [Number(row?.missing), Number(row?.extra), Number(row?.differing)];
  const apart = missing + extra + differing;
  return {
    ...{ streamRows, batchRows, missing, extra, differing },
    differingPct: apart === 0 ? 0 : batchRows === 0 ? 100 : (100 * apart) / batchRows,
  };
}
