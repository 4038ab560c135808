import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { CommittedFile } from '../lake/stream-files.ts';

/** What COPY reads: which files, and that each has to be there. */
const manifestSchema = z.object({
  entries: z.array(
    z.object({ url: z.url(), mandatory: z.literal(true), meta: z.object({ content_length: z.int().positive() }) }),
  ),
});

const placeOf = (uri: string) => {
  const { hostname: Bucket, pathname } = new URL(uri);
  return { Bucket, Key: pathname.slice(1) };
};

/** The files of a merge, as it was planned once; null when it was not yet. */
export async function readManifest(s3: S3Client, uri: string): Promise<CommittedFile[] | null> {
  try {
    const { Body } = await s3.send(new GetObjectCommand(placeOf(uri)));
    const { entries } = manifestSchema.parse(JSON.parse((await Body?.transformToString()) ?? ''));
    return entries.map(({ url, meta }) => {
      const { Key: file } = placeOf(url);
      return { folder: file.slice(0, file.lastIndexOf('/')), file, bytes: meta.content_length };
    });
  } catch (error) {
    if (error instanceof NoSuchKey) return null;
    throw error;
  }
}

export async function writeManifest(
  s3: S3Client,
  uri: string,
  bucket: string,
  files: readonly CommittedFile[],
): Promise<void> {
  const entries = files.map(({ file, bytes }) => ({
    url: `s3://${bucket}/${file}`,
    mandatory: true,
    meta: { content_length: bytes },
  }));
  await s3.send(new PutObjectCommand({ ...placeOf(uri), Body: JSON.stringify({ entries }) }));
}
