import { ApplicationFailure, CancelledFailure, workflowInfo } from '@temporalio/workflow';
import { type Report, reportBuild } from './build-report.ts';
import { whileClaimed } from './claims.ts';
import { firedAt } from './fired-at.ts';
import { checkInput } from './inputs.ts';
import { paceOfLoads } from './load-warehouse.ts';
import { maximumAttempts, wholeTable } from '../model/messages/builds.ts';
import type { Merged, MergeRealtimeInput, StreamPlan, StreamTable } from '../model/messages/realtime.ts';
import type { Measurement } from '../model/metrics.ts';
import { calls, catalogue, looks, surveys } from './proxies.ts';
import { mergeTable } from './realtime-report.ts';
import { runBatch, tryBatch } from './run-batch.ts';

const lane = 'scheduled';
/** A table to which no stream has come for days: the warehouse sleeps, and is not asked. */
const nobodys: StreamTable = { dates: [], newestAt: null };
const nothing: Merged = { files: 0, rows: 0, late: 0, merged: 0, purged: 0, foreign: 0, refused: [] };

/**
 * Merges the files that a stream has committed since the last merge into its table in the warehouse: each file once, of
 * each trip the newest row. It waits for a reconciliation that holds the table. A file that the warehouse cannot read is
 * found and left out, for good; the run that has met it fails, when all else is merged.
 */
export async function mergeRealtime(input: MergeRealtimeInput = {}): Promise<Merged> {
  checkInput('mergeRealtime', input);
  const generation = workflowInfo().startTime.getTime();
  const plan = await catalogue.planStream({ product: input.product, kind: 'merge', generation });
  const { product, runId } = plan;
  const report = reportBuild({ product }, `merge of ${firedAt(input.firedAt).toISO()}`, lane);
  const claimed = { product, intervals: [wholeTable], buildId: runId };
  const mergeAll = async () => {
    const { isIdle, ...total } = await mergeFiles(plan, input.firedAt, report);
    const { dates, newestAt } = isIdle ? nobodys : await surveys(lane).recordStream({ product });
    report.show('merged', mergeTable(total, dates));
    return { total, newestAt };
  };
  try {
    const { total, newestAt } = await whileClaimed(claimed, lane, report.waiting, mergeAll, paceOfLoads);
    const figures = figuresOf(product, total, minutesSince(newestAt, input.firedAt));
    if (figures.length > 0) await looks.publishFigures(figures);
    if (total.refused.length === 0) return total;
    throw failure(`${product}: all is merged but what the warehouse could not read: ${total.refused.join('; ')}`);
  } catch (error) {
    report.failed(error);
    throw error;
  }
}

/** How old at a time is what was made then. */
function minutesSince(made: string | null, at: string | undefined): number | null {
  if (made === null) return null;
  const now = at === undefined ? Date.now() : Date.parse(at);
  return Math.max(now - Date.parse(made), 0) / 60_000;
}

const figuresOf = (product: string, { files, merged, late, refused }: Merged, behind: number | null): Measurement[] => [
  ...(behind === null ? [] : [{ name: 'streaming_processing_latency_minutes' as const, value: behind, product }]),
  ...(files === 0
    ? []
    : [
        { name: 'stream_rows_merged' as const, value: merged, product },
        { name: 'late_stream_rows' as const, value: late, product },
      ]),
  ...(refused.length === 0 ? [] : [{ name: 'builds_failed' as const, value: 1, product }]),
];

const failure = (message: string): ApplicationFailure => ApplicationFailure.nonRetryable(message, 'MergeFailed');
const cancelled = (): CancelledFailure => new CancelledFailure('Cancelled before the merge was done');

/** Merges until nothing is left. A batch that cannot copy its files is halved until the one is found that it cannot read. */
async function mergeFiles(plan: StreamPlan, at: string | undefined, report: Report) {
  const total = { ...nothing, refused: [] as string[], isIdle: false };
  let mostFiles: number | undefined;
  let failures = 0;
  for (let attempt = 1; ; attempt++) {
    // It may have waited for the table: what is over by now is over.
    const step = { ...plan, at: at ?? new Date().toISOString(), attempt };
    const planned = await surveys(lane).planMerge({ ...step, ...(mostFiles !== undefined && { mostFiles }) });
    total.foreign = planned.foreign;
    if (planned.files === 0) return { ...total, isIdle: planned.isIdle };
    const { manifest } = planned;
    const submit = () => calls(lane).submitMerge({ ...step, manifest });
    const { submitted, ended } = await tryBatch({ submit, cancelled }, lane, report);
    const count = (name: 'rows' | 'late' | 'merged' | 'purged'): number =>
      Math.max(ended.rowCounts?.[submitted.counts.indexOf(name)] ?? 0, 0);
    if (ended.meaning === 'done') {
      total.files += planned.files;
      for (const name of ['rows', 'late', 'merged', 'purged'] as const) total[name] += count(name);
      if (planned.isLast) return total;
      [mostFiles, failures] = [undefined, 0];
    } else if (ended.meaning === 'failed') {
      failures += 1;
      const cannotCopy = submitted.counts[ended.failedStatement ?? -1] === 'rows';
      if (!cannotCopy && failures === maximumAttempts)
        throw failure(`${plan.product}: the merge ${submitted.statementId} failed ${failures} times: ${ended.error}`);
      if (cannotCopy && planned.files > 1) mostFiles = Math.ceil(planned.files / 2);
      else if (cannotCopy && failures >= maximumAttempts) {
        const refusal = { ...plan, attempt, manifest, problem: ended.error };
        const refuse = { submit: () => calls(lane).submitRefusal(refusal), failed: failure, cancelled };
        const { submitted: refused } = await runBatch(refuse, lane, report);
        total.refused.push(`${refused.file} (${ended.error})`);
        [mostFiles, failures] = [undefined, 0];
      }
    }
  }
}
