import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';

export interface DeliveredFile {
  readonly key: string;
  readonly lines: readonly string[];
}

/** The files below a prefix, each with its lines. */
export async function deliveredFiles(client: S3Client, Bucket: string, Prefix: string): Promise<DeliveredFile[]> {
  const files: DeliveredFile[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix }))
    for (const { Key = '' } of Contents) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      const text = gunzipSync((await Body?.transformToByteArray()) ?? '').toString();
      if (!text.endsWith('\n')) throw new Error(`${Key} does not end with a line`);
      files.push({ key: Key, lines: text.slice(0, -1).split('\n') });
    }
  return files;
}

/** How often each line is there. */
export function copiesOf(lines: Iterable<string>): Map<string, number> {
  const copies = new Map<string, number>();
  for (const line of lines) copies.set(line, (copies.get(line) ?? 0) + 1);
  return copies;
}
