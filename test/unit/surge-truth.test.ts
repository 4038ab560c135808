import { expect, it } from 'vitest';
import { expectedEffects, expectedWindows, type SurgeEvent } from '../truth/surge.ts';

const event = (at: string, name: string, details: Partial<SurgeEvent> = {}): SurgeEvent => ({
  ...{ event_id: at, event_name: name, event_timestamp: `2025-01-18T${at}.000Z`, event_date: '2025-01-18' },
  ...{ trip_id: null, driver_id: null, city_id: 'london', geo_zone: 'soho', status: null, surge_multiplier: null },
  ...details,
});
const requests = (count: number, zone: string): SurgeEvent[] =>
  Array.from({ length: count }, (_, n) => event('10:00:00', 'trip_requested', { trip_id: `t${n}`, geo_zone: zone }));
const drivers = (count: number, zone: string): SurgeEvent[] =>
  Array.from({ length: count }, (_, n) =>
    event('10:04:59', 'driver_available', { driver_id: `d${n}`, geo_zone: zone }),
  );

it('the expected step of a window belongs, at its limits, to the higher one', () => {
  const pairs = [
    [19, 16],
    [6, 5],
    [2, 1],
    [3, 1],
    [1, 0],
    [0, 1],
  ] as const;
  const events = pairs.flatMap(([asked, free], zone) => [...requests(asked, `${zone}`), ...drivers(free, `${zone}`)]);
  expect(expectedWindows(events).map(({ surge_multiplier }) => surge_multiplier)).toEqual([1, 1.5, 2, 2.5, 1, 1]);
});

it('a window expects trips and drivers once, and locations only of those who say that they are available', () => {
  const location = (status: string | null, driver_id: string | null) =>
    event('10:01:00', 'driver_location_updated', { status, driver_id });
  const told = [
    ...[...requests(2, 'soho'), ...requests(2, 'soho'), event('10:05:00', 'trip_requested', { trip_id: 't0' })],
    ...[location('AVAILABLE', 'd1'), location('AVAILABLE', 'd1'), location('ON_TRIP', 'd2'), location(null, 'd3')],
    ...[location('AVAILABLE', null), event('10:02:00', 'trip_requested'), event('10:02:00', 'driver_assigned')],
    event('10:03:00', 'driver_available', { driver_id: 'd4', geo_zone: '' }),
  ];
  expect(expectedWindows(told)).toMatchObject([
    { geo_zone: 'soho', rider_requests: 2, available_drivers: 1, demand_supply_ratio: 2, surge_multiplier: 2 },
    { geo_zone: 'soho', window_start: '2025-01-18T10:05:00.000Z', window_end: '2025-01-18T10:10:00.000Z' },
    { geo_zone: 'UNKNOWN', rider_requests: 0, available_drivers: 1 },
  ]);
});

it('a request is expected to bear the step of the window before it', () => {
  const asked = (at: string, surge_multiplier: number) =>
    event(at, 'trip_requested', { trip_id: at, surge_multiplier, event_id: at });
  const events = [
    ...[asked('10:04:59', 1), asked('10:05:00', 2), asked('10:09:59', 2), asked('10:10:00', 2)],
    event('10:06:00', 'driver_assigned', { trip_id: '10:05:00' }),
    event('10:07:00', 'trip_cancelled', { trip_id: '10:05:00' }),
  ];
  const [window] = expectedWindows(events);
  const windows = [
    { ...window!, surge_multiplier: 2 },
    { ...window!, window_end: '2025-01-18T10:10:00.000Z', surge_multiplier: 1 },
  ];
  expect(expectedEffects(events, [], windows)).toMatchObject([
    { surge_multiplier: 1, requests: 1, as_window_pct: null, avg_wait_seconds: null },
    { surge_multiplier: 2, requests: 3, completed: 0, cancelled: 1, avg_wait_seconds: 60, as_window_pct: 200 / 3 },
  ]);
});
