import { createHash } from 'node:crypto';
import { HeadObjectCommand, NotFound, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { GeneratorOptions } from '../../local/generator/options.ts';
import { type WriteSummary, writeRaw } from '../../local/generator/write-raw.ts';

/** Puts an object into a bucket. */
export const putInto =
  (client: S3Client, bucket: string) =>
  async (key: string, body: Uint8Array): Promise<void> => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  };

/** Lands a generated day of events, unless the very same ones were landed before. Returns null then. */
export async function landGenerated(
  client: S3Client,
  bucket: string,
  options: GeneratorOptions,
): Promise<WriteSummary | null> {
  const digest = createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 16);
  const marker = { Bucket: bucket, Key: `landed/${digest}.json` };
  try {
    await client.send(new HeadObjectCommand(marker));
    return null;
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
  }
  const summary = await writeRaw(options, { put: putInto(client, bucket) });
  await client.send(new PutObjectCommand({ ...marker, Body: JSON.stringify({ options, summary }) }));
  return summary;
}
