import { randomUUID } from 'node:crypto';
import { hourFolder } from '../generator/raw-parts.ts';

/** Counts the changes of a delivery stream's settings in AWS; here there are none. */
const version = 1;

/**
 * Where a buffer goes: the folder of the hour in which its oldest record came in, and the name that Firehose gives:
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
 */
export function objectKey(prefix: string, deliveryStream: string, oldestMs: number, id: string = randomUUID()): string {
  const time = new Date(oldestMs).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-');
  return `${hourFolder(prefix, oldestMs)}/${deliveryStream}-${version}-${time}-${id}.json.gz`;
}
