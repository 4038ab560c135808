import { z } from 'zod';

/** Of a record, its key included: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html */
export const MAX_RECORD_BYTES = 1_048_576;
const MAX_KEY_CHARACTERS = 256;

/** Unknown members are the apps' business, here and in the payload: drift is reported, not refused. */
const envelopeSchema = z.looseObject({
  event_name: z.string().min(1),
  event_id: z.string().min(1),
  event_timestamp: z.iso.datetime({ precision: 3 }),
  schema_version: z.string().regex(/^v\d+\.\d+$/, 'expected v<number>.<number>'),
  app_version: z.string().min(1),
  payload: z.looseObject({}),
});

/** A line that may go into the stream. */
export interface StreamRecord {
  readonly partitionKey: string;
  readonly data: Buffer;
}

/** A line that may not, and why. */
export interface Refusal {
  readonly line: string;
  readonly reason: string;
}

/** What becomes of a line: events of one driver share a shard, those without a driver go by their rider. */
export function checkLine(line: string): StreamRecord | Refusal {
  if (line.trim() === '') return { line, reason: 'empty' };
  // The delivery ends a record with a line feed, and each line of its files is read as one event.
  if (line.includes('\n')) return { line, reason: 'more than one line' };
  const parsed = envelopeSchema.safeParse(jsonOf(line));
  if (!parsed.success) return { line, reason: problemsOf(parsed.error) };
  const { event_id: eventId, payload } = parsed.data;
  const partitionKey = [payload.driver_id, payload.rider_id].find(isKey) ?? eventId.slice(0, MAX_KEY_CHARACTERS);
  const data = Buffer.from(line);
  const bytes = data.length + Buffer.byteLength(partitionKey);
  if (bytes > MAX_RECORD_BYTES)
    return { line, reason: `${bytes} bytes, more than the ${MAX_RECORD_BYTES} of a record` };
  return { partitionKey, data };
}

const isKey = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= MAX_KEY_CHARACTERS;

/** The value that a line is; undefined where it is none. */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined; // It is told as every other thing that is no object.
  }
}

const problemsOf = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : 'no JSON object')).join('; ');
