import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { Command } from 'commander';
import { createRealtimeActivities } from '../../activities/realtime/activities.ts';
import { finished, query, type Warehouse } from '../../activities/redshift/query.ts';
import { submitBatch } from '../../activities/redshift/batches.ts';
import { putInto } from '../../cli/laptop/land.ts';
import { createProgress, type Progress, table } from '../../cli/terminal.ts';
import { applyWarehouse } from '../../deployment/warehouse.ts';
import { awsEmulator, awsVariables } from '../../local/aws-emulator.ts';
import { announcement } from '../../local/platform.ts';
import { freePort } from '../../local/ports.ts';
import { buckets, ensureBuckets, workerRole } from '../../local/provision.ts';
import { Supervisor } from '../../local/supervisor.ts';
import { loadCatalogue, streamOf } from '../../model/catalogue.ts';
import type { Stream } from '../../model/product.ts';
import { ProcessMeter } from '../airflow/process-meter.ts';

const date = '2025-01-18';
const at = `${date}T23:59:00Z`;
const files = 20;
const catalogue = loadCatalogue();
const stream = streamOf(catalogue, undefined);

interface Measured {
  readonly work: string;
  readonly trips: number;
  readonly seconds: number;
  readonly cpu: number;
}

/** `npm run bench -- realtime`: what a merge of so many trips, and a reconciliation of a day of them, cost the local warehouse. */
export async function main(root: string, args: readonly string[]): Promise<void> {
  const { trips } = new Command()
    .name('npm run bench -- realtime')
    .option(
      '--trips <counts>',
      'of days with so many trips',
      (text) => text.split(',').map(Number),
      [100_000, 1_000_000],
    )
    .parse([...args], { from: 'user' })
    .opts<{ trips: number[] }>();
  const progress = createProgress();
  const measured: Measured[] = [];
  for (const count of trips) measured.push(...(await measureDay(root, count, progress)));
  progress.end();
  const names = ['', 'trips', 'seconds', 'CPU-s', 'µs of CPU a trip', 'beside a plain COPY'];
  const rows = measured.map(({ work, trips: count, seconds, cpu }) => {
    const copy = measured.find((each) => each.trips === count);
    const ratio = cpu / (copy?.cpu ?? cpu);
    return [work, count, seconds.toFixed(1), cpu.toFixed(1), ((1e6 * cpu) / count).toFixed(1), ratio.toFixed(1)];
  });
  console.log(`\n${table(names, rows)}`);
}

async function measureDay(root: string, count: number, progress: Progress): Promise<Measured[]> {
  const folder = join(root, '.tideline', 'bench', 'realtime');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const supervisor = new Supervisor(folder);
  const meter = new ProcessMeter();
  try {
    const { warehouse, s3 } = await startWarehouse(root, folder, supervisor);
    await applyWarehouse(warehouse, catalogue, workerRole);
    progress.step(`A day of ${count.toLocaleString('en-US')} trips, in ${files} files`);
    await writeFiles(folder, s3, count);
    const config = { ...warehouse, copyRoleArn: 'arn:aws:iam::000000000000:role/copy', longPollSeconds: 20 };
    const activities = createRealtimeActivities(
      s3,
      warehouse.client,
      { record: async () => undefined },
      catalogue,
      { reconcileOnce: async () => undefined },
      { ...config, lakeUri: `s3://${buckets.lake}` },
    );
    const measured: Measured[] = [];
    const measure = async (work: string, submit: () => Promise<{ statementId: string }>): Promise<void> => {
      progress.step(work);
      const end = meter.begin();
      await finished(warehouse, (await submit()).statementId, work);
      const { wallSeconds, cpuSeconds } = end();
      measured.push({ work, trips: count, seconds: wallSeconds, cpu: cpuSeconds });
    };
    const batch = (name: string, statements: string[]) => submitBatch(warehouse, { name, statements, token: name });
    const step = { product: stream.key, runId: `${stream.key}/bench/${count}`, at };
    const merge = async (attempt: number) => {
      const { manifest } = await activities.planMerge({ ...step, attempt });
      return activities.submitMerge({ ...step, attempt, manifest });
    };
    const plan = await activities.planMerge({ ...step, attempt: 1 });
    await measure('a plain COPY of the files', () =>
      batch('copy', [
        `COPY ${stream.files.table} FROM '${plan.manifest}' IAM_ROLE '${config.copyRoleArn}' FORMAT AS PARQUET MANIFEST`,
      ]),
    );
    await measure('a merge of the whole day', () => merge(1));
    // What comes next is a hundredth: the trips of some minutes, of which half are known.
    await writeFiles(folder, s3, count / 100, count - count / 200);
    await measure('a merge of a hundredth into it', () => merge(2));
    await finished(warehouse, (await batch('gold', [batchRows(stream)])).statementId, 'the rows of the batch');
    const { runId } = step;
    await measure('a reconciliation of the day', () =>
      activities.submitReconciliation({ product: stream.key, runId, date, isSettled: false, attempt: 1 }),
    );
    const [settled] = await query(warehouse, 'SELECT stream_count, batch_count FROM public.settled_dates');
    progress.tick(`settled: ${settled?.stream_count} trips of the stream, ${settled?.batch_count} of the batch`);
    return measured;
  } finally {
    meter.stop();
    await supervisor.stop();
  }
}

