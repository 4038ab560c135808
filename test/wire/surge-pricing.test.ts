import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { play } from '../../local/generator/play.ts';
import { eventTruth } from '../../local/generator/truth.ts';
import { differences } from '../e2e/compare.ts';
import { expectedWindows, type SurgeEvent } from '../truth/surge-windows.ts';
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

const windowOf = ({ geo_zone, window_start }: Row): string =>
  `${String(geo_zone)} ${String(window_start).slice(0, 19).replace(' ', 'T')}`;

test('played hours become their windows, each with one multiplier, though a TaskManager is killed in the middle', async () => {
  await application.run({
    'allowed.lateness': lateness,
    'lookup.table': table,
    'dynamodb.endpoint': application.aws.url,
  });

  const events: SurgeEvent[] = [];
  const near: string[] = [];
  const playing = play(options, {
    speed,
    put: (lines) => application.producer.put([...lines, ...near.splice(0)]),
    onEvent: (event) => {
      const told = eventTruth(event, event.timestampMs, '', 0);
      events.push(told);
      if (told.event_name !== 'trip_requested') return;
      const driver = driverNear(told, events.length);
      events.push(driver);
      near.push(lineOf(driver, `near ${events.length}`), lineOf(driver, `again ${events.length}`));
    },
  });
  await expect.poll(() => application.keys('streaming/surge/'), { timeout: 120_000 }).not.toEqual([]);
  application.killTaskManager();
  await playing;
  await application.producer.put([...near, ...hourLater]);

  const windows = expectedWindows(events) as unknown as Row[];
  const problems = async (): Promise<string[]> =>
    differences(windows, newest(await application.rows('streaming/surge/'), windowOf), windowOf);
  // Of a list of hundreds that is not empty yet no difference is to be drawn each time.
  await expect.poll(async () => (await problems()).length, { timeout: 120_000, interval: 1_000 }).toBe(0);
  expect(new Set(windows.map(({ surge_multiplier }) => surge_multiplier))).toEqual(new Set([1, 1.5, 2, 2.5]));

  const rows = await application.rows('streaming/surge/');
  const versions = new Set(rows.map((row) => `${windowOf(row)} ${String(row.version)}`));
  expect(rows).toHaveLength(versions.size);
  expect(rows.length).toBeGreaterThan(windows.length);

  const latest = [...Map.groupBy(windows, ({ geo_zone }) => geo_zone).values()].map((ofZone) =>
    ofZone.reduce((a, b) => (windowOf(b) > windowOf(a) ? b : a)),
  );
  const lookup = async () => (await dynamo.send(new ScanCommand({ TableName: table }))).Items ?? [];
  await expect.poll(async () => differences(latest, await lookup(), ({ geo_zone }) => String(geo_zone))).toEqual([]);
  for (const { window_end, expires_at } of await lookup())
    expect(expires_at).toBe(Date.parse(String(window_end)) / 1_000 + 3_600);
});
