import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  ValidationException,
} from '@aws-sdk/client-redshift-data';
import { expect, test } from 'vitest';
import { rows, run, startRedshift, TARGET, useRedshift } from './redshift-data-harness.ts';

const redshift = useRedshift();

async function insert(table: string, n: number): Promise<string> {
  const Sql = `INSERT INTO ${table} SELECT ${n} FROM (SELECT pg_sleep(${(n % 5) / 1000})) AS delay`;
  const { Id } = await redshift.server.client.send(new ExecuteStatementCommand({ ...TARGET, Sql }));
  return Id ?? '';
}

async function statusOf(id: string): Promise<string> {
  const { Status } = await redshift.server.client.send(new DescribeStatementCommand({ Id: id, WaitTimeSeconds: 30 }));
  return Status ?? '';
}

async function cancel(id: string): Promise<void> {
  try {
    await redshift.server.client.send(new CancelStatementCommand({ Id: id }));
  } catch (error) {
    // It had ended before.
    if (!(error instanceof ValidationException)) throw error;
  }
}

/** The numbers whose statements say FINISHED, and those that are in the table. */
async function compare(table: string, ids: ReadonlyMap<number, string>): Promise<[number[], number[]]> {
  const finished: number[] = [];
  for (const [n, id] of ids) if ((await statusOf(id)) === 'FINISHED') finished.push(n);
  const stored = await rows(redshift.server, `SELECT n FROM ${table} ORDER BY n`);
  return [finished.sort((a, b) => a - b), stored.map(([n]) => Number(n))];
}

test('whenever a cancel comes, a statement is FINISHED exactly when its rows are there', async () => {
  await run(redshift.server, 'CREATE TABLE raced (n INTEGER)');
  const ids = new Map<number, string>();

  for (let n = 0; n < 60; n += 1) {
    const id = await insert('raced', n);
    ids.set(n, id);
    await sleep(n % 12);
    await cancel(id);
  }

  const [finished, stored] = await compare('raced', ids);
  expect(stored).toEqual(finished);
  expect(finished.length).toBeLessThan(60);
});

test('whenever the service is killed, a statement is FINISHED exactly when its rows are there', async () => {
  await run(redshift.server, 'CREATE TABLE crashed (n INTEGER)');
  const ids = new Map<number, string>();
  let next = 0;

  for (let crash = 0; crash < 3; crash += 1) {
    for (const end = next + 60; next < end; next += 1) ids.set(next, await insert('crashed', next));
    await redshift.server.stop('SIGKILL');
    redshift.server = await startRedshift(redshift.folder);
  }

  const [finished, stored] = await compare('crashed', ids);
  expect(stored).toEqual(finished);
  const statuses = await Promise.all([...ids.values()].map(statusOf));
  expect(new Set(statuses)).toEqual(new Set(['FINISHED', 'FAILED']));
});
