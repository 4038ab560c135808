import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, expect, test } from 'vitest';
import { openLedger } from '../../workers/clients.ts';
import { recoverLedger } from '../../cli/laptop/recover-ledger.ts';
import { openSession, type Session } from '../../cli/laptop/session.ts';
import { execute } from '../../deployment/warehouse.ts';
import { buckets, ledgerTable } from '../../local/provision.ts';
import { root } from '../tools.ts';
import { publishedBuild } from '../workflow/memory-ledger.ts';

const product = 'gold.trips';
const folder = mkdtempSync(join(tmpdir(), 'tideline-power-cut-'));

let session: Session;
afterAll(async () => {
  await session.close();
  await rm(folder, { recursive: true, force: true });
});

/** What a build leaves behind: its commit, its rows' load and its record. */
async function build(version: number, date: string, next: string): Promise<void> {
  const at = new Date();
  const told = publishedBuild(product, { start: date, end: next }, { buildId: `b/${version}`, generation: version });
  const { buildId, generation, codeVersion, inputVersions, intervals } = told;
  const newestEvents = { [date]: `${date}T23:58:00.000Z` };
  const kept = { product, buildId, generation, sequence: version, codeVersion, inputVersions, intervals, newestEvents };
  const userMetadata = JSON.stringify({ ...kept, quality: { score: 1, checks: [] } });
  const actions = [
    { commitInfo: { timestamp: at.getTime(), operation: 'WRITE', userMetadata } },
    { add: { partitionValues: { trip_date: date }, dataChange: true } },
  ];
  const Key = `gold/trips/_delta_log/${String(version).padStart(20, '0')}.json`;
  const Body = actions.map((action) => JSON.stringify(action)).join('\n');
  await session.platform.s3.send(new PutObjectCommand({ Bucket: buckets.lake, Key, Body }));
  const load = `INSERT INTO meta.loads VALUES ('${product}', '${date}', '${next}', '${buildId}', 8, GETDATE())`;
  await execute(session.warehouse, [load], 'The note of a load');
  const record = { ...told, newestEvents, outputVersion: version, at: at.toISOString(), costUsd: 0.5 };
  await openLedger(ledgerTable).publish(record);
}

const known = async () =>
  (await openLedger(ledgerTable).records(product, '2025-01-01', '2025-02-01')).map(({ interval, published }) => [
    interval,
    published?.buildId,
    published?.newestEvent,
    published?.costUsd,
    published?.loaded?.rows,
  ]);

test('the ledger is made anew from the tables and the warehouse after a power cut, once', async () => {
  session = await openSession({ root, folder });
  const { catalogue, warehouse, platform } = session;
  const told: string[] = [];
  const recover = () =>
    recoverLedger(
      { ledger: openLedger(ledgerTable), client: platform.s3, bucket: buckets.lake, catalogue, warehouse },
      (text) => told.push(text),
    );
  await build(0, '2025-01-17', '2025-01-18');
  await recover();
  expect(told).toEqual([]);
  // A clean stop saves the ledger; the cut takes what it is told afterwards.
  await platform.supervisor.restart('aws', 'SIGTERM');
  await build(1, '2025-01-18', '2025-01-19');
  await platform.supervisor.restart('aws', 'SIGKILL');
  expect(await known()).toHaveLength(1);
  await recover();
  await recover();
  expect(told).toEqual(['The ledger was older than gold.trips, as after a power cut: made anew from the tables']);
  expect(await known()).toEqual([
    ['2025-01-17', 'b/0', '2025-01-17T23:58:00.000Z', 0.5, 8],
    ['2025-01-18', 'b/1', '2025-01-18T23:58:00.000Z', null, 8],
  ]);
  expect((await openLedger(ledgerTable).changes(product, '2025-01-18', '2025-01-18')).get('2025-01-18')?.version).toBe(
    1,
  );
});
