import type { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import type { S3Client } from '@aws-sdk/client-s3';
import { DateTime } from 'luxon';
import { type Catalogue, streamOf } from '../../model/catalogue.ts';
import { intervalKey, type IntervalRange, shiftInterval } from '../../model/intervals.ts';
import type { Reconciliation, StreamDate, StreamPlan } from '../../model/messages/realtime.ts';
import type { StreamDates } from '../ledger/stream-dates.ts';
import type { Orchestrator } from '../orchestrator.ts';
import { submitBatch } from '../redshift/batches.ts';
import type { RedshiftConfig } from '../redshift/activities.ts';
import { mergeSteps, type Step } from '../redshift/merge-sql.ts';
import { backupDrops, oldBackups, reconcileStatements } from '../redshift/reconcile-sql.ts';
import { statementsOf } from '../redshift/statements.ts';
import { citiesOf, isExact, tripsOf } from './comparison.ts';
import { readManifest, writeManifest } from './manifests.ts';
import { newFiles } from './new-files.ts';
import { mayHaveChanged, streamDates } from './stream-dates.ts';

/** A batch has 40 statements at the most, and each may note some hundred files. */
const mostFiles = 6000;

/** Files that one batch merges. */
export interface PlannedMerge {
  readonly manifest: string;
  readonly files: number;
  /** Whether there are more than one batch may take. */
  readonly isLast: boolean;
  /** Objects in the stream's folders that no merge reads. */
  readonly foreign: number;
}

interface MergeStep extends StreamPlan {
  /** ISO-8601. */
  readonly at: string;
  /** Of the batches of this run. */
  readonly attempt: number;
}

/** A batch that runs; what the rows that each of its statements changes are. */
export interface Submitted {
  readonly statementId: string;
  readonly counts: readonly (NonNullable<Step['counts']> | null)[];
}

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
    const stream = streamOf(catalogue, product);
    return { stream, settling: catalogue.get(stream.settledBy) };
  };
  const values = ({ product, runId }: StreamPlan) => ({ product, build_id: runId, iam_role: copyRoleArn });

  return {
    /** Finds what no merge has taken, and writes down what this batch takes: the same, however often it is asked. */
    async planMerge({ product, runId, attempt, at }: MergeStep): Promise<PlannedMerge> {
      const manifest = `${lakeUri}/_staging/${runId}/${attempt}/manifest.json`;
      const found = await newFiles(s3, warehouse, lakeUri, streamOf(catalogue, product), at);
      const planned = await readManifest(s3, manifest);
      const files = planned ?? found.files.slice(0, mostFiles);
      if (!planned && files.length > 0) await writeManifest(s3, manifest, new URL(lakeUri).hostname, files);
      const isLast = files.length >= found.files.length;
      return { manifest, files: files.length, isLast, foreign: found.foreign.length };
    },

    /** Starts the batch that merges the files of a manifest; idempotent on run and attempt. */
    async submitMerge({ manifest, ...step }: MergeStep & { readonly manifest: string }): Promise<Submitted> {
      const { stream, settling } = settlingOf(step.product);
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
      step: StreamPlan & { readonly date: string; readonly attempt: number },
    ): Promise<{ statementId: string }> {
      const { product, runId, date, attempt } = step;
      const { stream, settling } = settlingOf(product);
      const bound = { ...values(step), start_date: date, end_date: shiftInterval('date', date, 1) };
      const statements = reconcileStatements(stream, settling, date).flatMap((sql) =>
        statementsOf(sql, `The reconciliation of ${product} ${date}`, bound),
      );
      return submitBatch(warehouse, { name: `reconcile ${product} ${date}`, statements, token: `${runId}/${attempt}` });
    },

    /** Starts the batch that drops backups that are old enough; idempotent on the run. */
    async submitBackupDrops({
      product,
      runId,
      attempt,
    }: StreamPlan & { readonly attempt: number }): Promise<{ statementId: string }> {
      const today = intervalKey('date', DateTime.utc());
      const dates = oldBackups((days) => shiftInterval('date', today, days));
      const statements = backupDrops(streamOf(catalogue, product), dates);
      const token = `${runId}/backups/${today}/${attempt}`;
      return submitBatch(warehouse, { name: `backups ${product}`, statements, token });
    },

    /** The batch has other rows of dates [start, end) now: has those settled again that the stream's table still holds. */
    async reconcileAgain({
      product: settling,
      start,
      end,
      buildId,
    }: { product: string; buildId: string } & IntervalRange): Promise<string[]> {
      const settled: string[] = [];
      for (const stream of [...catalogue.streams.values()].filter(({ settledBy }) => settledBy === settling)) {
        const dates = await streamDates(warehouse, stream);
        for (const { date, rows, settled: before } of dates)
          if (before && rows > 0 && date >= start && date < end) {
            await orchestrator.reconcileOnce(`reconcile/${stream.key}/${date}/after/${buildId}`, {
              product: stream.key,
              date,
            });
            settled.push(`${stream.key} ${date}`);
          }
      }
      return settled;
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

    /** Brings the ledger up to what the warehouse has of a stream's dates, and tells it. */
    async recordStream({ product }: { product: string }): Promise<StreamDate[]> {
      const today = intervalKey('date', DateTime.utc());
      const dates = await streamDates(warehouse, streamOf(catalogue, product));
      const told = dates.filter((date) => mayHaveChanged(date, today));
      await ledger.record(product, told);
      return told;
    },

    /** What the warehouse has of one date of a stream's table. */
    async lookAtDate({ product, date }: { product: string; date: string }): Promise<StreamDate | null> {
      const dates = await streamDates(warehouse, streamOf(catalogue, product));
      return dates.find((each) => each.date === date) ?? null;
    },
  };
}

export type RealtimeActivities = ReturnType<typeof createRealtimeActivities>;
