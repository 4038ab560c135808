import { gunzipSync } from 'node:zlib';
import type { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { describe, expect, it } from 'vitest';
import { rawLines } from '../../local/generator/raw-lines.ts';
import { EDGE_REASONS } from '../../local/generator/faults.ts';
import { batchesOf, bytesOf, MAX_BATCH_BYTES } from '../../local/producer/batches.ts';
import { checkLine, MAX_RECORD_BYTES, type Refusal } from '../../local/producer/check-line.ts';
import { Producer, RecordsNotPut } from '../../local/producer/producer.ts';
import { keepRefused } from '../../local/producer/refused.ts';

const event = (changes: object = {}) => ({
  event_name: 'trip_started',
  event_id: 'evt_1',
  event_timestamp: '2025-01-18T10:30:15.234Z',
  schema_version: 'v2.1',
  app_version: 'ios-4.5.2',
  payload: { trip_id: 'trip_1', driver_id: 'drv_1', rider_id: 'rid_1' },
  ...changes,
});
const line = (changes: object = {}): string => JSON.stringify(event(changes));
const keyOf = (payload: object): string => (checkLine(line({ payload })) as { partitionKey: string }).partitionKey;
const reasonOf = (text: string): string | undefined => (checkLine(text) as Partial<Refusal>).reason;

describe('a line at the edge', () => {
  it('goes by its driver, without one by its rider, without either by itself', () => {
    expect(keyOf({ driver_id: 'drv_1', rider_id: 'rid_1' })).toBe('drv_1');
    expect(keyOf({ driver_id: null, rider_id: 'rid_1' })).toBe('rid_1');
    expect(keyOf({ driver_id: '', rider_id: 7 })).toBe('evt_1');
    expect(keyOf({ driver_id: 'd'.repeat(257) })).toBe('evt_1');
    expect((checkLine(line({ event_id: 'e'.repeat(300), payload: {} })) as { partitionKey: string }).partitionKey).toBe(
      'e'.repeat(256),
    );
  });

  it('may have members that nobody knows yet', () => {
    expect(reasonOf(line({ trace: 'x', payload: { tip: 3 } }))).toBeUndefined();
  });

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['{"event_name":', 'no JSON object'],
    ['null', 'no JSON object'],
    ['42', 'no JSON object'],
    [`[${line()}]`, 'no JSON object'],
    [line({ event_id: undefined }), 'event_id: '],
    [line({ event_id: '' }), 'event_id: '],
    [line({ event_name: null }), 'event_name: '],
    [line({ event_timestamp: null }), 'event_timestamp: '],
    [line({ event_timestamp: '2025-02-30T10:00:00.000Z' }), 'event_timestamp: '],
    [line({ event_timestamp: '2025-01-18T10:30:15.234+01:00' }), 'event_timestamp: '],
    [line({ schema_version: '2.1' }), 'schema_version: expected v<number>.<number>'],
    [line({ app_version: 4 }), 'app_version: '],
    [line({ payload: '{}' }), 'payload: '],
    [line({ event_id: 1, payload: null }), 'event_id: '],
    [line().replace('{', '{\n'), 'more than one line'],
    [line({ payload: { text: 'x'.repeat(MAX_RECORD_BYTES) } }), ' bytes, more than the 1048576 of a record'],
  ])('is refused with its reason: %.40s', (text, reason) => {
    expect(reasonOf(text)).toContain(reason);
  });

  it('is told all that is wrong with it at once', () => {
    expect(reasonOf(line({ event_id: 1, payload: null }))).toMatch(/event_id: .*; payload: /);
  });

  it('may be as large as a record with its key, and no byte larger', () => {
    const key = Buffer.byteLength('drv_1');
    const padded = (bytes: number): string => {
      const bare = line({ payload: { driver_id: 'drv_1', text: '' } });
      return line({ payload: { driver_id: 'drv_1', text: 'x'.repeat(bytes - bare.length) } });
    };
    expect(reasonOf(padded(MAX_RECORD_BYTES - key))).toBeUndefined();
    expect(reasonOf(padded(MAX_RECORD_BYTES - key + 1))).toContain('1048577 bytes');
  });

  it('is refused exactly where the generator says so', () => {
    const mishaps = { duplicateSoon: 0, duplicateLater: 0, late: 0, fastClock: 0, faulty: 0.5 };
    const seen = new Set<string>();
    for (const { text, outcome } of rawLines({ start: '2025-01-18', tripsPerDay: 300, mishaps })) {
      const reason = outcome.kind === 'quarantined' ? outcome.reason : undefined;
      expect(reasonOf(text) !== undefined, `${reason ?? 'whole'}: ${text.slice(0, 200)}`).toBe(
        reason !== undefined && EDGE_REASONS.has(reason),
      );
      seen.add(reason ?? 'whole');
    }
    expect(seen.size).toBe(9);
  });
});

