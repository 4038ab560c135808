import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createRealtimeActivities, type RealtimeActivities } from '../../activities/realtime/activities.ts';
import {
  createRedshiftActivities,
  type RedshiftActivities,
  type StatementEnd,
} from '../../activities/redshift/activities.ts';
import { backupOf } from '../../activities/redshift/reconcile-sql.ts';
import { applyWarehouse } from '../../deployment/warehouse.ts';
import { loadCatalogue, ownTables } from '../../model/catalogue.ts';
import { shiftInterval } from '../../model/intervals.ts';
import type { Stream } from '../../model/product.ts';
import type { Merged, ReconcileInput, StreamDate } from '../../model/messages/realtime.ts';
import { parquetOf, streamParquet, type StreamRow } from '../../local/generator/stream-parquet.ts';
import { stream } from '../behaviour/stream-rows.ts';
import { LocalS3 } from './local-s3.ts';
import { clientOf, rows, run, type Server, startRedshift, temporaryFolder } from './redshift-data-harness.ts';

export const bucket = 'lake';
const workerRole = 'tideline-worker';
const catalogue = loadCatalogue();
const target = { workgroup: 'tideline', database: 'lakehouse' };

/** A warehouse with the tables of streams, a lake for their files, and a worker. */
export interface Realtime {
  server: Server;
  s3: LocalS3;
  activities: RealtimeActivities;
  /** What the ledger was told of last. */
  recorded: readonly StreamDate[];
  /** Dates that were asked to be reconciled again. */
  reconciledAgain: string[];
  /** Commits a file of the stream into an hour's folder; gives its key. */
  commit(hour: string, told: readonly StreamRow[]): Promise<string>;
  /** Merges what is new, as of a time; gives how the batch ended and what it did. */
  merge(at: string): Promise<StatementEnd & Omit<Merged, 'foreign' | 'refused'>>;
  reconcile(date: string): Promise<StatementEnd>;
  /** How a batch has ended. */
  ended(statementId: string): Promise<StatementEnd>;
  /** Puts rows of the batch into its table, as a load would. */
  settle(date: string, told: readonly StreamRow[]): Promise<void>;
  /** What readers see: trip, date, state, fare; in the order of trips. */
  trips(): Promise<unknown[][]>;
  /** What was kept of the stream's rows of a date, trip and fare, as the worker, whose they are, reads it. */
  backup(date: string): Promise<unknown[][]>;
  query(sql: string): Promise<unknown[][]>;
  /** The warehouse as the worker reaches it. */
  asWorker(): Server;
  /** Ends the warehouse like a power cut, and starts it again. */
  killWarehouse(): Promise<void>;
}

let steps = 0;
let files = 0;

export const nextRun = (): string => `stream/test/${(steps += 1)}`;

