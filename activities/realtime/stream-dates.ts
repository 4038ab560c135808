import { ownTables } from '../../model/catalogue.ts';
import { shiftInterval } from '../../model/intervals.ts';
import type { Settled, StreamDate } from '../../model/messages/realtime.ts';
import type { Stream } from '../../model/product.ts';
import { instant, query, type Value, type Warehouse } from '../redshift/query.ts';

const { liveDates, settledDates } = ownTables;

const settledOf = (row: Record<string, Value>): Settled => ({
  at: instant(String(row.settled_at)),
  streamCount: Number(row.stream_count),
  batchCount: Number(row.batch_count),
  divergencePct: Number(row.divergence_pct),
});

/** The dates of a stream's table: those that are live, those with rows in it, and those that were ever settled. */
export async function streamDates(warehouse: Warehouse, stream: Stream): Promise<StreamDate[]> {
  const { warehouse: target, timeColumn } = stream;
  const [live, held, settled] = await Promise.all([
    query(warehouse, `SELECT date FROM ${liveDates}`),
    query(
      warehouse,
      `SELECT CAST(${timeColumn} AS DATE) AS date, COUNT(*) AS held,
         MAX(CASE WHEN source = 'stream' THEN processing_time END) AS newest
       FROM ${target.table} GROUP BY CAST(${timeColumn} AS DATE)`,
    ),
    query(warehouse, `SELECT date, settled_at, stream_count, batch_count, divergence_pct FROM ${settledDates}`),
  ]);
  const isLive = new Set(live.map(({ date }) => String(date)));
  const rows = new Map(held.map(({ date, held: count }) => [String(date), Number(count)]));
  const newest = new Map(held.map(({ date, newest: at }) => [String(date), at === null ? null : instant(String(at))]));
  const known = new Map(settled.map((row) => [String(row.date), settledOf(row)]));
  return [...new Set([...isLive, ...rows.keys(), ...known.keys()])].sort().map((date) => ({
    date,
    rows: rows.get(date) ?? 0,
    isLive: isLive.has(date),
    settled: known.get(date) ?? null,
    newestAt: newest.get(date) ?? null,
  }));
}

/** Of which dates the ledger may not know the last: those that readers or the table have from the stream, and of late. */
const daysBack = 14;
export const mayHaveChanged = ({ date, isLive, rows }: StreamDate, today: string): boolean =>
  isLive || rows > 0 || date >= shiftInterval('date', today, -daysBack);
