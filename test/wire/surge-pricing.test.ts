import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { play } from '../../local/generator/play.ts';
import { eventTruth } from '../../local/generator/truth.ts';
import { differences } from '../e2e/compare.ts';
import { expectedWindows, type SurgeEvent } from '../truth/surge.ts';
import { access } from './access.ts';
import { newest, type Row, StreamApplication } from './stream-application.ts';

/** Five hours of an evening in 20 seconds. No event is later than windows are kept here, so that each is in a row. */
const options = {
  seed: 7,
  start: '2025-01-18',
  tripsPerDay: 5_000,
  cities: ['san_francisco' as const],
  arrivedBefore: '2025-01-18T05',
  mishaps: { late: 0, fastClock: 0 },
};
const speed = (5 * 3_600) / 20;
const lateness = 'PT15M';
const table = 'surge-zones';

let application: StreamApplication;
let dynamo: DynamoDBDocumentClient;

beforeAll(async () => {
  application = await StreamApplication.prepare('surge-pricing');
  dynamo = DynamoDBDocumentClient.from(new DynamoDBClient({ ...access, endpoint: application.aws.url }));
  await dynamo.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'geo_zone', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'geo_zone', KeyType: 'HASH' }],
    }),
  );
});
afterAll(async () => {
  dynamo.destroy();
  await application.stop();
});

/** An event as the truth has it, with its line. */
const tell = (
  event: Pick<SurgeEvent, 'event_id' | 'event_name' | 'event_timestamp' | 'driver_id'> & Partial<SurgeEvent>,
): { event: SurgeEvent; line: string } => {
  const none = { trip_id: null, city_id: null, geo_zone: null, status: null, surge_multiplier: null };
  const told = { ...none, event_date: event.event_timestamp.slice(0, 10), ...event };
  const { event_id, event_name, event_timestamp, ...payload } = told;
  const envelope = { event_id, event_name, event_timestamp, schema_version: 'v2.1', app_version: '6.0.0' };
  return { event: told, line: JSON.stringify({ ...envelope, payload }) };
};

/** Events that tell nothing, on every shard, an hour after all others. */
const hourLater = Array.from({ length: 64 }, (_, number) =>
  tell({
    event_id: `later ${number}`,
    event_name: 'driver_location_updated',
    event_timestamp: '2025-01-18T06:00:00.000Z',
    driver_id: `drv_later_${number}`,
    status: 'ON_TRIP',
  }),
);

/** Requests without a zone after all that, in their order: of a window that is forgotten, and two of one that is only closed. */
const afterwards = ['05:31', '05:46', '05:47'].map((time) =>
  tell({
    event_id: `requested at ${time}`,
    event_name: 'trip_requested',
    event_timestamp: `2025-01-18T${time}:00.000Z`,
    trip_id: `trip of ${time}`,
    driver_id: 'drv_of_one_shard',
  }),
);

/** The rows that files must hold of events in the end. */
const rowsOf = (events: readonly SurgeEvent[]): Row[] =>
  expectedWindows(events).map(({ window_date, ...window }) => ({
    ...window,
    version: window.rider_requests + window.available_drivers,
  }));

const windowOf = ({ geo_zone, window_start }: Row): string =>
  `${String(geo_zone)} ${String(window_start).slice(0, 19).replace(' ', 'T')}`;

test('played hours become their windows, each with one multiplier, though a TaskManager is killed in the middle', async () => {
  await application.run({
    'allowed.lateness': lateness,
    'lookup.table': table,
    'dynamodb.endpoint': application.aws.url,
  });

  const events: SurgeEvent[] = [];
  const playing = play(options, {
    speed,
    put: (lines) => application.producer.put(lines),
    onEvent: (event) => {
      events.push(eventTruth(event, event.timestampMs, '', 0));
    },
  });
  await expect.poll(() => application.keys('streaming/surge/'), { timeout: 120_000 }).not.toEqual([]);
  application.kill('taskmanager');
  await playing;
  await application.producer.put(hourLater.map(({ line }) => line));

  const played = rowsOf(events);
  expect(new Set(played.map(({ surge_multiplier }) => surge_multiplier))).toEqual(new Set([1, 1.5, 2, 2.5]));
  const rows = (): Promise<Row[]> => application.rows('streaming/surge/');
  // Of a list of hundreds that is not empty yet no difference is to be drawn each time.
  const untilWritten = (windows: readonly Row[]) =>
    expect
      .poll(async () => differences(windows, newest(await rows(), windowOf), windowOf).length, {
        timeout: 120_000,
        interval: 1_000,
      })
      .toBe(0);
  await untilWritten(played);

  await application.producer.put(afterwards.map(({ line }) => line));
  const windows = [...played, ...rowsOf(afterwards.slice(1).map(({ event }) => event))];
  await untilWritten(windows);
  const told = await rows();
  const versions = new Set(told.map((row) => `${windowOf(row)} ${String(row.version)}`));
  expect(told).toHaveLength(versions.size);
  expect(versions).toContain('UNKNOWN 2025-01-18T05:45:00 1');

  const latest = [...Map.groupBy(windows, ({ geo_zone }) => geo_zone).values()].map((ofZone) =>
    ofZone.reduce((a, b) => (windowOf(b) > windowOf(a) ? b : a)),
  );
  const lookup = async () => (await dynamo.send(new ScanCommand({ TableName: table }))).Items ?? [];
  await expect.poll(async () => differences(latest, await lookup(), ({ geo_zone }) => String(geo_zone))).toEqual([]);
  for (const { window_end, expires_at } of await lookup())
    expect(expires_at).toBe(Date.parse(String(window_end)) / 1_000 + 3_600);
});
