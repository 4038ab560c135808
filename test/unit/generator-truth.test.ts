import { describe, expect, it } from 'vitest';
import { expectedHourlyMetrics } from '../truth/hourly-metrics.ts';
import { expectedTrips, type TripEvent } from '../../local/generator/trip-truth.ts';

const event = (id: string, name: string, timestamp: string, details: Partial<TripEvent> = {}): TripEvent => ({
  event_id: id,
  event_name: name,
  event_timestamp: timestamp,
  trip_id: 't1',
  driver_id: null,
  rider_id: null,
  city_id: null,
  vehicle_type: null,
  status: null,
  start_lat: null,
  start_lon: null,
  end_lat: null,
  end_lon: null,
  estimated_fare: null,
  actual_fare: null,
  surge_multiplier: null,
  rating: null,
  duration: null,
  ...details,
});

const nightRide = [
  event('e6', 'payment_processed', '2025-01-19T01:05:00.000Z', { status: 'COMPLETED', actual_fare: 11 }),
  event('e5', 'trip_completed', '2025-01-19T01:00:30.500Z', {
    status: 'COMPLETED',
    end_lat: 0,
    end_lon: 1,
    duration: 5400,
  }),
  event('e4', 'trip_started', '2025-01-18T23:30:00.000Z', { status: 'ACTIVE', start_lat: 0, start_lon: 0 }),
  event('e2', 'driver_assigned', '2025-01-18T22:45:00.000Z', { driver_id: 'd1' }),
  event('e1', 'trip_requested', '2025-01-18T22:40:00.000Z', {
    rider_id: 'r1',
    city_id: 'berlin',
    vehicle_type: 'xl',
    status: 'PENDING',
    estimated_fare: 10,
    surge_multiplier: 1.5,
    start_lat: 5,
    start_lon: 5,
  }),
];

describe('the expected row of a trip', () => {
  it('joins the events of a ride over midnight in the order of their time', () => {
    expect(expectedTrips(nightRide)).toEqual([
      {
        trip_id: 't1',
        driver_id: 'd1',
        rider_id: 'r1',
        city_id: 'berlin',
        vehicle_type: 'xl',
        requested_at: '2025-01-18T22:40:00.000Z',
        assigned_at: '2025-01-18T22:45:00.000Z',
        cancelled_at: null,
        start_time: '2025-01-18T23:30:00.000Z',
        end_time: '2025-01-19T01:00:30.500Z',
        start_lat: 0,
        start_lon: 0,
        end_lat: 0,
        end_lon: 1,
        estimated_fare: 10,
        fare_amount: 11,
        surge_multiplier: 1.5,
        rating: null,
        duration_seconds: 5430,
        reported_duration_seconds: 5400,
        duration_min: 90.5,
        // One degree of the equator: 2π × 6371.0088 / 360.
        distance_km: 111.195,
        status: 'COMPLETED',
        is_completed: true,
        is_suspicious: false,
        surge_applied: false,
        event_count: 5,
        location_updates: 0,
        trip_date: '2025-01-18',
      },
    ]);
  });

  it('breaks a tie of time by event id, takes the last payment, and calls a fare a cent over 1.1 times surged', () => {
    const [trip] = expectedTrips([
      ...nightRide,
      event('e7', 'payment_processed', '2025-01-19T01:05:00.000Z', { status: 'FAILED', actual_fare: 11.01 }),
    ]);
    expect(trip).toMatchObject({ fare_amount: 11.01, status: 'FAILED', is_completed: false, surge_applied: true });
  });

  it('sees a payment of the second date after the start, and none of the third', () => {
    const paid = (at: string) => event('e8', 'payment_processed', at, { status: 'FAILED', actual_fare: 99 });
    const late = paid('2025-01-20T23:59:59.999Z');
    expect(expectedTrips([...nightRide, late])).toMatchObject([{ fare_amount: 99, status: 'FAILED' }]);
    expect(expectedTrips([...nightRide, paid('2025-01-21T00:00:00.000Z')])).toEqual(expectedTrips(nightRide));
  });

  it('leaves out trips that never started and trips of one event', () => {
    const neverStarted = event('a', 'trip_requested', '2025-01-18T10:00:00.000Z', { trip_id: 't2' });
    const cancelled = event('b', 'trip_cancelled', '2025-01-18T10:01:00.000Z', { trip_id: 't2' });
    const alone = event('c', 'trip_started', '2025-01-18T10:00:00.000Z', { trip_id: 't3' });
    const noTrip = event('d', 'driver_available', '2025-01-18T10:00:00.000Z', { trip_id: null });
    expect(expectedTrips([neverStarted, cancelled, alone, noTrip])).toEqual([]);
  });

  it('calls more than 240 minutes or more than 500 suspicious, and not a second or a cent less', () => {
    const ride = (end: string, fare: number) =>
      expectedTrips([
        event('s', 'trip_started', '2025-01-18T10:00:00.000Z'),
        event('t', 'trip_completed', end),
        event('u', 'payment_processed', end, { actual_fare: fare }),
      ]).map((trip) => trip.is_suspicious);
    expect(ride('2025-01-18T14:00:00.999Z', 500)).toEqual([false]);
    expect(ride('2025-01-18T14:00:01.000Z', 500)).toEqual([true]);
    expect(ride('2025-01-18T14:00:00.000Z', 500.01)).toEqual([true]);
  });
});

