import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3ContentLocation } from '@aws-sdk/client-kinesis-analytics-v2';
import type { Validated } from '../wire/index.ts';
import type { S3Access } from './settings.ts';

export type Code = Validated<S3ContentLocation>;

const request = ({ BucketARN, FileKey, ObjectVersion }: Code) => ({
  Bucket: BucketARN.replace(/^arn:[^:]*:s3:::/, ''),
  Key: FileKey,
  ...(ObjectVersion !== undefined && { VersionId: ObjectVersion }),
});

/** The service's side of S3: the code of applications, and the bucket of its own with their checkpoints and snapshots. */
export class Objects {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor({ endpoint, region, accessKeyId, secretAccessKey }: S3Access, bucket: string) {
    this.#client = new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true });
    this.#bucket = bucket;
  }

  async ensureBucket(): Promise<void> {
    try {
      await this.#client.send(new CreateBucketCommand({ Bucket: this.#bucket }));
    } catch (error) {
      if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
    }
  }

  /** Whether the code is there. */
  async hasCode(code: Code): Promise<boolean> {
    try {
      await this.#client.send(new HeadObjectCommand(request(code)));
      return true;
    } catch (error) {
      // A bucket that is not there is told as a missing object.
      if (error instanceof Error && error.name === 'NotFound') return false;
      throw error;
    }
  }

  async downloadCode(code: Code, file: string): Promise<void> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand(request(code)));
      if (!(Body instanceof Readable)) throw new Error('the object has no body');
      await pipeline(Body, createWriteStream(file));
    } catch (error) {
      throw new Error(`The code ${code.BucketARN}/${code.FileKey} could not be read: ${String(error)}`, { cause: error });
    }
  }

  /** Flink's address of a place in the bucket. */
  uri(path: string): string {
    return `s3://${this.#bucket}/${path}`;
  }

  /** The folder of the newest of a job's checkpoints that is complete; undefined if it has none. */
  async newestCheckpoint(jobId: string): Promise<string | undefined> {
    const complete = (await this.#keys(`${checkpointsOf(jobId)}/`)).flatMap((key) => {
      const [folder, number] = /^.*\/chk-(\d+)(?=\/_metadata$)/.exec(key) ?? [];
      return folder === undefined ? [] : [{ folder, number: Number(number) }];
    });
    const newest = complete.toSorted((a, b) => a.number - b.number).at(-1);
    return newest && this.uri(newest.folder);
  }

  /** The snapshot in a folder, if it is complete: Flink writes `_metadata` last. */
  async completeSnapshot(id: string): Promise<string | undefined> {
    const metadata = (await this.#keys(`${snapshotFolder(id)}/`)).find((key) => key.endsWith('/_metadata'));
    return metadata && this.uri(metadata.slice(0, -'/_metadata'.length));
  }

  /** Deletes everything below a folder of the bucket. */
  async deleteFolder(path: string): Promise<void> {
    const keys = await this.#keys(`${path}/`);
    const atOnce = 1000;
    for (let from = 0; from < keys.length; from += atOnce) {
      const Objects = keys.slice(from, from + atOnce).map((Key) => ({ Key }));
      await this.#client.send(new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects } }));
    }
  }

  async #keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const page of paginateListObjectsV2({ client: this.#client }, { Bucket: this.#bucket, Prefix: prefix }))
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
    return keys;
  }

  close(): void {
    this.#client.destroy();
  }
}

/** Flink itself puts a job's checkpoints into a folder with its id. */
export const checkpointsOf = (jobId: string): string => `checkpoints/${jobId}`;
export const snapshotFolder = (id: string): string => `snapshots/${id}`;
