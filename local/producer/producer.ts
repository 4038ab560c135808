import { setTimeout as delay } from 'node:timers/promises';
import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { batchesOf } from './batches.ts';
import { checkLine, type Refusal, type StreamRecord } from './check-line.ts';

export interface ProducerOptions {
  readonly kinesis: Pick<KinesisClient, 'send'>;
  readonly stream: string;
  /** Keeps what may not go into the stream. */
  readonly keepRefused: (refused: readonly Refusal[]) => Promise<void>;
  /** How often a record is sent before its failure is the caller's; each wait is up to twice as long as the one before. */
  readonly attempts?: number;
  readonly backOffMs?: number;
}

export interface Sent {
  readonly records: number;
  readonly refused: number;
  /** Records that had to be sent again. */
  readonly again: number;
}

const MAX_BACK_OFF_MS = 5_000;

export class RecordsNotPut extends Error {
  override readonly name = 'RecordsNotPut';
}

/** Puts lines into a stream, each at least once; what is no event never gets there. */
export class Producer {
  readonly #options: Required<ProducerOptions>;

  constructor(options: ProducerOptions) {
    this.#options = { attempts: 10, backOffMs: 100, ...options };
  }

  /** Resolves when every line is in the stream or kept as refused. After a failure some may be, and the caller sends all again. */
  async put(lines: readonly string[]): Promise<Sent> {
    const checked = lines.map(checkLine);
    const refused = checked.filter((line): line is Refusal => 'reason' in line);
    const records = checked.filter((line): line is StreamRecord => 'data' in line);
    if (refused.length > 0) await this.#options.keepRefused(refused);
    let again = 0;
    for (const batch of batchesOf(records)) again += await this.#send(batch);
    return { records: records.length, refused: refused.length, again };
  }

  /** Sends a batch, and of it again what a shard has not taken. Gives how many that were. */
  async #send(batch: readonly StreamRecord[]): Promise<number> {
    const { attempts, backOffMs, stream } = this.#options;
    let waiting = batch;
    let again = 0;
    for (let attempt = 1; ; attempt++) {
      const { failed, reason } = await this.#try(waiting);
      if (failed.length === 0) return again;
      if (attempt === attempts)
        throw new RecordsNotPut(
          `${failed.length} of ${batch.length} records were not taken by ${stream} in ${attempts} attempts: ${reason}`,
        );
      again += failed.length;
      waiting = failed;
      // A random wait, so that producers that were refused together do not come back together.
      await delay(Math.random() * Math.min(MAX_BACK_OFF_MS, backOffMs * 2 ** (attempt - 1)));
    }
  }

  async #try(records: readonly StreamRecord[]) {
    const { kinesis, stream: StreamName } = this.#options;
    const Records = records.map(({ partitionKey: PartitionKey, data: Data }) => ({ PartitionKey, Data }));
    const { Records: results = [] } = await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
    const failures = results.filter(({ ErrorCode }) => ErrorCode !== undefined);
    const [{ ErrorCode = '', ErrorMessage = '' } = {}] = failures;
    return {
      failed: records.filter((_, index) => results[index]?.ErrorCode !== undefined),
      reason: `${ErrorCode} ${ErrorMessage}`.trim(),
    };
  }
}
