import type { StreamRecord } from './check-line.ts';

/** Of one call: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html */
export const MAX_BATCH_RECORDS = 500;
export const MAX_BATCH_BYTES = 5 * 1_048_576;

export const bytesOf = ({ partitionKey, data }: StreamRecord): number => data.length + Buffer.byteLength(partitionKey);

/** Records in their order, in as few calls as take them. */
export function* batchesOf(records: Iterable<StreamRecord>): Generator<StreamRecord[], void, undefined> {
  let batch: StreamRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const more = bytesOf(record);
    if (batch.length === MAX_BATCH_RECORDS || (batch.length > 0 && bytes + more > MAX_BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}
