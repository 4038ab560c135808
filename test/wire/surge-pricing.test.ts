import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { play } from '../../local/generator/play.ts';
import { eventTruth } from '../../local/generator/truth.ts';
import { differences } from '../e2e/compare.ts';
import { expectedWindows, type SurgeEvent, type SurgeWindow } from '../truth/surge-windows.ts';
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

const lineOf = (event: SurgeEvent, event_id: string): string => {
  const { event_name, event_timestamp, ...payload } = event;
  return JSON.stringify({
    event_id,
    event_name,
    event_timestamp,
    schema_version: 'v2.1',
    app_version: '6.0.0',
    payload,
  });
};

const eventIdOf = (line: string): string => /"event_id":"([^"]*)"/.exec(line)?.[1] ?? '';

/** What one of a dozen drivers tells of where he is when a trip is requested; one does not say in which zone. */
const driverNear = (request: SurgeEvent, number: number): SurgeEvent => ({
  ...request,
  event_name: 'driver_location_updated',
  trip_id: null,
  driver_id: `drv_near_${number % 12}`,
  geo_zone: number % 12 === 0 ? null : request.geo_zone,
  status: number % 4 === 1 ? 'ON_TRIP' : 'AVAILABLE',
});

/** Events that tell nothing, on every shard, an hour after all others. */
const hourLater = Array.from({ length: 64 }, (_, number) =>
  lineOf(
    {
      event_name: 'driver_location_updated',
      event_timestamp: '2025-01-18T06:00:00.000Z',
      trip_id: null,
      driver_id: `drv_late_${number}`,
      geo_zone: null,
      status: 'OFFLINE',
    },
    `later ${number}`,
  ),
);

/** Requests that come after all that, in their order: of a window that is forgotten, and two of one that is only closed. */
const afterwards = ['05:31', '05:46', '05:47'].map((time) => ({
  event_name: 'trip_requested',
  event_timestamp: `2025-01-18T${time}:00.000Z`,
  trip_id: `trip of ${time}`,
  driver_id: 'drv_of_one_shard',
  geo_zone: 'sf_downtown',
  status: null,
}));

const windowOf = ({ geo_zone, window_start }: Row): string =>
  `${String(geo_zone)} ${String(window_start).slice(0, 19).replace(' ', 'T')}`;

const asRows = (windows: readonly SurgeWindow[]): Row[] => windows.map((window) => ({ ...window }));

test('played hours become their windows, each with one multiplier, though a TaskManager is killed in the middle', async () => {
  await application.run({
    'allowed.lateness': lateness,
    'lookup.table': table,
    'dynamodb.endpoint': application.aws.url,
  });

  const events: SurgeEvent[] = [];
  const near = new Map<string, string[]>();
  const playing = play(options, {
    speed,
    // Right behind its request: at the end of all lines a driver could be later than windows are kept.
    put: (lines) => application.producer.put(lines.flatMap((line) => [line, ...(near.get(eventIdOf(line)) ?? [])])),
    onEvent: (event) => {
      const told = eventTruth(event, event.timestampMs, '', 0);
      events.push(told);
      if (told.event_name !== 'trip_requested') return;
      const driver = driverNear(told, events.length);
      events.push(driver);
      near.set(told.event_id, [lineOf(driver, `near ${told.event_id}`), lineOf(driver, `again ${told.event_id}`)]);
    },
  });
  await expect.poll(() => application.keys('streaming/surge/'), { timeout: 120_000 }).not.toEqual([]);
  application.killTaskManager();
  await playing;
  await application.producer.put(hourLater);

  const played = expectedWindows(events);
  expect(new Set(played.map(({ surge_multiplier }) => surge_multiplier))).toEqual(new Set([1, 1.5, 2, 2.5]));
  const rows = (): Promise<Row[]> => application.rows('streaming/surge/');
  // Of a list of hundreds that is not empty yet no difference is to be drawn each time.
  const untilWritten = (windows: readonly SurgeWindow[]) =>
    expect
      .poll(async () => differences(asRows(windows), newest(await rows(), windowOf), windowOf).length, {
        timeout: 120_000,
        interval: 1_000,
      })
      .toBe(0);
  await untilWritten(played);

  await application.producer.put(afterwards.map((event) => lineOf(event, `${event.trip_id}, late`)));
  const windows = [...played, ...expectedWindows(afterwards.slice(1))];
  await untilWritten(windows);
  const told = await rows();
  const versions = new Set(told.map((row) => `${windowOf(row)} ${String(row.version)}`));
  expect(told).toHaveLength(versions.size);
  expect(versions).toContain('sf_downtown 2025-01-18T05:45:00 1');

  const latest = [...Map.groupBy(windows, ({ geo_zone }) => geo_zone).values()].map((ofZone) =>
    ofZone.reduce((a, b) => (b.window_start > a.window_start ? b : a)),
  );
  const lookup = async () => (await dynamo.send(new ScanCommand({ TableName: table }))).Items ?? [];
  await expect
    .poll(async () => differences(asRows(latest), await lookup(), ({ geo_zone }) => String(geo_zone)))
    .toEqual([]);
  for (const { window_end, expires_at } of await lookup())
    expect(expires_at).toBe(Date.parse(String(window_end)) / 1_000 + 3_600);
});