describe('the expected hourly metrics', () => {
  it('spread the driver time of a ride over four hours and midnight and count it once', () => {
    const row = { city_id: 'berlin', vehicle_type: 'xl', surge_trips: 0, trips_count: 0, total_fare_cents: 0 };
    expect(expectedHourlyMetrics(expectedTrips(nightRide))).toEqual([
      {
        ...row,
        metric_date: '2025-01-18',
        metric_hour: '2025-01-18T22:00:00.000Z',
        avg_duration: null,
        driver_ms: 900_000,
        driver_hours: 0.25,
        utilization_pct: 0,
        trips_per_driver_hour: 0,
      },
      {
        ...row,
        metric_date: '2025-01-18',
        metric_hour: '2025-01-18T23:00:00.000Z',
        trips_count: 1,
        total_fare_cents: 1_100,
        avg_duration: 90.5,
        surge_trips: 1,
        driver_ms: 3_600_000,
        driver_hours: 1,
        utilization_pct: 50,
        trips_per_driver_hour: 1,
      },
      {
        ...row,
        metric_date: '2025-01-19',
        metric_hour: '2025-01-19T00:00:00.000Z',
        avg_duration: null,
        driver_ms: 3_600_000,
        driver_hours: 1,
        utilization_pct: 100,
        trips_per_driver_hour: 0,
      },
      {
        ...row,
        metric_date: '2025-01-19',
        metric_hour: '2025-01-19T01:00:00.000Z',
        avg_duration: null,
        driver_ms: 30_500,
        driver_hours: 30_500 / 3_600_000,
        utilization_pct: 100,
        trips_per_driver_hour: 0,
      },
    ]);
  });

  it('give a ride without an end no driver time, but count it', () => {
    const trip = {
      city_id: 'london',
      vehicle_type: 'black',
      assigned_at: '2025-01-18T09:50:00.000Z',
      start_time: '2025-01-18T10:00:00.000Z',
      end_time: null,
      duration_seconds: null,
      fare_amount: null,
      surge_multiplier: null,
    };
    expect(expectedHourlyMetrics([trip])).toMatchObject([
      { metric_hour: '2025-01-18T10:00:00.000Z', trips_count: 1, avg_duration: null, driver_ms: 0, utilization_pct: 0 },
    ]);
  });

  it('start driver time at the start where no assignment is known, and end it before an hour it only touches', () => {
    const trip = {
      city_id: 'london',
      vehicle_type: 'black',
      assigned_at: null,
      start_time: '2025-01-18T10:30:00.000Z',
      end_time: '2025-01-18T11:00:00.000Z',
      duration_seconds: 1_800,
      fare_amount: 20,
      surge_multiplier: 1,
    };
    expect(expectedHourlyMetrics([trip])).toMatchObject([
      { metric_hour: '2025-01-18T10:00:00.000Z', driver_hours: 0.5, utilization_pct: 100, avg_duration: 30 },
    ]);
  });
});
