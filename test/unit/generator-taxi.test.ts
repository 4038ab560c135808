import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RawLine } from '../../local/generator/raw-lines.ts';
import { NotATaxiFile, readNewYorkTime, TAXI_COLUMNS } from '../../local/generator/taxi-rows.ts';
import { taxiTrips } from '../../local/generator/taxi-trips.ts';
import { eventTruth } from '../../local/generator/truth.ts';
import { expectedTrips } from '../../local/generator/trip-truth.ts';

const csv = [
  TAXI_COLUMNS.join(','),
  '2019-03-09 23:50:00,2019-03-10 00:10:00,1,2.5,12.0,2.0,5.76,22.06,yellow,credit card,Midtown East,"Astoria, North",Manhattan,Queens',
  '2019-03-10 01:55:00,2019-03-10 03:10:00,2,1.0,8.5,0.0,0.0,9.3,green,,Elmhurst,,Queens,',
  '2019-03-10 02:30:00,2019-03-10 03:45:00,1,1.0,7.0,0.0,0.0,7.8,yellow,cash,,,,',
  '2019-03-10 12:00:00,2019-03-10 11:00:00,1,1.0,7.0,0.0,0.0,7.8,yellow,cash,,,,',
  'yesterday,2019-03-10 11:00:00,one,1.0,-7.0,0.0,0.0,7.8,blue,cash,,,,',
  '2019-03-10 11:00:00,cut off',
].join('\r\n');

const tripsOf = (lines: Iterable<RawLine>) =>
  expectedTrips(
    Array.from(lines, ({ outcome, arrivalHourMs }, index) => {
      if (outcome.kind !== 'published') throw new Error('taxi events all arrive once and whole');
      return eventTruth(outcome.event, arrivalHourMs, 'file', index + 1);
    }),
  );

describe('events of a taxi file', () => {
  it('keep the ride of the row, in UTC, over the change to daylight time', () => {
    expect(tripsOf(taxiTrips(csv).lines())).toMatchObject([
      {
        trip_id: 'taxi_20190310_000002',
        start_time: '2019-03-10T04:50:00.000Z',
        end_time: '2019-03-10T05:10:00.000Z',
        city_id: 'nyc_manhattan',
        vehicle_type: 'yellow_taxi',
        estimated_fare: 12,
        fare_amount: 22.06,
        surge_multiplier: 1,
        distance_km: null,
        status: 'COMPLETED',
        event_count: 6,
      },
      // From 1:55 to 3:10 on the clock is a quarter of an hour in the night the clocks change.
      { trip_id: 'taxi_20190310_000003', duration_seconds: 900, city_id: 'nyc_queens', vehicle_type: 'green_taxi' },
      { trip_id: 'taxi_20190310_000004', start_time: '2019-03-10T07:30:00.000Z', city_id: 'nyc_unknown' },
    ]);
  });

  it('carry what only the file knows in the payload', () => {
    const payloads = Array.from(
      taxiTrips(csv).lines(),
      ({ text }) => JSON.parse(text) as { event_name: string; payload: { trip_id: string } },
    )
      .filter((event) => event.payload.trip_id === 'taxi_20190310_000002')
      .map((event) => [event.event_name, event.payload] as const);
    expect(Object.fromEntries(payloads)).toMatchObject({
      trip_requested: { passengers: 1, geo_zone: 'Midtown East' },
      trip_completed: {
        distance_miles: 2.5,
        dropoff_location: { latitude: null, longitude: null, address: 'Astoria, North' },
      },
      payment_processed: { tip: 2, tolls: 5.76, payment: 'credit card' },
    });
  });

  it('report rows that cannot be read, each with its line and every problem', () => {
    const { rejected, tripCount } = taxiTrips(csv);
    expect(tripCount).toBe(3);
    expect(rejected.map(({ line }) => line)).toEqual([5, 6, 7]);
    expect(rejected[0]!.reason).toBe('dropoff: before the pickup');
    expect(rejected[1]!.reason).toMatch(/^pickup: not a time.*; passengers: .*; fare: below zero; color: /);
    expect(rejected[2]!.reason).toBe('2 fields instead of 14');
  });

  it('note empty values and times that the change of clocks skipped', () => {
    expect(taxiTrips(csv).notes.filter(({ line }) => line < 5)).toEqual([
      { line: 3, column: 'payment', note: 'empty' },
      { line: 3, column: 'dropoff_zone', note: 'empty' },
      { line: 3, column: 'dropoff_borough', note: 'empty' },
      { line: 4, column: 'pickup', note: 'nonexistent local time' },
      ...['pickup_zone', 'dropoff_zone', 'pickup_borough', 'dropoff_borough'].map((column) => ({
        line: 4,
        column,
        note: 'empty',
      })),
    ]);
  });

  it('move by whole days so that the first day is the one asked for', () => {
    const shifted = taxiTrips(csv, { shiftTo: '2025-01-18' });
    expect(shifted.coveredDates()).toEqual(['2025-01-18']);
    expect(tripsOf(shifted.lines())[0]).toMatchObject({
      trip_id: 'taxi_20250118_000002',
      start_time: '2025-01-18T04:50:00.000Z',
      end_time: '2025-01-18T05:10:00.000Z',
    });
  });

  it('come by arrival hour, the same every time', () => {
    const lines = [...taxiTrips(csv).lines()];
    const hours = lines.map(({ arrivalHourMs }) => arrivalHourMs);
    expect(hours).toEqual(hours.toSorted((a, b) => a - b));
    expect([...taxiTrips(csv).lines()]).toEqual(lines);
  });

  it('are refused when the file has other columns', () => {
    expect(() => taxiTrips('a,b\n1,2\n')).toThrow(NotATaxiFile);
  });

  it.each([
    ['2019-11-03 01:30:00', '2019-11-03T05:30:00.000Z', 'ambiguous'],
    ['2019-03-10 02:30:00', '2019-03-10T07:30:00.000Z', 'nonexistent'],
    ['2019-07-01 12:00:00', '2019-07-01T16:00:00.000Z', null],
  ])('read %s in New York as %s (%s)', (text, instant, clockChange) => {
    expect(readNewYorkTime(text)).toEqual({ instantMs: Date.parse(instant), clockChange });
  });
});

const realFile = new URL('../../../shared/data/nyc-taxi-trips-2019-03-first-half.csv', import.meta.url);

describe.runIf(existsSync(realFile))('events of the real taxi file', () => {
  it('keep every row and every cent', () => {
    const text = readFileSync(realFile, 'utf8');
    const source = taxiTrips(text);
    const totals = text
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => Math.round(Number(row.split(',')[7]) * 100));
    const trips = tripsOf(source.lines());
    expect(source.rejected).toEqual([]);
    expect(trips).toHaveLength(totals.length);
    expect(trips.reduce((sum, trip) => sum + Math.round(trip.fare_amount! * 100), 0)).toBe(
      totals.reduce((sum, total) => sum + total, 0),
    );
    expect(source.coveredDates().at(0)).toBe('2019-03-01');
    expect(source.coveredDates().at(-1)).toBe('2019-03-16');
  });
});
