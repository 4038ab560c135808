import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  NotFound,
  paginateListObjectsV2,
  S3Client,
  type _Object,
} from '@aws-sdk/client-s3';
import type { Settings } from './settings.ts';

/** Keys that one call deletes at the most. */
const DELETED_AT_ONCE = 1000;

/** What the service keeps in S3, and code that it reads there. */
export class Objects {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(settings: Settings) {
    this.#bucket = settings.MANAGED_FLINK_BUCKET;
    this.#client = new S3Client({
      endpoint: settings.AWS_ENDPOINT_URL,
      region: settings.AWS_REGION,
      credentials: { accessKeyId: settings.AWS_ACCESS_KEY_ID, secretAccessKey: settings.AWS_SECRET_ACCESS_KEY },
      forcePathStyle: true,
    });
  }

  async ensureBucket(): Promise<void> {
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.#bucket }));
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
      await this.#client.send(new CreateBucketCommand({ Bucket: this.#bucket }));
    }
  }

  /** The address of something in the service's bucket, as Flink takes it. */
  uri(key: string): string {
    return `s3://${this.#bucket}/${key}`;
  }

  /** Keeps a copy of an object; gives its size. */
  async download(
    location: { bucketArn: string; fileKey: string; objectVersion?: string },
    file: string,
  ): Promise<{ bytes: number }> {
    const Bucket = location.bucketArn.replace(/^arn:[^:]+:s3:::/, '');
    const { Body } = await this.#client.send(
      new GetObjectCommand({ Bucket, Key: location.fileKey, VersionId: location.objectVersion }),
    );
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
    return { bytes: bytes.byteLength };
  }

  /**
   * Of the checkpoints or savepoints below a key the newest that is complete, or undefined: the one whose metadata, which
   * Flink writes last, was written last.
   */
  async newestComplete(key: string): Promise<string | undefined> {
    const found = (await this.#list(key)).filter(({ Key = '' }) => Key.endsWith('/_metadata'));
    const newest = found.toSorted((a, b) => (checkpointOf(a) ?? 0) - (checkpointOf(b) ?? 0)).at(-1);
    return newest?.Key === undefined ? undefined : this.uri(newest.Key.replace(/\/_metadata$/, ''));
  }

  /** Deletes all that lies below a key. */
  async deleteBelow(key: string): Promise<void> {
    const found = await this.#list(key);
    for (let start = 0; start < found.length; start += DELETED_AT_ONCE) {
      const Objects = found.slice(start, start + DELETED_AT_ONCE).map(({ Key }) => ({ Key }));
      const { Errors = [] } = await this.#client.send(
        new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } }),
      );
      if (Errors[0]) throw new Error(`${Errors[0].Key ?? key} could not be deleted: ${Errors[0].Message ?? ''}`);
    }
  }

  async #list(key: string): Promise<_Object[]> {
    const pages = paginateListObjectsV2({ client: this.#client }, { Bucket: this.#bucket, Prefix: `${key}/` });
    const found: _Object[] = [];
    for await (const { Contents = [] } of pages) found.push(...Contents);
    return found;
  }

  close(): void {
    this.#client.destroy();
  }
}

const checkpointOf = ({ Key = '' }: _Object): number | undefined => {
  const digits = /\/chk-(\d+)\/_metadata$/.exec(Key)?.[1];
  return digits === undefined ? undefined : Number(digits);
};
