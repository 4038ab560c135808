import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { loadCatalogue, streamOf } from '../../model/catalogue.ts';

/** A row of a stream's file; columns that are not said are null, or as in `plainRow`. */
export type StreamRow = Readonly<Record<string, string | number | boolean | null>>;

export const stream = streamOf(loadCatalogue(), 'public.trips_realtime');

/** A trip as a stream tells it: in a city, half an hour long, paid. */
export function plainRow(trip: string, startTime: string, told: StreamRow = {}): StreamRow {
  const start = Date.parse(startTime);
  const later = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();
  return {
    trip_id: trip,
    driver_id: `driver of ${trip}`,
    rider_id: `rider of ${trip}`,
    city_id: 'london',
    vehicle_type: 'car',
    requested_at: later(-5),
    assigned_at: later(-3),
    start_time: later(0),
    end_time: later(30),
    start_lat: 51.5,
    start_lon: -0.1,
    end_lat: 51.6,
    end_lon: -0.2,
    estimated_fare: 10,
    fare_amount: 12.5,
    surge_multiplier: 1.2,
    duration_seconds: 1800,
    duration_min: 30,
    distance_km: 12.3,
    status: 'COMPLETED',
    is_completed: true,
    is_suspicious: false,
    surge_applied: true,
    event_count: 5,
    location_updates: 0,
    trip_date: startTime.slice(0, 10),
    version: 5,
    emitted_at: later(31),
    is_final: false,
    ...told,
  };
}

/** A file as the stream's application writes it: the contract's columns in their order. */
export async function streamParquet(rows: readonly StreamRow[]): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'stream-rows-'));
  const instance = await DuckDBInstance.create(':memory:');
  const db = await instance.connect();
  try {
    const { columns } = stream.files;
    const types = columns.map(({ name, physicalType }) => `'${name}': '${duckType(physicalType)}'`).join(', ');
    const json = join(folder, 'rows.json');
    writeFileSync(json, rows.map((row) => JSON.stringify(row)).join('\n'));
    const names = columns.map(({ name }) => name).join(', ');
    const read = `SELECT ${names} FROM read_json('${json}', format = 'newline_delimited', columns = {${types}})`;
    await db.run(`COPY (${read}) TO '${join(folder, 'rows.parquet')}' (FORMAT parquet)`);
    return readFileSync(join(folder, 'rows.parquet'));
  } finally {
    db.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
}

const duckType = (type: string): string => ({ string: 'VARCHAR', int: 'INTEGER' })[type] ?? type.toUpperCase();
