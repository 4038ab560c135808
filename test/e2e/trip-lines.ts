import { gzipSync } from 'node:zlib';
import type { S3Client } from '@aws-sdk/client-s3';
import { putInto } from '../../cli/laptop/land.ts';
import { partKey } from '../../local/generator/raw-parts.ts';
import { buckets } from '../../local/provision.ts';
import { intervalStart } from '../../model/intervals.ts';

export interface Trip {
  readonly name: string;
  /** The hour in which it begins; it takes four minutes. */
  readonly hour: string;
  readonly fare?: number;
}

const place = { latitude: 51.5, longitude: -0.12, address: '1 Strand' };
const steps = ['trip_requested', 'driver_assigned', 'trip_started', 'trip_completed', 'payment_processed'];

/** The events of one trip in London, a line each. */
export function tripLines({ name, hour, fare = 21.5 }: Trip): string[] {
  const ids = { trip_id: `trip_${name}`, driver_id: `drv_${name}`, rider_id: `rid_${name}`, city_id: 'london' };
  const ride = {
    ...ids,
    geo_zone: 'lon_soho',
    pickup_location: place,
    dropoff_location: place,
    vehicle_type: 'economy',
  };
  const fares = { estimated_fare: 20, actual_fare: fare, surge_multiplier: 1 };
  return steps.map((event_name, minute) =>
    JSON.stringify({
      event_name,
      event_id: `evt_${name}_${minute}`,
      event_timestamp: intervalStart(hour).plus({ minutes: minute }).toISO(),
      schema_version: 'v2.1',
      app_version: 'ios-4.1',
      payload: { ...ride, ...fares, status: minute < 3 ? 'ACTIVE' : 'COMPLETED' },
    }),
  );
}

/** The events of as many trips as an audit needs to judge an hour. */
export const hourOfTrips = (hour: string, name: string, fare?: number): string[] =>
  Array.from({ length: 25 }, (_, index) =>
    tripLines({ name: `${name}_${index}`, hour, ...(fare !== undefined && { fare }) }),
  ).flat();

/** Lands lines as the one raw file of an hour. */
export const landTrips = (client: S3Client, hour: string, lines: readonly string[]): Promise<void> =>
  putInto(client, buckets.raw)(
    partKey('raw/events', intervalStart(hour).toMillis(), 0),
    gzipSync(`${lines.join('\n')}\n`),
  );