/** For the tests of a file; each begins with empty tables. Files and merges are those of `kept`. */
export function useRealtime(kept: Stream = stream): Realtime {
  const folder = temporaryFolder();
  const used = { recorded: [], reconciledAgain: [] } as unknown as Realtime;
  let redshift: RedshiftActivities;
  const ended = (statementId: string): Promise<StatementEnd> =>
    new MockActivityEnvironment().run(() => redshift.awaitStatement({ statementId }));
  used.ended = ended;
  used.commit = async (hour, told) => {
    const key = `${kept.files.folder}/dt=${hour.slice(0, 10)}/hh=${hour.slice(11)}/part-${(files += 1)}.parquet`;
    await used.s3.put(bucket, key, await streamParquet(kept, told));
    return key;
  };
  used.merge = async (at) => {
    const step = { product: kept.key, runId: nextRun(), attempt: 1, at };
    const { manifest, files: count } = await used.activities.planMerge(step);
    const none = { rows: 0, late: 0, merged: 0, purged: 0 };
    if (count === 0) return { meaning: 'done', error: '', rowCount: 0, files: 0, ...none };
    const { statementId, counts } = await used.activities.submitMerge({ ...step, manifest });
    const end = await ended(statementId);
    const of = (name: keyof typeof none): number => end.rowCounts?.[counts.indexOf(name)] ?? -1;
    return { ...end, files: count, rows: of('rows'), late: of('late'), merged: of('merged'), purged: of('purged') };
  };
  used.reconcile = async (date) => {
    const known = await used.activities.lookAtDate({ product: stream.key, date });
    const step = { product: stream.key, runId: nextRun(), attempt: 1, date, isSettled: Boolean(known?.settled) };
    return ended((await used.activities.submitReconciliation(step)).statementId);
  };
  used.settle = async (date, told) => {
    const { columns } = catalogue.get('gold.trips');
    const held = told.map((row) => ({ ...row, processing_timestamp: `${date}T23:59:59Z` }));
    const body = await parquetOf(columns, held);
    const folder = `_staging/gold.trips/${(files += 1)}`;
    await used.s3.put(bucket, `${folder}/part-0.parquet`, body);
    const url = `s3://${bucket}/${folder}/part-0.parquet`;
    const entries = [{ url, mandatory: true, meta: { content_length: body.length } }];
    await used.s3.put(bucket, `${folder}/manifest.json`, JSON.stringify({ entries }));
    const load = { product: 'gold.trips', start: date, end: shiftInterval('date', date, 1) };
    const manifest = `s3://${bucket}/${folder}/manifest.json`;
    // As builds do: what has lost against a merge is tried again.
    for (let meaning = 'conflict'; meaning === 'conflict';) {
      const token = `gold.trips/${(steps += 1)}`;
      const submit = () => redshift.submitLoad({ ...load, token, buildId: token, manifest });
      const { statementId } = await new MockActivityEnvironment().run<[], { statementId: string }, typeof submit>(
        submit,
      );
      const end = await ended(statementId);
      if (end.meaning === 'failed') throw new Error(end.error);
      ({ meaning } = end);
    }
  };
  used.asWorker = () => ({ ...used.server, client: clientOf(used.server, workerRole) });
  used.query = (sql) => rows(used.server, sql);
  used.backup = (date) =>
    rows(used.asWorker(), `SELECT trip_id, fare_amount FROM ${backupOf(stream, date)} ORDER BY trip_id`);
  used.trips = () =>
    used.query(
      `SELECT trip_id, trip_date, CASE WHEN data_state = 'provisional' THEN 'stream' ELSE 'batch' END, fare_amount
       FROM public.trips ORDER BY trip_id, trip_date`,
    );

  const startWarehouse = async (): Promise<void> => {
    used.server = await startRedshift(folder.path, {
      AWS_ENDPOINT_URL: used.s3.url,
      REDSHIFT_DATA_ROLES: workerRole,
    });
    const client = clientOf(used.server, workerRole);
    const config = { ...target, copyRoleArn: 'arn:aws:iam::000000000000:role/copy', longPollSeconds: 20 };
    redshift = createRedshiftActivities(client, catalogue, config);
    const orchestrator = {
      reconcileOnce: async (_: string, { date = '' }: ReconcileInput): Promise<void> => {
        used.reconciledAgain.push(date);
      },
    };
    const ledger = {
      record: async (_: string, dates: readonly StreamDate[]): Promise<void> => {
        used.recorded = dates;
      },
    };
    used.activities = createRealtimeActivities(used.s3.client, client, ledger, catalogue, orchestrator, {
      ...config,
      lakeUri: `s3://${bucket}`,
    });
  };
  used.killWarehouse = async () => {
    await used.server.stop('SIGKILL');
    await startWarehouse();
  };

  beforeAll(async () => {
    used.s3 = await LocalS3.start();
    await used.s3.createBucket(bucket);
    await startWarehouse();
    await applyWarehouse({ client: used.server.client, ...target }, catalogue, workerRole);
  });
  afterAll(async () => {
    await used.server.stop();
    await used.s3.stop();
    folder.remove();
  });
  beforeEach(async () => {
    const { guards: _, ...own } = ownTables;
    const tables = [...Object.values(own), kept.warehouse.table, kept.files.table, 'gold.trips', 'meta.loads'];
    for (const table of tables) await run(used.server, `DELETE FROM ${table}`);
    const backups = await used.query(
      `SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'trips_realtime_backup%'`,
    );
    for (const [name] of backups) await run(used.asWorker(), `DROP TABLE public.${String(name)}`);
    await used.s3.clear(bucket);
  });
  return used;
}
