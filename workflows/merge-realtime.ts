import { ApplicationFailure, CancelledFailure, isCancellation, workflowInfo } from '@temporalio/workflow';
import { reportBuild } from './build-report.ts';
import { whileClaimed } from './claims.ts';
import { firedAt } from './fired-at.ts';
import { checkInput } from './inputs.ts';
import { paceOfLoads } from './load-warehouse.ts';
import { wholeTable } from '../model/messages/builds.ts';
import type { Merged, MergeRealtimeInput } from '../model/messages/realtime.ts';
import { calls, catalogue, looks, surveys } from './proxies.ts';
import { mergeTable } from './realtime-report.ts';
import { runBatch } from './run-batch.ts';

const lane = 'scheduled';
const nothing: Merged = { files: 0, rows: 0, late: 0, merged: 0, purged: 0 };

/**
 * Merges the files that a stream has committed since the last merge into its table in the warehouse: each file once, of
 * each trip the newest row. It waits for a reconciliation that holds the table.
 */
export async function mergeRealtime(input: MergeRealtimeInput = {}): Promise<Merged> {
  checkInput('mergeRealtime', input);
  const at = firedAt(input.firedAt).toISO();
  const generation = workflowInfo().startTime.getTime();
  const plan = await catalogue.planStream({ product: input.product, kind: 'merge', generation });
  const { product, runId } = plan;
  const report = reportBuild({ product }, `merge of ${at}`, lane);
  const claimed = { product, intervals: [wholeTable], buildId: runId };
  const failed = (problem: string): ApplicationFailure =>
    ApplicationFailure.nonRetryable(`${product}: the merge ${problem}`, 'MergeFailed');
  try {
    return await whileClaimed(
      claimed,
      lane,
      report.waiting,
      async () => {
        let total = nothing;
        let batches = 0;
        for (let isLast = false; !isLast;) {
          const submit = async () => {
            const step = { ...plan, at, attempt: ++batches };
            const planned = await surveys(lane).planMerge(step);
            if (planned.files === 0) return null;
            return { ...planned, ...(await calls(lane).submitMerge({ ...step, manifest: planned.manifest })) };
          };
          const cancelled = (): CancelledFailure => new CancelledFailure('Cancelled before the merge was done');
          const { submitted, ended } = await runBatch({ submit, failed, cancelled }, lane, report);
          if (submitted) total = sumOf(total, submitted, ended.rowCounts ?? []);
          isLast = submitted?.isLast ?? true;
        }
        const dates = await surveys(lane).recordStream({ product });
        await looks.publishFigures([
          { name: 'stream_rows_merged', value: total.merged, product },
          { name: 'late_stream_rows', value: total.late, product },
        ]);
        report.show('merged', mergeTable(total, dates));
        return total;
      },
      paceOfLoads,
    );
  } catch (error) {
    report.failed(error);
    if (!isCancellation(error)) await looks.publishFigures([{ name: 'builds_failed', value: 1, product }]);
    throw error;
  }
}

interface Batch {
  readonly files: number;
  readonly counts: readonly (string | null)[];
}

function sumOf(total: Merged, { files, counts }: Batch, rowCounts: readonly number[]): Merged {
  const count = (name: string): number => Math.max(rowCounts[counts.indexOf(name)] ?? 0, 0);
  return {
    files: total.files + files,
    rows: total.rows + count('rows'),
    late: total.late + count('late'),
    merged: total.merged + count('merged'),
    purged: total.purged + count('purged'),
  };
}
