import type { StreamRow } from '../../local/generator/stream-parquet.ts';
import { loadCatalogue, settledStreamOf } from '../../model/catalogue.ts';

export const stream = settledStreamOf(loadCatalogue(), 'public.trips_realtime');

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
