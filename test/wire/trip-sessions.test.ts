import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GeneratorOptions } from '../../local/generator/options.ts';
import { play } from '../../local/generator/play.ts';
import { expectedTrips } from '../../local/generator/trip-truth.ts';
import { type EventTruth, eventTruth } from '../../local/generator/truth.ts';
import { eventStream } from '../../model/stream.ts';
import { differences } from '../e2e/compare.ts';
import { highestFigure } from './managed-flink-service.ts';
import { stream } from '../behaviour/stream-rows.ts';
import { bucket, useRealtime } from './realtime-harness.ts';
import { leftOfRole, newest, type Row, StreamApplication } from './stream-application.ts';

const realtime = useRealtime();

/** A day and the four hours in which its late events come: 28 hours in 20 seconds. */
const options = { seed: 7, start: '2025-01-18', days: 1, tripsPerDay: 1_500, arrivedBefore: '2025-01-19T04' };
const speed = (28 * 3_600) / 20;

/** Records that could break who reads them: no text, deeper than any parser goes, large. */
const poison = [
  Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  Buffer.from('['.repeat(200_000)),
  Buffer.from('{"event_id":'.repeat(50_000)),
  Buffer.from(`{"event_id":"${'x'.repeat(900_000)}`),
];

let application: StreamApplication;
const events: EventTruth[] = [];

beforeAll(async () => {
  application = await StreamApplication.prepare('trip-sessions');
});
afterAll(() => application.stop());

const tripOf = ({ trip_id }: Row): string => String(trip_id);

const playing = (played: GeneratorOptions) =>
  play(played, {
    speed,
    put: (lines) => application.producer.put(lines),
    onEvent: (event) => {
      events.push(eventTruth(event, event.timestampMs, '', 0));
    },
  });

/** How the newest row of each trip differs from the truth; what is under way is told after two hours of silence. */
async function problems(): Promise<string[]> {
  const trips = expectedTrips(events);
  const told = newest(await application.rows('streaming/trips/'), tripOf);
  const known = new Set(told.map(tripOf));
  const hasEnded = ({ end_time, cancelled_at }: (typeof trips)[number]) => end_time !== null || cancelled_at !== null;
  const wanted = trips.filter((trip) => hasEnded(trip) || known.has(trip.trip_id));
  expect(wanted.length).toBeGreaterThan(1_200);
  return differences(wanted as unknown as Row[], told, tripOf);
}

const lineOf = ([trip, version, fare]: readonly unknown[]): string =>
  `${String(trip)} ${Number(version)} ${fare === null ? '' : Number(fare)}`;

/** Merges what is new of the files; gives the trips that live tables hold then, with their version and fare. */
async function liveTrips(): Promise<string[]> {
  for (const key of await application.keys('streaming/trips/')) {
    // As if they had been written when the day was over.
    const then = key.replace(/dt=.+\/hh=\d+/, 'dt=2025-01-19/hh=03');
    await realtime.s3.put(bucket, then, await application.aws.get(bucket, key));
  }
  while ((await realtime.merge('2025-01-19T04:00:00Z')).files > 0);
  const rows = await realtime.query(`SELECT trip_id, version, fare_amount FROM ${stream.warehouse.table}`);
  return rows.map(lineOf).toSorted();
}

/** That no version of a trip was written twice. */
const expectEachOnce = (rows: readonly Row[]): void => {
  expect(rows.length).toBeGreaterThan(1_200);
  expect(rows).toHaveLength(new Set(rows.map((row) => `${tripOf(row)} ${String(row.version)}`)).size);
};

/** Waits until no more rows come than there are, of silent trips too; gives their number. */
async function untilStill(above = 0): Promise<number> {
  let last = above;
  const isStill = async (): Promise<boolean> => {
    const earlier = last;
    last = (await application.rows('streaming/trips/')).length;
    return last > above && last === earlier;
  };
  // A checkpoint takes two seconds.
  await expect.poll(isStill, { timeout: 120_000, interval: 6_000 }).toBe(true);
  return last;
}

/** Of a list of thousands that is not empty yet no difference is to be drawn each time. */
const untilRight = () =>
  expect.poll(async () => (await problems()).length, { timeout: 120_000, interval: 1_000 }).toBe(0);

test('a played day becomes its trips, row by row and each row once, though records are poisoned and a TaskManager is killed in the middle, of a checkpoint too', async () => {
  const began = Date.now();
  await application.run();
  await application.putUnchecked(poison);
  const isPlayed = playing(options);
  await expect.poll(() => application.keys('streaming/trips/'), { timeout: 120_000 }).not.toEqual([]);
  await application.takeSnapshot('midday');
  const cutOff = await application.killMidCheckpoint();
  const outcome = async () =>
    (await application.flink.checkpoints(application.name)).find(({ id }) => id === cutOff)?.status;
  await expect.poll(outcome, { timeout: 60_000 }).toBe('FAILED');
  const played = await isPlayed;
  expect(application.refused).toBe(played.refused);
  await untilRight();

  expectEachOnce(await application.rows('streaming/trips/'));
  const quarantined = await application.rows('streaming/quarantine/');
  expect(quarantined).toHaveLength(played.quarantined + poison.length);
  const reasons = quarantined.map(({ reason }) => reason);
  expect(new Set(reasons).size).toBeGreaterThan(1);
  expect(reasons.filter((reason) => reason === 'UNPARSABLE').length).toBeGreaterThanOrEqual(poison.length);
  const lag = [
    { Name: 'Id', Value: eventStream.name.replaceAll('-', '_') },
    { Name: 'Flow', Value: 'Input' },
  ];
  const { figures } = application.flink;
  expect(await highestFigure(figures, application.name, 'millisBehindLatest', began, lag)).toBeGreaterThanOrEqual(0);
  expect(await highestFigure(figures, application.name, 'rejectedLines', began)).toBeGreaterThan(0);
});

test('from a snapshot of the middle of the day all that came since is read again, and the trips are the same, each once in live tables', async () => {
  const before = await untilStill();
  const live = await liveTrips();
  expect(live.length).toBeGreaterThan(1_200);
  await application.restartFrom('midday');
  await untilStill(before);
  expect(await problems()).toEqual([]);
  expect(await liveTrips()).toEqual(live);
  const told = newest(await application.rows('streaming/trips/'), tripOf);
  expect(live).toEqual(told.map((row) => lineOf([row.trip_id, row.version, row.fare_amount])).toSorted());
});

test('a shard that is split is read on, in two: the next day becomes its trips too, each row once, though the JobManager and the service are killed', async () => {
  await application.splitShard();
  const isPlayed = playing({ ...options, seed: 8, start: '2025-01-20', arrivedBefore: '2025-01-21T04' });
  application.kill('jobmanager');
  await application.flink.restart('SIGKILL');
  await isPlayed;
  await untilRight();
  // Those of the day before were written again from the snapshot.
  const rows = await application.rows('streaming/trips/');
  expectEachOnce(rows.filter(({ start_time }) => String(start_time) >= '2025-01-20'));
});

test('what it asks of AWS is what its role may, and nothing else', () => {
  expect(application.comparedWithRole()).toEqual(leftOfRole('trip-sessions'));
});
