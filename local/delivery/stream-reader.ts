import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type ShardIteratorType,
} from '@aws-sdk/client-kinesis';
import type { Position } from './checkpoint.ts';

/** As many records of 5 KB as a call of AWS gives at most, 10 MiB. */
const RECORDS_A_CALL = 2_000;
const HOUR_MS = 3_600_000;

export interface ReadRecord extends Position {
  readonly data: Uint8Array;
}

export interface Read {
  readonly records: readonly ReadRecord[];
  readonly millisBehindLatest: number;
}

export interface StreamIdentity {
  readonly createdAtMs: number;
  readonly retentionMs: number;
}

/** Reads a stream, each time from a record on: an iterator of the emulator counts records, and is wrong once old ones expire. */
export class StreamReader {
  readonly #kinesis: KinesisClient;
  readonly #stream: string;

  constructor(kinesis: KinesisClient, stream: string) {
    this.#kinesis = kinesis;
    this.#stream = stream;
  }

  async identity(): Promise<StreamIdentity> {
    const { StreamDescriptionSummary } = await this.#kinesis.send(
      new DescribeStreamSummaryCommand({ StreamName: this.#stream }),
    );
    const { StreamCreationTimestamp, RetentionPeriodHours = 24 } = StreamDescriptionSummary ?? {};
    return { createdAtMs: StreamCreationTimestamp?.getTime() ?? 0, retentionMs: RetentionPeriodHours * HOUR_MS };
  }

  async shards(): Promise<string[]> {
    const found: string[] = [];
    let NextToken: string | undefined;
    do {
      // A token stands for the stream's name.
      const input = NextToken === undefined ? { StreamName: this.#stream } : { NextToken };
      const answer = await this.#kinesis.send(new ListShardsCommand(input));
      found.push(...(answer.Shards ?? []).map(({ ShardId = '' }) => ShardId));
      NextToken = answer.NextToken;
    } while (NextToken !== undefined);
    return found;
  }

  /** What comes after a record, or all that the shard still has. */
  read(shard: string, after?: Position): Promise<Read> {
    return after === undefined
      ? this.#from(shard, 'TRIM_HORIZON', undefined, RECORDS_A_CALL)
      : this.#from(shard, 'AFTER_SEQUENCE_NUMBER', after.sequenceNumber, RECORDS_A_CALL);
  }

  /** Whether the shard still has this very record. */
  async has(shard: string, { sequenceNumber }: Position): Promise<boolean> {
    const { records } = await this.#from(shard, 'AT_SEQUENCE_NUMBER', sequenceNumber, 1);
    return records[0]?.sequenceNumber === sequenceNumber;
  }

  async #from(ShardId: string, type: ShardIteratorType, StartingSequenceNumber: string | undefined, Limit: number) {
    const { ShardIterator } = await this.#kinesis.send(
      new GetShardIteratorCommand({
        ...{ StreamName: this.#stream, ShardId, ShardIteratorType: type },
        ...(StartingSequenceNumber !== undefined && { StartingSequenceNumber }),
      }),
    );
    const { Records = [], MillisBehindLatest = 0 } = await this.#kinesis.send(
      new GetRecordsCommand({ ShardIterator, Limit }),
    );
    const records = Records.map(({ SequenceNumber = '', ApproximateArrivalTimestamp, Data = new Uint8Array() }) => ({
      sequenceNumber: SequenceNumber,
      arrivedAtMs: ApproximateArrivalTimestamp?.getTime() ?? Date.now(),
      data: Data,
    }));
    return { records, millisBehindLatest: MillisBehindLatest };
  }
}
