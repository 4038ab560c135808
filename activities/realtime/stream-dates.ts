import { ownTables } from '../../model/catalogue.ts';
import { shiftInterval } from '../../model/intervals.ts';
import type { Settled, StreamDate } from '../../model/messages/realtime.ts';
import { isSettled, type SettledStream, type Stream } from '../../model/product.ts';
import { instant, query, type Value, type Warehouse } from '../redshift/query.ts';

const { liveDates, settledDates, mergedFiles } = ownTables;

const settledOf = (row: Record<string, Value>): Settled => ({
  at: instant(String(row.settled_at)),
  streamCount: Number(row.stream_count),
  batchCount: Number(row.batch_count),
  divergencePct: Number(row.divergence_pct),
});

/** The dates of a stream's table: those that are live, those with rows in it, and those that were ever settled. */
export async function streamDates(warehouse: Warehouse, stream: SettledStream): Promise<StreamDate[]> {
  const { warehouse: target, timeColumn } = stream;
  const [live, held, settled] = await Promise.all([
    query(warehouse, `SELECT date FROM ${liveDates}`),
    query(
      warehouse,
      `SELECT CAST(${timeColumn} AS DATE) AS date, COUNT(*) AS held FROM ${target.table} GROUP BY CAST(${timeColumn} AS DATE)`,
    ),
    query(warehouse, `SELECT date, settled_at, stream_count, batch_count, divergence_pct FROM ${settledDates}`),
  ]);
  const isLive = new Set(live.map(({ date }) => String(date)));
  const rows = new Map(held.map(({ date, held: count }) => [String(date), Number(count)]));
  const known = new Map(settled.map((row) => [String(row.date), settledOf(row)]));
  return [...new Set([...isLive, ...rows.keys(), ...known.keys()])].sort().map((date) => ({
    date,
    rows: rows.get(date) ?? 0,
    isLive: isLive.has(date),
    settled: known.get(date) ?? null,
  }));
}

/** How new the table is, by the stream's word (StreamTable). */
export async function newestOf(warehouse: Warehouse, stream: Stream): Promise<string | null> {
  const [row] = await query(
    warehouse,
    `SELECT
       (SELECT MAX(processing_time) FROM ${stream.warehouse.table}${isSettled(stream) ? " WHERE source = 'stream'" : ''}) AS made,
       (SELECT MAX(merged_at) FROM ${mergedFiles} WHERE product = :product AND problem IS NULL) AS merged`,
    { product: stream.key },
  );
  const newest = row?.made ?? row?.merged ?? null;
  return newest === null ? null : instant(String(newest));
}

/** Of which dates the ledger may not know the last: those that readers or the table have from the stream, and of late. */
const daysBack = 14;
export const mayHaveChanged = ({ date, isLive, rows }: StreamDate, today: string): boolean =>
  isLive || rows > 0 || date >= shiftInterval('date', today, -daysBack);
