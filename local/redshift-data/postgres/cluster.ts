import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { assertReachable, namespacePrefix, unprivilegedAccount } from './account.ts';
import type { Account } from './account.ts';
import { freePort } from '../../ports.ts';
import { binaries } from './binaries.ts';
import { endOrphan } from './orphan.ts';

/** A running PostgreSQL server on 127.0.0.1. */
export interface Cluster {
  readonly port: number;
  readonly password: string;
  /** Resolves when the server process has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Rolls back what runs, closes the connections and waits until every process of the server is gone. */
  stop(): Promise<void>;
}

/** The owner of all objects that statements create; not a superuser, as in Redshift. */
export const ADMIN = 'admin';
/** What users of IAM roles have in common: the service notes on their connections what became of their statements. */
export const ROLE_USERS = 'role_users';
/** The read-only role for psql and BI tools. */
export const ANALYST = 'analyst';
export const SUPERUSER = 'postgres';

const START_TIMEOUT_MS = 60_000;

// Loopback only, and the analyst reads only: a password would protect nothing that the files' owner lacks.
const HOST_RULES = `host all ${ANALYST} 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n`;

/** Starts PostgreSQL on its data folder, which is created on the first start. */
export async function startCluster(dataDir: string, wantedPort: number): Promise<Cluster> {
  const folder = resolve(dataDir, 'postgres');
  mkdirSync(dataDir, { recursive: true });
  const prefix = namespacePrefix(folder);
  const account = prefix.length > 0 ? undefined : unprivilegedAccount(folder);
  if (account !== undefined) chmodSync(dataDir, 0o711);
  const { initdb, postgres } = binaries();
  assertReachable(resolve(dataDir), account);
  assertReachable(dirname(postgres), account);
  await endOrphan(folder);
  const password = readPassword(join(dataDir, 'password'));
  if (!existsSync(folder)) await initialise([...prefix, initdb], folder, password, account);
  writeFileSync(join(folder, 'pg_hba.conf'), HOST_RULES);
  const port = wantedPort === 0 ? await freePort() : wantedPort;
  const log = join(dataDir, 'postgres.log');
  const server = spawnServer([...prefix, postgres], folder, port, log, account);
  const ended = new Promise<void>((done) =>
    server.once('exit', () => {
      done();
    }),
  );
  await waitUntilReady(server, port, password, log);
  return { port, password, ended, stop: () => stopServer(server, ended) };
}

function spawnServer(
  postgres: readonly string[],
  folder: string,
  port: number,
  log: string,
  account?: Account,
): ChildProcess {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    TimeZone: 'UTC',
    log_timezone: 'UTC',
    max_connections: '200',
    // A laptop's disk: fewer, larger checkpoints make bulk loads cheaper.
    max_wal_size: '4GB',
    // As Redshift joins what is equal: of a table that nobody has analysed yet PostgreSQL would go through all pairs.
    enable_nestloop: 'off',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const output = openSync(log, 'a', 0o600);
  const [command = '', ...before] = postgres;
  const server = spawn(command, [...before, '-D', folder, '-p', String(port), ...flags], {
    ...account,
    // Its own group: Ctrl-C in the terminal reaches us first, and we stop it in order.
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  return server;
}

async function initialise(
  initdb: readonly string[],
  folder: string,
  password: string,
  account?: Account,
): Promise<void> {
  // Made aside and renamed, so that a start killed half-way leaves nothing that looks like a cluster.
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  if (account !== undefined) chownSync(fresh, account.uid, account.gid);
  const passwordFile = join(dirname(folder), `initdb-${randomBytes(6).toString('hex')}`);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  try {
    const flags = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${SUPERUSER}`];
    await run(initdb, [`--pgdata=${fresh}`, `--pwfile=${passwordFile}`, ...flags], account);
    renameSync(fresh, folder);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function run(program: readonly string[], args: readonly string[], account?: Account): Promise<void> {
  const [command = '', ...before] = program;
  const child = spawn(command, [...before, ...args], { ...account, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const code = await new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  if (code !== 0) throw new Error(`${program.join(' ')} failed (${String(code)}): ${errors.trim()}`);
}

async function waitUntilReady(server: ChildProcess, port: number, password: string, log: string): Promise<void> {
  const failure = new Promise<Error>((done) => server.once('error', done));
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ host: '127.0.0.1', port, user: SUPERUSER, password, database: 'postgres' });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      const reason = await Promise.race([failure, sleep(50, undefined)]);
      if (reason !== undefined) throw reason;
      if (server.exitCode !== null || Date.now() > deadline) {
        server.kill('SIGQUIT');
        throw new Error(`PostgreSQL did not start, see ${log}:\n${lastLines(log)}`, { cause: error });
      }
    }
  }
}

function lastLines(path: string): string {
  return readFileSync(path, 'utf8').trim().split('\n').slice(-5).join('\n');
}

async function stopServer(server: ChildProcess, ended: Promise<void>): Promise<void> {
  // SIGINT is PostgreSQL's fast shutdown: it rolls back, writes a checkpoint and needs no recovery afterwards.
  if (server.exitCode === null && server.signalCode === null) server.kill('SIGINT');
  await ended;
}

function readPassword(path: string): string {
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(path, 'utf8').trim();
}
