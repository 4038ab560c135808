import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { play } from '../../local/generator/play.ts';
import { eventTruth } from '../../local/generator/truth.ts';
import { differences } from '../e2e/compare.ts';
import { expectedWindows, type SurgeEvent } from '../truth/surge.ts';
import { SurgeLateness } from '../../cli/laptop/surge-lateness.ts';
import { access } from './access.ts';
import { highestFigure } from './managed-flink-service.ts';
import { leftOfRole, newest, type Row, StreamApplication } from './stream-application.ts';

/** Five hours of an evening in 20 seconds. Late events come up to three days later: of many some come in these hours. */
const options = {
  seed: 7,
  start: '2025-01-18',
  tripsPerDay: 5_000,
  cities: ['san_francisco' as const],
  arrivedBefore: '2025-01-18T05',
  mishaps: { late: 0.3 },
};
const speed = (5 * 3_600) / 20;
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

/**
 * Holds lines of a play back that the application may read too late, or in time, as its shards are read; the others are in time
 * for certain.
 */
class HeldBack {
  readonly #lateness = new SurgeLateness();
  readonly #told = new Map<string, SurgeEvent>();
  readonly lines: string[] = [];
  /** Of each line that was held back and is an event. */
  readonly events: SurgeEvent[] = [];
  /** In time, those that came again in time too. */
  readonly inTime: SurgeEvent[] = [];

  tell(event: SurgeEvent): void {
    this.#told.set(keyOf(event), event);
  }

  from(lines: readonly string[]): string[] {
    return lines.filter((line) => {
      const event = this.#told.get(keyOfLine(line));
      if (event === undefined) return true;
      const isHeld = this.#lateness.mayBeTooLate(Date.parse(event.event_timestamp));
      if (isHeld) this.lines.push(line);
      (isHeld ? this.events : this.inTime).push(event);
      return !isHeld;
    });
  }
}

const keyOf = ({ event_id, event_timestamp }: Partial<SurgeEvent>): string =>
  `${event_id ?? ''} ${Date.parse(event_timestamp ?? '')}`;

/** A line that was spoilt has the key of no event that was told. */
function keyOfLine(line: string): string {
  try {
    return keyOf(JSON.parse(line) as Partial<SurgeEvent>);
  } catch {
    return '';
  }
}

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

test('played hours become their windows, each with one multiplier, without what is too late, though a TaskManager is killed in the middle', async () => {
  const began = Date.now();
  await application.run({
    'lookup.table': table,
    'dynamodb.endpoint': application.endpoint,
  });

  const late = new HeldBack();
  const playing = play(options, {
    speed,
    put: (lines) => application.producer.put(late.from(lines)),
    onEvent: (event) => {
      late.tell(eventTruth(event, event.timestampMs, '', 0));
    },
  });
  await expect.poll(() => application.keys('streaming/surge/'), { timeout: 120_000 }).not.toEqual([]);
  application.kill('taskmanager');
  await playing;
  await application.producer.put(hourLater.map(({ line }) => line));

  const played = rowsOf(late.inTime);
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

  await application.producer.put([...late.lines, ...afterwards.map(({ line }) => line)]);
  const windows = [...played, ...rowsOf(afterwards.slice(1).map(({ event }) => event))];
  await untilWritten(windows);
  const told = await rows();
  const versions = new Set(told.map((row) => `${windowOf(row)} ${String(row.version)}`));
  expect(told).toHaveLength(versions.size);
  expect(versions).toContain('UNKNOWN 2025-01-18T05:45:00 1');

  const tooLate = [...late.events, ...afterwards.slice(0, 1).map(({ event }) => event)].filter(
    (event) => expectedWindows([event]).length > 0,
  );
  expect(tooLate.length).toBeGreaterThan(20);
  // The JobManager asks for figures every ten seconds.
  await expect
    .poll(() => highestFigure(application.flink.figures, application.name, 'lateEvents', began), {
      timeout: 120_000,
      interval: 1_000,
    })
    .toBe(tooLate.length);

  const latest = [...Map.groupBy(windows, ({ geo_zone }) => geo_zone).values()].map((ofZone) =>
    ofZone.reduce((a, b) => (windowOf(b) > windowOf(a) ? b : a)),
  );
  const lookup = async () => (await dynamo.send(new ScanCommand({ TableName: table }))).Items ?? [];
  await expect.poll(async () => differences(latest, await lookup(), ({ geo_zone }) => String(geo_zone))).toEqual([]);
  for (const { window_end, expires_at } of await lookup())
    expect(expires_at).toBe(Date.parse(String(window_end)) / 1_000 + 3_600);
});

test('what it asks of AWS is what its role may, and nothing else', () => {
  expect(application.comparedWithRole()).toEqual(leftOfRole('surge-pricing'));
});
