import type { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import type { S3Client } from '@aws-sdk/client-s3';
import { DateTime } from 'luxon';
import { batchOf, type Catalogue, settledStream, settledStreamOf, streamOf } from '../../model/catalogue.ts';
import { intervalKey, type IntervalRange, intervalStart, shiftInterval } from '../../model/intervals.ts';
import { reconciliation } from '../../model/cadences.ts';
import type {
  Reconciliation,
  StreamComparison,
  StreamDate,
  StreamPlan,
  StreamTable,
} from '../../model/messages/realtime.ts';
import type { StreamDates } from '../ledger/stream-dates.ts';
import type { Orchestrator } from '../orchestrator.ts';
import { submitBatch } from '../redshift/batches.ts';
import type { RedshiftConfig } from '../redshift/activities.ts';
import { mergeSteps, refuseSql, type Step } from '../redshift/merge-sql.ts';
import { oldBackups, reconcileStatements } from '../redshift/reconcile-sql.ts';
import { query } from '../redshift/query.ts';
import { statementsOf } from '../redshift/statements.ts';
import { isSettled } from '../../model/product.ts';
import { citiesOf, compareRows, isExact, tripsOf } from './comparison.ts';
import { readManifest, writeManifest } from './manifests.ts';
import { newFiles } from './new-files.ts';
import { mayHaveChanged, newestOf, streamDates } from './stream-dates.ts';

/** A batch has 40 statements at the most, and each may note some hundred files. */
const mostFilesOfBatch = 6000;

/** Files that one batch merges. */
export interface PlannedMerge {
  readonly manifest: string;
  readonly files: number;
  /** Whether there are more than one batch may take. */
  readonly isLast: boolean;
  /** Objects in the stream's folders that no merge reads. */
  readonly foreign: number;
  /** Whether the stream has written nothing that could be merged, for days. */
  readonly isIdle: boolean;
}

interface MergeStep extends StreamPlan {
  /** ISO-8601. */
  readonly at: string;
  /** Of the batches of this run. */
  readonly attempt: number;
}

interface PlanningStep extends MergeStep {
  /** Fewer than a batch may take, to find out which of them is broken. */
  readonly mostFiles?: number | undefined;
}

/** A batch that runs; what the rows that each of its statements changes are. */
export interface Submitted {
  readonly statementId: string;
  readonly counts: readonly (NonNullable<Step['counts']> | null)[];
}

/** Of one batch: https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_BatchExecuteStatement.html */
const mostStatements = 40;

/** When a date's own reconciliation begins: the next day's. */
const settledFrom = (date: string): number =>
  intervalStart(shiftInterval('date', date, 1))
    .plus({ minutes: reconciliation.firesAfterMinutes })
    .toMillis();

const sqlTime = (at: string): string => DateTime.fromISO(at, { zone: 'utc' }).toFormat('yyyy-MM-dd HH:mm:ss');

/** What keeps a stream's table: files are merged into it, the batch's rows take the place of the stream's. */
export function createRealtimeActivities(
  s3: S3Client,
  client: RedshiftDataClient,
  ledger: Pick<StreamDates, 'record'>,
  catalogue: Catalogue,
  orchestrator: Pick<Orchestrator, 'reconcileOnce'>,
  config: RedshiftConfig & { readonly lakeUri: string },
) {
  const { lakeUri, copyRoleArn } = config;
  const warehouse = { client, ...config };
  const settlingOf = (product: string) => {
    const stream = settledStreamOf(catalogue, product);
    return { stream, settling: catalogue.get(stream.settledBy) };
  };
  const values = ({ product, runId }: StreamPlan) => ({ product, build_id: runId, iam_role: copyRoleArn });

  return {
    /** Finds what no merge has taken, and writes down what this batch takes: the same, however often it is asked. */
    async planMerge({ product, runId, attempt, at, mostFiles }: PlanningStep): Promise<PlannedMerge> {
      const manifest = `${lakeUri}/_staging/${runId}/${attempt}/manifest.json`;
      const found = await newFiles(s3, warehouse, lakeUri, streamOf(catalogue, product), at);
      const planned = await readManifest(s3, manifest);
      const files = planned ?? found.files.slice(0, mostFiles ?? mostFilesOfBatch);
      if (!planned && files.length > 0) await writeManifest(s3, manifest, new URL(lakeUri).hostname, files);
      const isLast = files.length >= found.files.length;
      return { manifest, files: files.length, isLast, foreign: found.foreign.length, isIdle: found.isIdle };
    },

    /** Starts the batch that writes down why the one file of a manifest cannot be merged; idempotent on run and attempt. */
    async submitRefusal({
      manifest,
      problem,
      ...step
    }: StreamPlan & { readonly attempt: number; readonly manifest: string; readonly problem: string }): Promise<{
      statementId: string;
      file: string;
    }> {
      const [file] = (await readManifest(s3, manifest)) ?? [];
      if (!file) throw new Error(`${manifest} names no file`);
      const statements = statementsOf(refuseSql(file, problem), `A file of ${step.product}`, values(step));
      const batch = { name: `refuse ${step.product}`, statements, token: `${step.runId}/refusal/${step.attempt}` };
      return { ...(await submitBatch(warehouse, batch)), file: file.file };
    },

    /** Starts the batch that merges the files of a manifest; idempotent on run and attempt. */
    async submitMerge({ manifest, ...step }: MergeStep & { readonly manifest: string }): Promise<Submitted> {
      const stream = streamOf(catalogue, step.product);
      const settling = isSettled(stream) ? catalogue.get(stream.settledBy) : undefined;
      const files = (await readManifest(s3, manifest)) ?? [];
      const steps = mergeSteps(stream, settling, files);
      const bound = { ...values(step), manifest, at: sqlTime(step.at) };
      const statements = steps.flatMap(({ sql }) => statementsOf(sql, `The merge of ${step.product}`, bound));
      const batch = { name: `merge ${step.product}`, statements, token: `${step.runId}/merge/${step.attempt}` };
      const { statementId } = await submitBatch(warehouse, batch);
      return { statementId, counts: steps.map(({ counts }) => counts ?? null) };
    },

    /** Starts the batch that lets the batch's rows of a date take the place of the stream's; idempotent on run and attempt. */
    async submitReconciliation(
      step: StreamPlan & { readonly date: string; readonly isSettled: boolean; readonly attempt: number },
    ): Promise<{ statementId: string }> {
      const { product, runId, date, isSettled, attempt } = step;
      const { stream, settling } = settlingOf(product);
      const bound = { ...values(step), start_date: date, end_date: shiftInterval('date', date, 1) };
      const statements = reconcileStatements(stream, settling, date, isSettled).flatMap((sql) =>
        statementsOf(sql, `The reconciliation of ${product} ${date}`, bound),
      );
      return submitBatch(warehouse, { name: `reconcile ${product} ${date}`, statements, token: `${runId}/${attempt}` });
    },

    /** Starts the batch that drops backups that are old enough; null where there are none. Idempotent on run and attempt. */
    async submitBackupDrops({
      product,
      runId,
      attempt,
    }: StreamPlan & { readonly attempt: number }): Promise<{ statementId: string } | null> {
      const stream = settledStreamOf(catalogue, product);
      const [schema = ''] = stream.warehouse.table.split('.');
      const known = await query(warehouse, 'SELECT tablename FROM pg_tables WHERE schemaname = :schema', { schema });
      const names = known.map(({ tablename }) => String(tablename));
      const old = oldBackups(stream, names, intervalKey('date', DateTime.utc())).slice(0, mostStatements);
      if (old.length === 0) return null;
      const statements = old.map((table) => `DROP TABLE IF EXISTS ${table}`);
      return submitBatch(warehouse, { name: `backups ${product}`, statements, token: `${runId}/backups/${attempt}` });
    },

    /**
     * The batch has other rows of dates [start, end) now: has those settled again that the stream's table still holds, and
     * those that no reconciliation has settled by the time at which one should have.
     */
    async reconcileAgain({
      product: settling,
      start,
      end,
      buildId,
    }: { product: string; buildId: string } & IntervalRange): Promise<string[]> {
      const stream = settledStream(catalogue, settling);
      if (!stream) return [];
      const dates = (await streamDates(warehouse, stream)).filter(({ date }) => date >= start && date < end);
      const wanted = dates.filter(({ date, isLive, rows, settled }) =>
        isLive ? Date.now() > settledFrom(date) : settled !== null && rows > 0,
      );
      for (const { date } of wanted)
        await orchestrator.reconcileOnce(`reconcile/${stream.key}/${date}/after/${buildId}`, {
          product: stream.key,
          date,
        });
      return wanted.map(({ date }) => date);
    },

    /** What a reconciliation has found of a date, and whether readers have the batch's rows of it now. */
    async readReconciliation({
      product,
      date,
    }: {
      product: string;
      date: string;
    }): Promise<Pick<Reconciliation, 'settled' | 'cities' | 'trips'> & { readonly isExact: boolean }> {
      const { stream, settling } = settlingOf(product);
      const range = { start: date, end: shiftInterval('date', date, 1) };
      const [dates, cities, trips, exact] = await Promise.all([
        streamDates(warehouse, stream),
        citiesOf(warehouse, date),
        tripsOf(warehouse, date),
        isExact(warehouse, stream, settling, range),
      ]);
      return { settled: dates.find((each) => each.date === date)?.settled ?? null, cities, trips, isExact: exact };
    },

    /** Brings the ledger up to what the warehouse has of a stream's dates, and tells it; dates that nothing settles are no matter. */
    async recordStream({ product }: { product: string }): Promise<StreamTable> {
      const today = intervalKey('date', DateTime.utc());
      const stream = streamOf(catalogue, product);
      if (!isSettled(stream)) return { dates: [], newestAt: await newestOf(warehouse, stream) };
      const [all, newestAt] = await Promise.all([streamDates(warehouse, stream), newestOf(warehouse, stream)]);
      const dates = all.filter((date) => mayHaveChanged(date, today));
      await ledger.record(product, dates);
      return { dates, newestAt };
    },

    /** How far a stream's table and what the batch has of its rows are apart in a date. */
    async compareStream({ product, date }: { product: string; date: string }): Promise<StreamComparison> {
      const stream = streamOf(catalogue, product);
      return { product, date, ...(await compareRows(warehouse, stream, batchOf(catalogue, product), date)) };
    },

    /** What the warehouse has of one date of a stream's table. */
    async lookAtDate({ product, date }: { product: string; date: string }): Promise<StreamDate | null> {
      const dates = await streamDates(warehouse, settledStreamOf(catalogue, product));
      return dates.find((each) => each.date === date) ?? null;
    },
  };
}

export type RealtimeActivities = ReturnType<typeof createRealtimeActivities>;
