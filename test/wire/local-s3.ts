import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { freePort } from '../../local/ports.ts';
import { tools } from '../tools.ts';
import { access } from './access.ts';

const POLL_MS = 50;

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });

/** A local S3 for one test file. */
export class LocalS3 {
  readonly url: string;
  readonly client: S3Client;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, process: ChildProcess, folder: string) {
    this.url = url;
    this.#process = process;
    this.#folder = folder;
    this.client = new S3Client({ ...access, endpoint: url, forcePathStyle: true });
  }

  static async start(): Promise<LocalS3> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'local-s3-'));
    const child = spawn(tools.ministack, {
      env: {
        ...process.env,
        BIND_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        IOT_MTLS_ENABLED: '0',
        S3_PERSIST: '1',
        S3_DATA_DIR: folder,
        STATE_DIR: folder,
      },
      stdio: 'ignore',
    });
    const s3 = new LocalS3(`http://127.0.0.1:${String(port)}`, child, folder);
    for (;;) {
      if (child.exitCode !== null) throw new Error('the local S3 ended');
      const answer = await fetch(s3.url).catch(() => undefined);
      if (answer !== undefined) return s3;
      await delay(POLL_MS);
    }
  }

  async createBucket(bucket: string): Promise<void> {
    await this.client.send(new CreateBucketCommand({ Bucket: bucket }));
  }

  async put(bucket: string, key: string, body: string | Uint8Array): Promise<string> {
    await this.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    return `s3://${bucket}/${key}`;
  }

  /** Deletes every object of a bucket. */
  async clear(bucket: string): Promise<void> {
    for (const Key of await this.keys(bucket, ''))
      await this.client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  }

  async keys(bucket: string, prefix: string): Promise<string[]> {
    const listed = await this.client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
    return (listed.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
  }

  /** Waits for an object that is on its way. */
  async get(bucket: string, key: string): Promise<Uint8Array> {
    for (let tries = 0; tries < 100; tries += 1) {
      const answer = await this.client
        .send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        .catch((error: unknown) => {
          if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
          throw error;
        });
      const bytes = await answer?.Body?.transformToByteArray();
      if (bytes !== undefined) return bytes;
      await delay(POLL_MS);
    }
    throw new Error(`s3://${bucket}/${key} did not appear`);
  }

  /** It answers nothing while `use` goes on; afterwards all that it was asked. */
  async whileSilent<T>(use: () => Promise<T>): Promise<T> {
    this.#process.kill('SIGSTOP');
    try {
      return await use();
    } finally {
      this.#process.kill('SIGCONT');
    }
  }

  async stop(): Promise<void> {
    this.client.destroy();
    const gone = ended(this.#process);
    this.#process.kill('SIGTERM');
    await gone;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
