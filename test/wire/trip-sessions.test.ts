import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { CreateApplicationCommand, StartApplicationCommand } from '@aws-sdk/client-kinesis-analytics-v2';
import { DuckDBInstance } from '@duckdb/node-api';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { play } from '../../local/generator/play.ts';
import { expectedTrips } from '../../local/generator/trip-truth.ts';
import { type EventTruth, eventTruth } from '../../local/generator/truth.ts';
import { Producer } from '../../local/producer/producer.ts';
import { ensureStream } from '../../local/provision.ts';
import { eventStream } from '../../model/stream.ts';
import { differences } from '../e2e/compare.ts';
import { root } from '../tools.ts';
import { access } from './access.ts';
import { LocalS3 } from './local-s3.ts';
import { highestFigure, ManagedFlink } from './managed-flink-service.ts';

type Row = Record<string, unknown>;

const ApplicationName = 'trip-sessions';
const lake = 'lake';
const day = '2025-01-18';
/** A day and the four hours in which its late events come: 28 hours in 20 seconds. */
const options = { seed: 7, start: day, days: 1, tripsPerDay: 1_500, arrivedBefore: '2025-01-19T04' };
const speed = (28 * 3_600) / 20;

let aws: LocalS3;
let kinesis: KinesisClient;
const flink = new ManagedFlink();
const folder = mkdtempSync(join(tmpdir(), 'trip-files-'));

beforeAll(async () => {
  aws = await LocalS3.start();
  kinesis = new KinesisClient({ ...access, endpoint: aws.url, requestHandler: new NodeHttpHandler() });
  const jar = join(root, 'flink-jobs', 'trip-sessions', 'target', 'trip-sessions.jar');
  for (const bucket of ['artifacts', lake]) await aws.createBucket(bucket);
  await aws.put('artifacts', 'trip-sessions.jar', readFileSync(jar));
  await ensureStream(kinesis);
  await flink.start(aws);
});
afterAll(async () => {
  await flink.stop();
  kinesis.destroy();
  await aws.stop();
  await rm(folder, { recursive: true });
});

/** The rows of all files below a folder of the lake. */
async function rowsBelow(prefix: string): Promise<Row[]> {
  const keys = await aws.keys(lake, prefix);
  const files = await Promise.all(
    keys.map(async (key, index) => {
      const file = join(folder, `${index}.parquet`);
      writeFileSync(file, await aws.get(lake, key));
      return `'${file}'`;
    }),
  );
  if (files.length === 0) return [];
  const instance = await DuckDBInstance.create(':memory:');
  const db = await instance.connect();
  try {
    return (await db.runAndReadAll(`SELECT * FROM read_parquet([${files.join(', ')}])`)).getRowObjectsJson();
  } finally {
    db.closeSync();
    instance.closeSync();
  }
}

/** Of each trip its newest row, as a merge takes it. */
function newest(rows: readonly Row[]): Row[] {
  const byTrip = Map.groupBy(rows, ({ trip_id }) => trip_id);
  return [...byTrip.values()].map((told) => told.reduce((a, b) => (Number(b.version) > Number(a.version) ? b : a)));
}

test('a played day becomes its trips, row by row and each row once, though a TaskManager is killed in the middle', async () => {
  const began = Date.now();
  await flink.client.send(
    new CreateApplicationCommand({
      ApplicationName,
      RuntimeEnvironment: 'FLINK-1_20',
      ServiceExecutionRole: 'arn:aws:iam::000000000000:role/flink',
      ApplicationConfiguration: {
        ApplicationCodeConfiguration: {
          CodeContentType: 'ZIPFILE',
          CodeContent: { S3ContentLocation: { BucketARN: 'arn:aws:s3:::artifacts', FileKey: 'trip-sessions.jar' } },
        },
        FlinkApplicationConfiguration: {
          CheckpointConfiguration: {
            ConfigurationType: 'CUSTOM',
            CheckpointingEnabled: true,
            CheckpointInterval: 2_000,
            MinPauseBetweenCheckpoints: 500,
          },
        },
        EnvironmentProperties: {
          PropertyGroups: [
            {
              PropertyGroupId: 'tideline',
              PropertyMap: {
                'stream.arn': `arn:aws:kinesis:us-east-1:000000000000:stream/${eventStream.name}`,
                output: `s3://${lake}`,
                'aws.endpoint': aws.url,
              },
            },
          ],
        },
      },
    }),
  );
  await flink.client.send(new StartApplicationCommand({ ApplicationName, RunConfiguration: {} }));
  await flink.untilStatus(ApplicationName, 'RUNNING');

  const events: EventTruth[] = [];
  let refused = 0;
  const producer = new Producer({
    kinesis,
    stream: eventStream.name,
    keepRefused: async (lines) => {
      refused += lines.length;
    },
  });
  const playing = play(options, {
    speed,
    put: (lines) => producer.put(lines),
    onEvent: (event) => {
      events.push(eventTruth(event, event.timestampMs, '', 0));
    },
  });
  await expect.poll(() => aws.keys(lake, 'streaming/trips/'), { timeout: 120_000 }).not.toEqual([]);
  process.kill(flink.pid(ApplicationName, 'taskmanager'), 'SIGKILL');
  const played = await playing;

  expect(refused).toBe(played.refused);

  const trips = expectedTrips(events);
  const hasEnded = trips.filter(({ end_time, cancelled_at }) => end_time !== null || cancelled_at !== null);
  expect(hasEnded.length).toBeGreaterThan(1_200);
  const problems = async (): Promise<string[]> => {
    const told = newest(await rowsBelow('streaming/trips/'));
    const known = new Set(told.map(({ trip_id }) => trip_id));
    // What is under way is told after two hours of silence.
    const wanted = trips.filter((trip) => hasEnded.includes(trip) || known.has(trip.trip_id));
    return differences(wanted as unknown as Row[], told, ({ trip_id }) => String(trip_id));
  };
  // Of a list of thousands that is not empty yet no difference is to be drawn each time.
  await expect.poll(async () => (await problems()).length, { timeout: 120_000, interval: 1_000 }).toBe(0);

  const rows = await rowsBelow('streaming/trips/');
  const versions = new Set(rows.map(({ trip_id, version }) => `${String(trip_id)} ${String(version)}`));
  expect(rows).toHaveLength(versions.size);
  const quarantined = await rowsBelow('streaming/quarantine/');
  expect(quarantined).toHaveLength(played.quarantined);
  expect(new Set(quarantined.map(({ reason }) => reason)).size).toBeGreaterThan(1);
  const lag = [
    { Name: 'Id', Value: eventStream.name.replaceAll('-', '_') },
    { Name: 'Flow', Value: 'Input' },
  ];
  expect(await highestFigure(flink.figures, ApplicationName, 'millisBehindLatest', began, lag)).toBeGreaterThanOrEqual(
    0,
  );
});
