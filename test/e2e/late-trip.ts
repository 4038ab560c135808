import { gzipSync } from 'node:zlib';

/** The events of one trip on 2025-01-17, gzipped. */
export function lateTrip(): Uint8Array {
  const place = { latitude: 51.5, longitude: -0.12, address: '1 Strand' };
  const trip = { trip_id: 'trip_five_days_late', driver_id: 'drv_late', rider_id: 'rid_late', city_id: 'london' };
  const ride = {
    ...trip,
    geo_zone: 'lon_soho',
    pickup_location: place,
    dropoff_location: place,
    vehicle_type: 'economy',
  };
  const fares = { estimated_fare: 20, actual_fare: 21.5, surge_multiplier: 1 };
  const steps = ['trip_requested', 'driver_assigned', 'trip_started', 'trip_completed', 'payment_processed'];
  const lines = steps.map((event_name, minute) =>
    JSON.stringify({
      event_name,
      event_id: `evt_late_${minute}`,
      event_timestamp: `2025-01-17T10:0${minute}:00.000Z`,
      schema_version: 'v2.1',
      app_version: 'ios-4.1',
      payload: { ...ride, ...fares, status: minute < 3 ? 'ACTIVE' : 'COMPLETED' },
    }),
  );
  return gzipSync(`${lines.join('\n')}\n`);
}