describe('a batch', () => {
  const record = (bytes: number) => ({ partitionKey: 'k', data: Buffer.alloc(bytes - 1) });

  it('has at most 500 records, in their order', () => {
    const records = Array.from({ length: 1_201 }, () => record(10));
    const batches = [...batchesOf(records)];
    expect(batches.map(({ length }) => length)).toEqual([500, 500, 201]);
    expect(batches.flat()).toEqual(records);
  });

  it('has at most 5 MiB, keys included', () => {
    const batches = [
      ...batchesOf([...Array.from({ length: 5 }, () => record(MAX_RECORD_BYTES)), record(1), record(9)]),
    ];
    expect(batches.map(({ length }) => length)).toEqual([5, 2]);
    expect(batches[0]?.reduce((sum, each) => sum + bytesOf(each), 0)).toBe(MAX_BATCH_BYTES);
    expect([...batchesOf([])]).toEqual([]);
  });
});

/** A stream that refuses some records of each call. */
function stream(refuses: (record: string, call: number) => boolean) {
  const calls: string[][] = [];
  const send = async ({ input }: PutRecordsCommand) => {
    const { Records = [] } = input;
    const ids = Records.map(({ Data }) => (JSON.parse(String(Data)) as { event_id: string }).event_id);
    const call = calls.push(ids);
    return {
      Records: ids.map((id) =>
        refuses(id, call)
          ? { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded for shard' }
          : { SequenceNumber: '1', ShardId: 'shardId-000000000000' },
      ),
    };
  };
  return { calls, kinesis: { send } as unknown as KinesisClient };
}

describe('a producer', () => {
  const lines = ['a', 'b', 'c', 'd'].map((id) => line({ event_id: id }));
  const over = (kinesis: KinesisClient, attempts = 5, kept: Refusal[] = []) =>
    new Producer({
      ...{ kinesis, stream: 'events', attempts, backOffMs: 1 },
      keepRefused: async (refused) => {
        kept.push(...refused);
      },
    });

  it('sends again only the records that were not taken', async () => {
    const { calls, kinesis } = stream((id, call) => (id === 'b' && call < 3) || (id === 'd' && call < 2));
    expect(await over(kinesis).put(lines)).toEqual({ records: 4, refused: 0, again: 3 });
    expect(calls).toEqual([['a', 'b', 'c', 'd'], ['b', 'd'], ['b']]);
  });

  it('gives up loudly, and says how many and why', async () => {
    const { calls, kinesis } = stream((id) => id === 'c');
    await expect(over(kinesis, 3).put(lines)).rejects.toThrow(
      new RecordsNotPut(
        '1 of 4 records were not taken by events in 3 attempts: ProvisionedThroughputExceededException Rate exceeded for shard',
      ),
    );
    expect(calls).toHaveLength(3);
  });

  it('keeps what is no event out of the stream, before it sends the rest', async () => {
    const { calls, kinesis } = stream(() => false);
    const kept: Refusal[] = [];
    expect(await over(kinesis, 1, kept).put(['no event', ...lines])).toEqual({ records: 4, refused: 1, again: 0 });
    expect(kept).toEqual([{ line: 'no event', reason: 'no JSON object' }]);
    expect(calls).toHaveLength(1);
    await over(kinesis, 1, kept).put(['']);
    expect(calls).toHaveLength(1);
  });

  it('writes what it refuses beside raw events, with its reason', async () => {
    const put: [string, Buffer][] = [];
    const now = Date.UTC(2025, 0, 18, 3, 59, 59);
    await keepRefused(
      async (key, body) => {
        put.push([key, body]);
      },
      () => now,
    )([
      { line: 'a\nb', reason: 'more than one line' },
      { line: '', reason: 'empty' },
    ]);
    const [[key, body]] = put as [[string, Buffer]];
    expect(key).toMatch(
      /^raw\/errors\/events\/refused\/year=2025\/month=01\/day=18\/hour=03\/refused-[-0-9a-f]{36}\.json\.gz$/,
    );
    const rows = gunzipSync(body).toString().trimEnd().split('\n');
    expect(rows.map((row) => JSON.parse(row) as unknown)).toEqual([
      { refused_at: '2025-01-18T03:59:59.000Z', reason: 'more than one line', line: 'a\nb' },
      { refused_at: '2025-01-18T03:59:59.000Z', reason: 'empty', line: '' },
    ]);
  });
});
