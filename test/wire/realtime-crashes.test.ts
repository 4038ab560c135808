import { BatchExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { describe, expect, test } from 'vitest';
import type { StatementEnd } from '../../activities/redshift/activities.ts';
import { mergeSteps } from '../../activities/redshift/merge-sql.ts';
import { reconcileStatements } from '../../activities/redshift/reconcile-sql.ts';
import { statementsOf } from '../../activities/redshift/statements.ts';
import { loadCatalogue, ownTables } from '../../model/catalogue.ts';
import { plainRow, stream } from '../behaviour/stream-rows.ts';
import { nextRun, useRealtime } from './realtime-harness.ts';
import { rows, run, runBatch, TARGET } from './redshift-data-harness.ts';

const realtime = useRealtime();
const settling = loadCatalogue().get(stream.settledBy);
const day = '2025-01-18';
const at = '2025-01-19 02:00:00';

/** Everything that a merge or a reconciliation writes. */
async function state(): Promise<unknown[]> {
  const tables = [stream.warehouse.table, stream.files.table, ...Object.values(ownTables)];
  const all: unknown[] = [];
  for (const table of tables) {
    const held = await realtime.query(`SELECT * FROM ${table}`);
    all.push([table, held.map((row) => JSON.stringify(row)).sort()]);
  }
  const backups = await realtime.query(
    "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'trips_realtime_backup%'",
  );
  return [...all, backups];
}

/** Both sides of a day, and a file that no merge has taken yet: what a merge of it says, and a reconciliation. */
async function prepare() {
  await realtime.commit('2025-01-18T11', [
    plainRow('same', '2025-01-18T10:00:00Z'),
    plainRow('extra', '2025-01-18T10:10:00Z'),
    plainRow('today', '2025-01-19T00:30:00Z', { version: 3 }),
  ]);
  await realtime.merge('2025-01-19T01:00:00Z');
  await realtime.settle(day, [plainRow('same', '2025-01-18T10:00:00Z'), plainRow('missed', '2025-01-18T11:00:00Z')]);
  const file = await realtime.commit('2025-01-19T01', [
    plainRow('today', '2025-01-19T00:30:00Z', { version: 6, fare_amount: 30 }),
    plainRow('new', '2025-01-19T00:40:00Z'),
  ]);
  const step = { product: stream.key, runId: nextRun(), attempt: 1, at: '2025-01-19T02:00:00Z' };
  const { manifest } = await realtime.activities.planMerge(step);
  const bound = {
    ...{ product: stream.key, build_id: step.runId, iam_role: 'arn:aws:iam::000000000000:role/copy', at, manifest },
    ...{ start_date: day, end_date: '2025-01-19' },
  };
  const folder = file.slice(0, file.lastIndexOf('/'));
  const compile = (sql: string): string[] => statementsOf(sql, 'the test', bound);
  return {
    merge: mergeSteps(stream, settling, [{ folder, file }]).flatMap(({ sql }) => compile(sql)),
    reconcile: reconcileStatements(stream, settling, day).flatMap(compile),
  };
}

describe.each(['merge', 'reconcile'] as const)('a %s', (name) => {
  test('that ends after any of its statements has changed nothing, and is done by its next try', async () => {
    const statements = (await prepare())[name];
    const before = await state();
    for (const index of statements.keys()) {
      const cut = [...statements.slice(0, index + 1), 'SELECT 1 / 0 AS cut'];
      const { Status, Error: problem } = await runBatch(realtime.asWorker(), cut);
      expect([statements[index], Status, problem]).toEqual([
        statements[index],
        'FAILED',
        expect.stringContaining('division by zero'),
      ]);
      expect(await state(), statements[index]).toEqual(before);
    }
    expect((await runBatch(realtime.asWorker(), statements)).Status).toBe('FINISHED');
    const trips = (await realtime.trips()).map(([trip]) => trip);
    expect(trips).toEqual(name === 'merge' ? ['extra', 'new', 'same', 'today'] : ['missed', 'same', 'today']);
  });

  test('whose warehouse is killed in its middle has changed nothing, and is done by its next try', async () => {
    const statements = (await prepare())[name];
    const before = await state();
    const half = Math.ceil(statements.length / 2);
    const slow = [...statements.slice(0, half), 'SELECT pg_sleep(60)', ...statements.slice(half)];
    await realtime.asWorker().client.send(new BatchExecuteStatementCommand({ ...TARGET, Sqls: slow }));
    const active = "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'";
    while (Number((await rows(realtime.asWorker(), active))[0]?.[0]) === 0);
    await realtime.killWarehouse();
    expect(await state()).toEqual(before);
    expect((await runBatch(realtime.asWorker(), statements)).Status).toBe('FINISHED');
  });
});

test('a reconciliation whose sides stay apart rolls all of it back', async () => {
  const { reconcile } = await prepare();
  // A row of the batch that its date does not say: it would be deleted and not come back.
  await run(realtime.server, "UPDATE gold.trips SET start_time = '2025-01-19 00:00:00' WHERE trip_id = 'missed'");
  const before = await state();
  expect(await realtime.reconcile(day)).toMatchObject({
    meaning: 'failed',
    error: expect.stringContaining('division by zero'),
  });
  expect(await state()).toEqual(before);
  await run(realtime.server, "UPDATE gold.trips SET start_time = '2025-01-18 11:00:00' WHERE trip_id = 'missed'");
  expect((await runBatch(realtime.asWorker(), reconcile)).Status).toBe('FINISHED');
});

test('of merges and reconciliations of one moment each is done once, and none has lost its work', async () => {
  await prepare();
  // As their workflows do: what has lost against the other is planned anew.
  const untilItWins = async (attempt: () => Promise<StatementEnd>): Promise<StatementEnd['meaning']> => {
    for (;;) {
      const { meaning } = await attempt();
      if (meaning !== 'conflict') return meaning;
    }
  };
  const both = () =>
    Promise.all([
      untilItWins(() => realtime.merge('2025-01-19T02:00:00Z')),
      untilItWins(() => realtime.reconcile(day)),
    ]);
  const ends = [...(await both()), ...(await both()), ...(await both())];
  expect(ends.filter((meaning) => meaning !== 'done')).toEqual([]);
  expect((await realtime.trips()).map(([trip, , side, fare]) => [trip, side, fare])).toEqual([
    ['missed', 'batch', '12.50'],
    ['new', 'stream', '12.50'],
    ['same', 'batch', '12.50'],
    ['today', 'stream', '30.00'],
  ]);
  expect(await realtime.query('SELECT COUNT(*), COUNT(DISTINCT file) FROM streaming.merged_files')).toEqual([[2, 2]]);
  expect(await realtime.query('SELECT COUNT(*) FROM public.settled_dates')).toEqual([[1]]);
});
