import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  paginateListObjectsV2,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';

export interface StoredObject {
  readonly url: string;
  readonly sizeBytes: number;
}

/** What COPY and UNLOAD need of S3, in s3:// URLs. */
export class ObjectStore {
  private readonly s3: S3Client;

  constructor(s3: S3Client) {
    this.s3 = s3;
  }

  async list(prefixUrl: string, signal: AbortSignal): Promise<StoredObject[]> {
    const { bucket, key } = locate(prefixUrl);
    const found: StoredObject[] = [];
    const pages = paginateListObjectsV2({ client: this.s3 }, { Bucket: bucket, Prefix: key }, { abortSignal: signal });
    for await (const page of pages) {
      for (const object of page.Contents ?? []) {
        found.push({ url: `s3://${bucket}/${object.Key ?? ''}`, sizeBytes: object.Size ?? 0 });
      }
    }
    return found;
  }

  /** Undefined when there is no such object. */
  async sizeOf(url: string, signal: AbortSignal): Promise<number | undefined> {
    const { bucket, key } = locate(url);
    try {
      const head = await this.s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
      return head.ContentLength ?? 0;
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  async readText(url: string, signal: AbortSignal): Promise<string> {
    const { bucket, key } = locate(url);
    const answer = await this.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
    return (await answer.Body?.transformToString()) ?? '';
  }

  async download(url: string, path: string, signal: AbortSignal): Promise<void> {
    const { bucket, key } = locate(url);
    const answer = await this.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
    if (!(answer.Body instanceof Readable)) throw new Error(`S3 sent no content for ${url}`);
    await pipeline(answer.Body, createWriteStream(path), { signal });
  }

  async upload(path: string, url: string, signal: AbortSignal): Promise<void> {
    const { bucket, key } = locate(url);
    const upload = { Bucket: bucket, Key: key, Body: createReadStream(path), ContentLength: statSync(path).size };
    await this.s3.send(new PutObjectCommand(upload), { abortSignal: signal });
  }
}

function locate(url: string): { bucket: string; key: string } {
  const parts = /^s3:\/\/([^/]+)\/(.*)$/s.exec(url);
  if (parts?.[1] === undefined || parts[2] === undefined) throw new Error(`${url} is not an s3://bucket/key URL`);
  return { bucket: parts[1], key: parts[2] };
}
