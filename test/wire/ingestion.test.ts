import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  DeleteStreamCommand,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { putInto } from '../../cli/laptop/land.ts';
import { awsEmulator, awsVariables } from '../../local/aws-emulator.ts';
import { deliveryProcess } from '../../local/delivery/process.ts';
import { play } from '../../local/generator/play.ts';
import { kinesisClient } from '../../local/kinesis-client.ts';
import { freePort } from '../../local/ports.ts';
import { Producer } from '../../local/producer/producer.ts';
import { keepRefused } from '../../local/producer/refused.ts';
import { buckets, ensureBuckets, ensureStream } from '../../local/provision.ts';
import { Supervisor } from '../../local/supervisor.ts';
import { eventStream } from '../../model/stream.ts';
import { root } from '../tools.ts';
import { readPlay } from '../truth/read-play.ts';
import { copiesOf, deliveredFiles } from './delivered-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'tideline-ingestion-'));
const supervisor = new Supervisor(folder);
const variables = Object.keys(awsVariables(''));
const before = Object.fromEntries(variables.map((name) => [name, process.env[name]]));

let s3: S3Client;
let kinesis: KinesisClient;
let producer: Producer;
/** All that was put into the stream. */
let sent: string[];
let prefix: string;
let tests = 0;

beforeAll(async () => {
  const port = await freePort();
  const aws = awsVariables(`http://127.0.0.1:${port}`);
  await supervisor.start(awsEmulator(root, port, join(folder, 'data'), aws));
  Object.assign(process.env, aws);
  s3 = new S3Client({ forcePathStyle: true });
  kinesis = kinesisClient();
  await ensureBuckets(s3);
});
afterAll(async () => {
  await supervisor.stop();
  for (const name of variables)
    if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before[name];
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await supervisor.end('delivery');
  await kinesis.send(new DeleteStreamCommand({ StreamName: eventStream.name })).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === 'ResourceNotFoundException')) throw error;
  });
  await ensureStream(kinesis);
  tests += 1;
  prefix = `raw/events-${tests}`;
  sent = [];
  producer = new Producer({ kinesis, stream: eventStream.name, keepRefused: keepRefused(putInto(s3, buckets.raw)) });
});

const startDelivery = (bufferSeconds: number): Promise<unknown> =>
  supervisor.start(
    deliveryProcess(root, {
      DELIVERY_STATE_DIR: join(folder, `state-${tests}`),
      DELIVERY_BUCKET: buckets.raw,
      DELIVERY_PREFIX: prefix,
      DELIVERY_BUFFER_SECONDS: String(bufferSeconds),
    }),
  );
const log = (): Promise<string> => readFile(join(folder, 'logs', 'delivery.log'), 'utf8');
const delivered = () => deliveredFiles(s3, buckets.raw, prefix);
const deliveredCopies = async () => copiesOf((await delivered()).flatMap(({ lines }) => lines));
const untilDelivered = (lines: readonly string[]) =>
  expect
    .poll(
      async () => {
        const copies = await deliveredCopies();
        return lines.filter((line) => !copies.has(line)).length;
      },
      { timeout: 60_000, interval: 250 },
    )
    .toBe(0);

/** Sends lines as they are, and remembers those that are events. */
async function put(lines: readonly string[]): Promise<void> {
  await producer.put(lines);
  sent.push(...lines);
}
const event = (id: string, driver: string): string =>
  JSON.stringify({
    event_name: 'trip_started',
    event_id: id,
    event_timestamp: new Date().toISOString(),
    schema_version: 'v2.1',
    app_version: 'ios-4.5.2',
    payload: { driver_id: driver, note: 'ümlaut, "quote" and \u2028' },
  });
const events = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => event(`evt_${name}_${index}`, `drv_${index % 97}`));

const morning = { start: '2025-01-18', arrivedBefore: '2025-01-18T04', tripsPerDay: 2_000, seed: 7 } as const;

