import { errorTypeRegistries } from '@aws-sdk/client-redshift-data';
import { S3Client } from '@aws-sdk/client-s3';
import pg from 'pg';
import { createAwsServer } from '../wire/index.ts';
import { operations } from './api/operations.ts';
import type { Config } from './config.ts';
import { Engine } from './engine/engine.ts';
import { StatementStore } from './engine/store.ts';
import { ObjectStore } from './load/object-store.ts';
import { bootstrap } from './postgres/bootstrap.ts';
import { ANALYST, startCluster, SUPERUSER } from './postgres/cluster.ts';
import type { Cluster } from './postgres/cluster.ts';

const FORGET_EVERY_MS = 3_600_000;

/** Where the service can be reached; printed once it is ready. */
export interface Address {
  readonly listening: string;
  readonly postgres: { readonly host: string; readonly port: number; readonly user: string; readonly database: string };
}

export interface RunningService {
  readonly address: Address;
  /** Resolves when PostgreSQL has ended. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

type OnDefect = (error: unknown, operation: string | undefined) => void;

/** Starts PostgreSQL, then the API in front of it. */
export async function startService(config: Config, onDefect: OnDefect): Promise<RunningService> {
  const cluster = await startCluster(config.dataDir, config.postgresPort);
  try {
    await bootstrap(cluster, config.database);
    return await serve(config, cluster, onDefect);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function serve(config: Config, cluster: Cluster, onDefect: OnDefect): Promise<RunningService> {
  const warehouse = { host: '127.0.0.1', port: cluster.port, password: cluster.password, database: config.database };
  const pool = new pg.Pool({ ...warehouse, user: SUPERUSER, max: 10 });
  let stopping = false;
  pool.on('error', (error) => {
    // An idle connection may still be closing when PostgreSQL stops.
    if (!stopping) onDefect(error, undefined);
  });
  const store = await StatementStore.open(pool);
  const s3 = new S3Client({
    region: config.region,
    forcePathStyle: true,
    ...(config.s3Endpoint === undefined ? {} : { endpoint: config.s3Endpoint }),
  });
  const objects = new ObjectStore(s3);
  const { concurrency, maxActiveStatements, roles, workgroup, database } = config;
  const engine = new Engine({ warehouse, store, objects, control: pool, concurrency, onDefect });
  const api = await createAwsServer({
    service: 'redshift-data',
    protocol: 'awsJson1_1',
    errors: errorTypeRegistries,
    operations: operations({ engine, store, catalog: pool, workgroup, database, roles, maxActiveStatements }),
    port: config.apiPort,
    onDefect,
  });
  const forget = setInterval(() => {
    store.forgetOld().catch((error: unknown) => {
      onDefect(error, undefined);
    });
  }, FORGET_EVERY_MS);
  const stop = async (): Promise<void> => {
    stopping = true;
    clearInterval(forget);
    await api.close();
    await engine.stop();
    await pool.end();
    s3.destroy();
    await cluster.stop();
  };
  const postgres = { host: '127.0.0.1', port: cluster.port, user: ANALYST, database };
  return { address: { listening: api.url, postgres }, ended: cluster.ended, stop };
}
