import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Settings } from './settings.ts';

interface Location {
  readonly bucket: string;
  readonly key: string;
}

const parseUri = (uri: string): Location => {
  const [, bucket, key] = /^s3a?:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  if (bucket === undefined || key === undefined) throw new Error(`${uri} is not an address in S3`);
  return { bucket, key };
};

/** Files of job runs in S3: what they need comes down, what they wrote goes up. */
export class Objects {
  readonly #client: S3Client;

  constructor(settings: Settings) {
    this.#client = new S3Client({
      endpoint: settings.s3Endpoint,
      region: settings.region,
      credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
      forcePathStyle: true,
    });
  }

  /** Downloads an object into a folder of its own, so that equal names do not meet; returns the file. */
  async download(uri: string, folder: string): Promise<string> {
    const { bucket, key } = parseUri(uri);
    await mkdir(folder, { recursive: true });
    const file = join(folder, basename(key));
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if (!(Body instanceof Readable)) throw new Error('the object has no body');
      await pipeline(Body, createWriteStream(file));
    } catch (error) {
      throw new Error(`${uri} could not be read: ${String(error)}`, { cause: error });
    }
    return file;
  }

  /** Uploads a file, compressed. */
  async uploadGzip(file: string, uri: string): Promise<void> {
    const { bucket, key } = parseUri(uri);
    const chunks: Buffer[] = [];
    await pipeline(createReadStream(file), createGzip(), async (source: AsyncIterable<Buffer>) => {
      for await (const chunk of source) chunks.push(chunk);
    });
    await this.#client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.concat(chunks) }));
  }

  close(): void {
    this.#client.destroy();
  }
}
