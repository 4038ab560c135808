import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { PutMetricDataCommand, PutMetricDataInput } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listRawFiles } from '../../activities/lake/raw-files.ts';
import { RecordBuffer } from '../../local/delivery/buffer.ts';
import { CheckpointFile, type Position } from '../../local/delivery/checkpoint.ts';
import { Delivery } from '../../local/delivery/delivery.ts';
import { StreamFigures } from '../../local/delivery/figures.ts';
import { objectKey } from '../../local/delivery/object-key.ts';
import { readSettings } from '../../local/delivery/settings.ts';
import type { Read, ReadRecord, StreamReader } from '../../local/delivery/stream-reader.ts';
import { MemoryS3 } from './memory-s3.ts';

const noon = Date.UTC(2025, 0, 18, 12);
const id = '0a1b2c3d-0000-4000-8000-000000000000';
const record = (text: string, arrivedAtMs: number, sequenceNumber = '1'): ReadRecord => ({
  sequenceNumber,
  arrivedAtMs,
  data: Buffer.from(text),
});

describe('the name of a delivered file', () => {
  it('is that of Firehose, in the hour of the oldest record', () => {
    expect(objectKey('raw/events', 'to-raw', noon + 5_025_999, id)).toBe(
      `raw/events/year=2025/month=01/day=18/hour=13/to-raw-1-2025-01-18-13-23-45-${id}.json.gz`,
    );
    expect(objectKey('raw/events', 'to-raw', noon - 1, id)).toContain('/day=18/hour=11/to-raw-1-2025-01-18-11-59-59-');
    expect(objectKey('raw/events', 'to-raw', Date.UTC(2025, 11, 31, 23, 59, 59, 999), id)).toContain(
      'year=2025/month=12/day=31/hour=23/',
    );
  });

  it('is one that builds read', async () => {
    const client = new MemoryS3();
    client.put(objectKey('raw/events', 'to-raw', noon, id), 'x');
    const { byHour, foreign } = await listRawFiles(client, 's3://raw/raw/events', ['2025-01-18']);
    expect([...byHour.keys()]).toEqual(['2025-01-18T12']);
    expect(foreign).toEqual([]);
  });
});

describe('a buffer', () => {
  const limits = { bytes: 10, seconds: 900 };

  it('is due by its size or by its age, never while it is empty', () => {
    const buffer = new RecordBuffer(limits);
    expect(buffer.isDue(Infinity)).toBe(false);
    buffer.add([record('12345', noon)], noon);
    expect(buffer.isDue(noon + 899_999)).toBe(false);
    expect(buffer.isDue(noon + 900_000)).toBe(true);
    buffer.add([record('123', noon)], noon);
    expect(buffer.isDue(noon)).toBe(true);
    buffer.clear();
    buffer.add([record('1', noon)], noon + 900_000);
    expect(buffer.isDue(noon + 900_000)).toBe(false);
  });

  it('ends each record with a line feed and knows its oldest, of whatever shard', () => {
    const buffer = new RecordBuffer(limits);
    buffer.add([record('a', noon + 2), record('b', noon + 3)], noon);
    buffer.add([record('c', noon + 1)], noon);
    expect(buffer.contents().toString()).toBe('a\nb\nc\n');
    expect([buffer.oldestMs, buffer.records, buffer.bytes]).toEqual([noon + 1, 3, 6]);
  });
});

/** A stream in memory. */
class Stream {
  readonly shards = new Map<string, ReadRecord[]>();
  createdAtMs = noon;
  /** Shards of which all was read. */
  readonly exhausted = new Set<string>();
  #sequence = 0;

