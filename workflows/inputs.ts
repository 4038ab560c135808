import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { z } from 'zod';
import { type BackfillInput, backfillModes } from '../model/messages/backfill.ts';
import type { DailyBatchInput } from './daily-batch.ts';
import type { ExplainIntervalInput } from './explain-interval.ts';
import type { WatchFreshnessInput } from '../model/messages/freshness.ts';
import type { HourlyBronzeInput } from './hourly-bronze.ts';
import type { LateDataInput } from '../model/messages/late-data.ts';
import type { MaintainTableInput } from './maintain-table.ts';
import type { BuildInput } from '../model/messages/builds.ts';
import type { CompareStreamInput, MergeRealtimeInput, ReconcileInput } from '../model/messages/realtime.ts';
import { lanes } from '../model/queues.ts';
import type { RebuildGoldInput } from './rebuild-gold.ts';
import type { RestoreTableInput } from './restore-table.ts';
import { superviseStreamInput } from './stream-inputs.ts';

// What people write with `temporal workflow start`: a misspelt field, or a lane that nobody serves, would wait for ever.
// Whether a product exists, and has such intervals, is the catalogue's to say.

const interval = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}(T\d{2})?$/, 'write an hour as 2025-01-18T03, a date as 2025-01-18 (UTC)');
const date = z.iso.date('write a date as 2025-01-18 (UTC)');
const lane = z.enum(lanes).exactOptional();
const flag = z.boolean().exactOptional();

/** What the signal of that name takes. */
export const lateDates = z.array(date);

/** Of every workflow, what it takes. */
export const inputs = {
  backfill: z.strictObject({
    product: z.string(),
    start: interval,
    end: interval,
    mode: z.enum(backfillModes).exactOptional(),
    lane: z.enum(['late', 'backfill']).exactOptional(),
    downstream: z.union([z.boolean(), z.literal('next daily batch')]).exactOptional(),
    dryRun: flag,
    reverse: flag,
    maximumJobsAtOnce: z.int().min(1).max(50).exactOptional(),
    approvalOverJobs: z.int().min(0).exactOptional(),
  }) satisfies z.ZodType<BackfillInput>,
  buildProduct: z.strictObject({
    product: z.string(),
    start: interval,
    end: interval,
    lane,
    planId: z.string().exactOptional(),
    rebuild: flag,
    readersBuiltBy: z.enum(['next daily batch', 'caller']).exactOptional(),
    forced: z.strictObject({ missing: z.array(z.string()), by: z.string(), why: z.string() }).exactOptional(),
  }) satisfies z.ZodType<BuildInput>,
  compareStream: z.strictObject({
    product: z.string(),
    date: date.exactOptional(),
  }) satisfies z.ZodType<CompareStreamInput>,
  dailyBatch: z.strictObject({
    date: date.exactOptional(),
    lane,
    force: flag,
  }) satisfies z.ZodType<DailyBatchInput>,
  explainInterval: z.strictObject({ product: z.string(), interval }) satisfies z.ZodType<ExplainIntervalInput>,
  hourlyBronze: z.strictObject({
    product: z.string().exactOptional(),
    firedAt: z.string().exactOptional(),
    lane,
    rebuild: flag,
  }) satisfies z.ZodType<HourlyBronzeInput>,
  maintainTable: z.strictObject({ product: z.string() }) satisfies z.ZodType<MaintainTableInput>,
  mergeRealtime: z.strictObject({
    product: z.string().exactOptional(),
    firedAt: z.string().exactOptional(),
  }) satisfies z.ZodType<MergeRealtimeInput>,
  reconcile: z.strictObject({
    product: z.string().exactOptional(),
    date: date.exactOptional(),
  }) satisfies z.ZodType<ReconcileInput>,
  rebuildGold: z.strictObject({ start: date, end: date, lane }) satisfies z.ZodType<RebuildGoldInput>,
  restateLateData: z.strictObject({
    product: z.string(),
    dates: z.array(date),
    debounceSeconds: z.number().positive(),
    approvalOverJobs: z.int().min(0),
  }) satisfies z.ZodType<LateDataInput>,
  restoreTable: z.strictObject({
    product: z.string(),
    to: z.union([z.int().nonnegative(), z.string().min(1)]),
  }) satisfies z.ZodType<RestoreTableInput>,
  superviseStream: superviseStreamInput,
  watchFreshness: z.strictObject({
    firedAt: z.string().exactOptional(),
    tell: flag,
  }) satisfies z.ZodType<WatchFreshnessInput>,
};

/** Ends the workflow for good, with every problem and its place, unless its input is one that it takes. */
export function checkInput(workflow: keyof typeof inputs, input: unknown): void {
  const checked = inputs[workflow].safeParse(input);
  if (checked.success) return;
  throw ApplicationFailure.nonRetryable(
    `The input of ${workflowInfo().workflowType} is not valid:\n${z.prettifyError(checked.error)}`,
    'BadInput',
  );
}