async function startWarehouse(
  root: string,
  folder: string,
  supervisor: Supervisor,
): Promise<{ warehouse: Warehouse; s3: S3Client }> {
  const port = await freePort();
  const aws = awsVariables(`http://127.0.0.1:${port}`);
  await supervisor.start(awsEmulator(root, port, folder, aws));
  Object.assign(process.env, aws);
  const redshift = await supervisor.start({
    name: 'redshift-data',
    command: process.execPath,
    args: [join(root, 'local/redshift-data/main.ts')],
    env: { ...aws, REDSHIFT_DATA_DIR: join(folder, 'redshift') },
    isReady: (stdout) => announcement(stdout) !== undefined,
    readyTimeoutMs: 60_000,
  });
  const s3 = new S3Client({ forcePathStyle: true });
  await ensureBuckets(s3);
  const endpoint = String(announcement(redshift.readyOutput)?.listening);
  const client = new RedshiftDataClient({ endpoint });
  return { warehouse: { client, workgroup: 'tideline', database: 'lakehouse' }, s3 };
}

/** Files of so many trips from a number on, spread over the day; every thousandth has a fare of its own. */
async function writeFiles(folder: string, s3: S3Client, count: number, first = 0): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const db = await instance.connect();
  const put = putInto(s3, buckets.lake);
  const known: Readonly<Record<string, string>> = {
    trip_id: "'trip_' || i",
    driver_id: "'driver_' || (i % 50000)",
    rider_id: "'rider_' || (i % 400000)",
    city_id: "['london', 'paris', 'berlin', 'new_york', 'sao_paulo'][i % 5 + 1]",
    vehicle_type: "'car'",
    start_time: 'start',
    end_time: "start + INTERVAL '12 minutes'",
    requested_at: "start - INTERVAL '5 minutes'",
    assigned_at: "start - INTERVAL '3 minutes'",
    start_lat: '51.5 + i % 1000 / 10000.0',
    start_lon: '-0.1',
    fare_amount: '10 + i % 40',
    surge_multiplier: '1.2',
    duration_seconds: '720',
    status: "'COMPLETED'",
    is_completed: 'true',
    is_suspicious: 'false',
    surge_applied: 'false',
    event_count: '5',
    location_updates: '0',
    trip_date: `DATE '${date}'`,
    version: first === 0 ? '5' : '6',
    emitted_at: "start + INTERVAL '13 minutes'",
    is_final: 'false',
  };
  const columns = stream.files.columns.map(({ name, physicalType }) => {
    const type = { string: 'VARCHAR', int: 'INTEGER' }[physicalType] ?? physicalType.toUpperCase();
    return `CAST(${known[name] ?? 'NULL'} AS ${type}) AS ${name}`;
  });
  try {
    for (let part = 0; part < files; part++) {
      const file = join(folder, `part-${part}.parquet`);
      const from = first + Math.floor((count * part) / files);
      const to = first + Math.floor((count * (part + 1)) / files);
      await db.run(
        `COPY (SELECT ${columns.join(', ')} FROM (
           SELECT i, TIMESTAMP '${date} 00:00:00' + INTERVAL (i * 86400000 // ${Math.max(count, first + count)}) MILLISECOND AS start
           FROM range(${from}, ${to}) AS numbers(i)
         )) TO '${file}' (FORMAT parquet)`,
      );
      await put(`${stream.files.folder}/dt=${date}/hh=23/part-${first}-${part}.parquet`, readFileSync(file));
    }
  } finally {
    db.closeSync();
    instance.closeSync();
  }
}

/** The batch's rows: those of the stream, but that every thousandth has another fare. */
function batchRows({ warehouse }: Stream): string {
  return `
INSERT INTO gold.trips (
    trip_id, driver_id, rider_id, city_id, vehicle_type, requested_at, assigned_at, start_time, end_time, start_lat,
    start_lon, end_lat, end_lon, fare_amount, surge_multiplier, duration_seconds, status, is_completed, is_suspicious,
    surge_applied, event_count, trip_date, processing_timestamp
)
SELECT
    trip_id, driver_id, rider_id, city_id, vehicle_type, requested_at, assigned_at, start_time, end_time, start_lat,
    start_lon, end_lat, end_lon,
    CASE WHEN trip_id LIKE '%000' THEN fare_amount + 1 ELSE fare_amount END,
    surge_multiplier, duration_seconds, status, TRUE, FALSE, FALSE, 5, CAST(start_time AS DATE), GETDATE()
FROM ${warehouse.table}`;
}