describe('the stream and its delivery', () => {
  it('carry a day’s morning: every event, each copy of it, and nothing else', async () => {
    await startDelivery(1);
    const truthDirectory = join(folder, 'truth');
    const mishaps = { duplicateSoon: 0.05, duplicateLater: 0.05, late: 0.05, fastClock: 0.01, faulty: 0.08 };
    const played = await play({ ...morning, mishaps }, { speed: Infinity, put, truthDirectory });
    const truth = await readPlay(truthDirectory);
    expect(played).toEqual({
      lines: sent.length,
      published: truth.events.length,
      duplicates: truth.copies.length,
      refused: truth.faults.filter(({ refused }) => refused).length,
      quarantined: truth.faults.filter(({ refused }) => !refused).length,
    });
    expect(Object.values(played).every((count) => count > 0)).toBe(true);

    const taken = played.published + played.duplicates + played.quarantined;
    await expect
      .poll(async () => (await delivered()).flatMap(({ lines }) => lines).length, { timeout: 60_000, interval: 250 })
      .toBe(taken);
    const files = await delivered();
    for (const { key } of files)
      expect(key).toMatch(
        new RegExp(
          `^${prefix}/year=\\d{4}/month=\\d\\d/day=\\d\\d/hour=\\d\\d/ride-hailing-events-to-raw-1-[-\\d]{19}-[-0-9a-f]{36}\\.json\\.gz$`,
        ),
      );
    const refused = (await deliveredFiles(s3, buckets.raw, 'raw/errors/events/')).flatMap(({ lines }) =>
      lines.map((line) => JSON.parse(line) as { line: string; reason: string }),
    );
    expect(refused).toHaveLength(played.refused);
    for (const { reason } of refused) expect(reason).not.toBe('');
    // What was delivered and what was refused are what was sent, line for line.
    const lines = [...files.flatMap((file) => file.lines), ...refused.map(({ line }) => line)];
    expect(copiesOf(lines)).toEqual(copiesOf(sent));
    const ids = files.flatMap((file) => file.lines.map((line) => (JSON.parse(line) as { event_id: string }).event_id));
    const whole = [...truth.events, ...truth.copies].map(({ event_id }) => event_id);
    const found = copiesOf(ids);
    for (const [id, copies] of copiesOf(whole)) expect(found.get(id), id).toBeGreaterThanOrEqual(copies);
  });

  it('lose nothing to kill -9 in the middle of a buffer; what comes twice are whole records', async () => {
    await startDelivery(0.7);
    for (let kill = 0; kill < 6; kill += 1) {
      await put(events(`kill-${kill}`, 900));
      // At another place of the buffer’s life each time.
      await delay(150 * kill);
      await supervisor.restart('delivery', 'SIGKILL');
    }
    await untilDelivered(sent);
    const copies = await deliveredCopies();
    expect([...copies.keys()].sort()).toEqual([...sent].sort());
  });

  it('double nothing when they are stopped and started again', async () => {
    await startDelivery(3_600);
    await put(events('stopped', 40));
    await supervisor.restart('delivery', 'SIGTERM');
    await put(events('again', 10));
    await supervisor.end('delivery');
    await startDelivery(1);
    await untilDelivered(sent);
    expect(await deliveredCopies()).toEqual(copiesOf(sent));
  });

  it('get once what a shard has turned away, and at once what it has not', async () => {
    await startDelivery(0.5);
    const turnedAway = new Set<string>();
    const full = { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' };
    // The emulator is never full: each fifth record is kept from it the first time.
    const send = async ({ input: { Records = [], StreamName } }: PutRecordsCommand) => {
      const isFull = Records.map(({ Data }, index) => {
        const again = turnedAway.has(String(Data));
        if (index % 5 === 0) turnedAway.add(String(Data));
        return index % 5 === 0 && !again;
      });
      const taken = new PutRecordsCommand({ StreamName, Records: Records.filter((_, index) => !isFull[index]) });
      const results = (await kinesis.send(taken)).Records ?? [];
      return { Records: isFull.map((turned) => (turned ? full : results.shift())) };
    };
    producer = new Producer({
      ...{ kinesis: { send }, stream: eventStream.name, backOffMs: 10 },
      keepRefused: async () => undefined,
    });
    sent = events('full', 700);
    expect(await producer.put(sent)).toEqual({ records: 700, refused: 0, again: 140 });
    await untilDelivered(sent);
    expect(await deliveredCopies()).toEqual(copiesOf(sent));
  });

  it('are followed through a reshard', async () => {
    await startDelivery(0.5);
    await put(events('before', 300));
    await untilDelivered(sent);
    const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: eventStream.name }));
    const { ShardId, HashKeyRange } = Shards[1] ?? {};
    const start = BigInt(HashKeyRange?.StartingHashKey ?? 0);
    const middle = (start + BigInt(HashKeyRange?.EndingHashKey ?? 0)) / 2n;
    await kinesis.send(
      new SplitShardCommand({
        StreamName: eventStream.name,
        ShardToSplit: ShardId,
        NewStartingHashKey: String(middle),
      }),
    );
    await put(events('after', 300));
    await untilDelivered(sent);
    expect(await log()).toContain(`${ShardId ?? ''} is no more: the stream has other shards`);
    expect(await deliveredCopies()).toEqual(copiesOf(sent));
  });

  it('start over, loudly, after a power cut of the stream', async () => {
    await startDelivery(0.5);
    await put(events('saved', 50));
    await untilDelivered(sent);
    // A clean stop saves the stream; the cut takes what came afterwards, though it is delivered already.
    await supervisor.restart('aws', 'SIGTERM');
    await put(events('cut', 50));
    await untilDelivered(sent);
    await supervisor.end('delivery');
    await supervisor.restart('aws', 'SIGKILL');
    await startDelivery(0.5);
    await put(events('new', 50));
    await untilDelivered(sent);
    expect(await log()).toMatch(/the stream has lost its newest records\. Reading from its beginning/);
    expect((await deliveredCopies()).size).toBe(150);
  });
});
