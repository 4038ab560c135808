import { afterAll, beforeAll, expect, test } from 'vitest';
import { play } from '../../local/generator/play.ts';
import { expectedTrips } from '../../local/generator/trip-truth.ts';
import { type EventTruth, eventTruth } from '../../local/generator/truth.ts';
import { eventStream } from '../../model/stream.ts';
import { differences } from '../e2e/compare.ts';
import { highestFigure } from './managed-flink-service.ts';
import { newest, type Row, StreamApplication } from './stream-application.ts';

/** A day and the four hours in which its late events come: 28 hours in 20 seconds. */
const options = { seed: 7, start: '2025-01-18', days: 1, tripsPerDay: 1_500, arrivedBefore: '2025-01-19T04' };
const speed = (28 * 3_600) / 20;

let application: StreamApplication;

beforeAll(async () => {
  application = await StreamApplication.prepare('trip-sessions');
});
afterAll(() => application.stop());

test('a played day becomes its trips, row by row and each row once, though a TaskManager is killed in the middle', async () => {
  const began = Date.now();
  await application.run();

  const events: EventTruth[] = [];
  const playing = play(options, {
    speed,
    put: (lines) => application.producer.put(lines),
    onEvent: (event) => {
      events.push(eventTruth(event, event.timestampMs, '', 0));
    },
  });
  await expect.poll(() => application.keys('streaming/trips/'), { timeout: 120_000 }).not.toEqual([]);
  application.killTaskManager();
  const played = await playing;

  expect(application.refused).toBe(played.refused);

  const trips = expectedTrips(events);
  const hasEnded = trips.filter(({ end_time, cancelled_at }) => end_time !== null || cancelled_at !== null);
  expect(hasEnded.length).toBeGreaterThan(1_200);
  const tripOf = ({ trip_id }: Row): string => String(trip_id);
  const problems = async (): Promise<string[]> => {
    const told = newest(await application.rows('streaming/trips/'), tripOf);
    const known = new Set(told.map(tripOf));
    // What is under way is told after two hours of silence.
    const wanted = trips.filter((trip) => hasEnded.includes(trip) || known.has(trip.trip_id));
    return differences(wanted as unknown as Row[], told, tripOf);
  };
  // Of a list of thousands that is not empty yet no difference is to be drawn each time.
  await expect.poll(async () => (await problems()).length, { timeout: 120_000, interval: 1_000 }).toBe(0);

  const rows = await application.rows('streaming/trips/');
  const versions = new Set(rows.map((row) => `${tripOf(row)} ${String(row.version)}`));
  expect(rows).toHaveLength(versions.size);
  const quarantined = await application.rows('streaming/quarantine/');
  expect(quarantined).toHaveLength(played.quarantined);
  expect(new Set(quarantined.map(({ reason }) => reason)).size).toBeGreaterThan(1);
  const lag = [
    { Name: 'Id', Value: eventStream.name.replaceAll('-', '_') },
    { Name: 'Flow', Value: 'Input' },
  ];
  const { figures } = application.flink;
  expect(await highestFigure(figures, application.name, 'millisBehindLatest', began, lag)).toBeGreaterThanOrEqual(0);
});