  put(shard: string, text: string, arrivedAtMs = Date.now()): void {
    this.#sequence += 1;
    const records = this.shards.get(shard) ?? [];
    records.push(record(text, arrivedAtMs, String(this.#sequence).padStart(9, '0')));
    this.shards.set(shard, records);
  }

  get reader(): StreamReader {
    const of = (shard: string): ReadRecord[] => {
      const records = this.shards.get(shard);
      if (!records) throw new Error(`Shard ${shard} not found`);
      return records;
    };
    return {
      identity: async () => ({ createdAtMs: this.createdAtMs, retentionMs: 86_400_000 }),
      shards: async () => [...this.shards.keys()],
      read: async (shard: string, after?: Position): Promise<Read> => {
        const records = of(shard).filter(({ sequenceNumber }) => sequenceNumber > (after?.sequenceNumber ?? ''));
        if (records.length === 0) this.exhausted.add(shard);
        return { records, millisBehindLatest: 0 };
      },
      has: async (shard: string, position: Position) =>
        of(shard).some(({ sequenceNumber }) => sequenceNumber === position.sequenceNumber),
    } as unknown as StreamReader;
  }
}

describe('a delivery', () => {
  let folder: string;
  let file: string;
  let stream: Stream;
  let written: string[][];
  let reported: string[];
  let putFails: number;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tideline-delivery-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    file = join(mkdtempSync(join(folder, 'state-')), 'checkpoint.json');
    [stream, written, reported, putFails] = [new Stream(), [], [], 0];
  });

  const silent = new StreamFigures({ send: async () => undefined });
  /** Runs until it has read all that there is and `until` says so, then stops: what it holds by then is delivered. */
  async function deliver(until: () => boolean = () => true, seconds = 900): Promise<void> {
    stream.exhausted.clear();
    const stopped = new AbortController();
    const delivery = new Delivery({
      reader: stream.reader,
      checkpoints: new CheckpointFile(file),
      put: async (_, body) => {
        if (putFails-- > 0) throw new Error('S3 is away');
        written.push(gunzipSync(body).toString().trimEnd().split('\n'));
      },
      figures: silent,
      limits: { bytes: 1_000_000, seconds },
      prefix: 'raw/events',
      name: 'to-raw',
      report: (text) => reported.push(text),
    });
    const ended = delivery.run(stopped.signal);
    const isOver = () => until() && [...stream.shards.keys()].every((shard) => stream.exhausted.has(shard));
    await expect.poll(isOver, { timeout: 20_000, interval: 20 }).toBe(true);
    stopped.abort();
    await ended;
  }

  it('writes all shards into one file and goes on after it', async () => {
    stream.put('s0', 'a');
    stream.put('s1', 'b');
    await deliver();
    stream.put('s0', 'c');
    await deliver();
    await deliver();
    expect(written).toEqual([['a', 'b'], ['c']]);
    expect(reported).toEqual([]);
  });

  it('delivers again what it had written before it could write down that it had', async () => {
    stream.put('s0', 'a');
    await deliver();
    const before = readFileSync(file);
    stream.put('s0', 'b');
    await deliver();
    writeFileSync(file, before);
    await deliver();
    expect(written).toEqual([['a'], ['b'], ['b']]);
  });

  it('holds what it has read until it can be written, also when its shard is gone by then', async () => {
    stream.put('s0', 'a');
    stream.put('s1', 'b');
    putFails = 1;
    await deliver(() => {
      if (putFails < 0) return true;
      if (putFails === 0) stream.shards.delete('s0');
      return false;
    }, 0.001);
    expect(written.flat()).toEqual(['a', 'b']);
    expect(reported).toEqual([
      'tried again in 1000 ms: Error: S3 is away',
      's0 is no more: the stream has other shards',
    ]);
  });

  it('reads a shard that is new from its beginning', async () => {
    stream.put('s0', 'a');
    await deliver();
    stream.shards.delete('s0');
    stream.put('s1', 'b');
    await deliver();
    expect(written).toEqual([['a'], ['b']]);
  });

  it('starts over, and says so, where the stream was made anew', async () => {
    stream.put('s0', 'a');
    await deliver();
    stream = new Stream();
    stream.createdAtMs = noon + 60_000;
    stream.put('s0', 'b');
    await deliver();
    expect(written).toEqual([['a'], ['b']]);
    expect(reported).toEqual(['the stream was made anew at 2025-01-18T12:01:00.000Z: reading from its beginning']);
  });

  it('starts over, and says so, where the stream has lost what was delivered last', async () => {
    stream.put('s0', 'a');
    stream.put('s1', 'b');
    await deliver();
    stream.put('s1', 'c');
    await deliver();
    stream.shards.get('s1')?.pop();
    await deliver();
    expect(written).toEqual([['a', 'b'], ['c'], ['a', 'b']]);
    expect(reported).toEqual([expect.stringMatching(/^s1 does not have record 000000003 of .*comes twice$/)]);
  });

  it('does not begin with positions that it cannot read', () => {
    writeFileSync(file, '{"shards":');
    expect(() => new CheckpointFile(file).read()).toThrow('checkpoint.json says no positions');
  });

  it('goes on where the record that was delivered last has expired', async () => {
    stream.put('s0', 'a', Date.now() - 90_000_000);
    stream.put('s1', 'b');
    await deliver();
    stream.shards.set('s0', []);
    stream.put('s0', 'c');
    await deliver();
    expect(written).toEqual([['a', 'b'], ['c']]);
    expect(reported).toEqual([]);
  });
});

describe('the figures of a stream', () => {
  it('are told for the minute in which records came in, whoever reads them later', async () => {
    const sent: PutMetricDataInput[] = [];
    const figures = new StreamFigures({
      send: async ({ input }: PutMetricDataCommand) => {
        sent.push(input);
      },
    });
    figures.read({
      records: [record('abc', noon), record('de', noon + 59_000), record('f', noon + 60_000)],
      millisBehindLatest: 7_000,
    });
    figures.read({ records: [], millisBehindLatest: 0 });
    figures.wrote(3, 40, true);
    figures.wrote(2, 30, false);
    await figures.publish(noon + 120_000, { freshnessSeconds: 12 });
    await figures.publish(noon + 125_000, { freshnessSeconds: 0 });
    const told = sent.flatMap(({ Namespace, MetricData = [] }) =>
      MetricData.map(({ MetricName, Value, Timestamp, Dimensions }) => [
        `${Namespace ?? ''} ${MetricName ?? ''}`,
        Value,
        ((Timestamp?.getTime() ?? 0) - noon) / 1_000,
        Dimensions?.map(({ Name }) => Name).join(),
      ]),
    );
    const stream = 'StreamName';
    const delivery = 'DeliveryStreamName';
    expect(told).toEqual([
      ['AWS/Kinesis IncomingRecords', 2, 59, stream],
      ['AWS/Kinesis IncomingBytes', 5, 59, stream],
      ['AWS/Kinesis WriteProvisionedThroughputExceeded', 0, 59, stream],
      ['AWS/Kinesis IncomingRecords', 1, 60, stream],
      ['AWS/Kinesis IncomingBytes', 1, 60, stream],
      ['AWS/Kinesis WriteProvisionedThroughputExceeded', 0, 60, stream],
      ['AWS/Kinesis GetRecords.IteratorAgeMilliseconds', 7_000, 120, stream],
      ['AWS/Firehose KinesisMillisBehindLatest', 7_000, 120, delivery],
      ['AWS/Firehose DataReadFromKinesisStream.Records', 3, 120, delivery],
      ['AWS/Firehose DataReadFromKinesisStream.Bytes', 6, 120, delivery],
      ['AWS/Firehose DeliveryToS3.Success', 1, 120, delivery],
      ['AWS/Firehose DeliveryToS3.Records', 3, 120, delivery],
      ['AWS/Firehose DeliveryToS3.Bytes', 40, 120, delivery],
      ['AWS/Firehose DeliveryToS3.Success', 0, 120, delivery],
      ['AWS/Firehose DeliveryToS3.DataFreshness', 12, 120, delivery],
      ['AWS/Firehose DeliveryToS3.DataFreshness', 0, 125, delivery],
    ]);
  });
});

describe('the settings of a delivery', () => {
  it('are those of production where nothing else is said, and are refused when they are none', () => {
    const environment = {
      DELIVERY_STATE_DIR: 'd',
      DELIVERY_BUCKET: 'raw',
      DELIVERY_PREFIX: 'raw/events',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    };
    expect(readSettings(environment)).toMatchObject({
      DELIVERY_STREAM: 'ride-hailing-events',
      DELIVERY_BUFFER_SECONDS: 900,
      DELIVERY_BUFFER_BYTES: 134_217_728,
    });
    expect(() => readSettings({ ...environment, DELIVERY_BUFFER_SECONDS: 'soon' })).toThrow('DELIVERY_BUFFER_SECONDS');
  });
});
