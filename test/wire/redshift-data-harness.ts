import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import {
  BatchExecuteStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  paginateGetStatementResult,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import type { DescribeStatementResponse, ExecuteStatementInput, Field } from '@aws-sdk/client-redshift-data';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll } from 'vitest';
import { access } from './access.ts';
import { LocalS3 } from './local-s3.ts';

export const TARGET = { WorkgroupName: 'tideline', Database: 'lakehouse' };
export const BUCKET = 'warehouse-test';

export interface Address {
  readonly listening: string;
  readonly postgres: { readonly host: string; readonly port: number; readonly user: string; readonly database: string };
}

export interface Server extends Address {
  readonly process: ChildProcess;
  readonly client: RedshiftDataClient;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** A folder that PostgreSQL's account can enter even when the tests run as root. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'redshift-data-test-'));
  chmodSync(path, 0o755);
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A client with an access key, by default that of the owner of all tables. */
export function clientOf(address: Address, accessKeyId = access.credentials.accessKeyId): RedshiftDataClient {
  return new RedshiftDataClient({
    endpoint: address.listening,
    region: access.region,
    credentials: { ...access.credentials, accessKeyId },
  });
}

export async function startRedshift(dataDir: string, variables: Record<string, string> = {}): Promise<Server> {
  const child = spawn(process.execPath, [resolve('local/redshift-data/main.ts')], {
    env: {
      ...process.env,
      REDSHIFT_DATA_DIR: dataDir,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('redshift-data ended before it was ready'))),
  ])) as [string];
  const address = JSON.parse(line) as Address;
  const client = clientOf(address);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    client.destroy();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return { ...address, process: child, client, stop };
}

/** A service for the tests of a file. */
export function useRedshift(): { readonly folder: string; server: Server } {
  const folder = temporaryFolder();
  const used = { folder: folder.path } as { readonly folder: string; server: Server };
  beforeAll(async () => {
    used.server = await startRedshift(folder.path);
  });
  afterAll(async () => {
    await used.server.stop();
    folder.remove();
  });
  return used;
}

export interface Storage {
  readonly endpoint: string;
  put(key: string, body: string | Buffer): Promise<number>;
  /** Writes what a DuckDB query gives as one Parquet file; answers its size in bytes. */
  putParquet(key: string, query: string): Promise<number>;
  stop(): Promise<void>;
}

/** Starts an S3 with one bucket. */
export async function startStorage(): Promise<Storage> {
  const s3 = await LocalS3.start();
  await s3.createBucket(BUCKET);
  const put = async (key: string, body: string | Buffer): Promise<number> => {
    await s3.put(BUCKET, key, body);
    return Buffer.byteLength(body);
  };
  return {
    endpoint: s3.url,
    put,
    putParquet: async (key, query) => put(key, await parquet(query)),
    stop: () => s3.stop(),
  };
}

async function parquet(query: string): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'parquet-'));
  const instance = await DuckDBInstance.create(':memory:');
  const db = await instance.connect();
  try {
    await db.run(`COPY (${query}) TO '${join(folder, 'rows.parquet')}' (FORMAT parquet)`);
    return readFileSync(join(folder, 'rows.parquet'));
  } finally {
    db.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function url(key: string): string {
  return `s3://${BUCKET}/${key}`;
}

type Extra = Partial<ExecuteStatementInput>;

/** Starts one statement; gives its id. */
export async function submit(server: Server, sql: string, extra: Extra = {}): Promise<string> {
  const target = extra.SessionId === undefined ? TARGET : {};
  const { Id } = await server.client.send(new ExecuteStatementCommand({ ...target, Sql: sql, ...extra }));
  return Id ?? '';
}

/** Runs one statement to its end. */
export async function run(server: Server, sql: string, extra: Extra = {}): Promise<DescribeStatementResponse> {
  return settled(server, await submit(server, sql, extra));
}

/** Runs a batch to its end. */
export async function runBatch(server: Server, sqls: string[]): Promise<DescribeStatementResponse> {
  const { Id } = await server.client.send(new BatchExecuteStatementCommand({ ...TARGET, Sqls: sqls }));
  return settled(server, Id);
}

async function settled(server: Server, id: string | undefined): Promise<DescribeStatementResponse> {
  for (;;) {
    const described = await server.client.send(new DescribeStatementCommand({ Id: id, WaitTimeSeconds: 30 }));
    if (!['SUBMITTED', 'PICKED', 'STARTED'].includes(described.Status ?? '')) return described;
  }
}

/** The rows of a query as plain values. */
export async function rows(server: Server, sql: string, extra: Extra = {}): Promise<unknown[][]> {
  const described = await run(server, sql, extra);
  if (described.Status !== 'FINISHED') throw new Error(described.Error);
  const found: unknown[][] = [];
  for await (const { Records = [] } of paginateGetStatementResult({ client: server.client }, { Id: described.Id }))
    found.push(...Records.map((record) => record.map(plain)));
  return found;
}

export function plain(field: Field): unknown {
  const [value] = Object.values(field).filter((member) => member !== undefined);
  return field.isNull === true ? null : (value as unknown);
}
