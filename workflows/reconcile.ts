import { ApplicationFailure, CancelledFailure, isCancellation, workflowInfo } from '@temporalio/workflow';
import { DateTime } from 'luxon';
import { awaitSettling } from './await-inputs.ts';
import { reportBuild } from './build-report.ts';
import { whileClaimed } from './claims.ts';
import { firedAt } from './fired-at.ts';
import { checkInput } from './inputs.ts';
import { paceOfLoads } from './load-warehouse.ts';
import { intervalKey, intervalStart } from '../model/intervals.ts';
import { wholeTable } from '../model/messages/builds.ts';
import type { Reconciliation, ReconcileInput, StreamPlan } from '../model/messages/realtime.ts';
import { calls, catalogue, looks, surveys } from './proxies.ts';
import { apartOf, reconciliationTable } from './realtime-report.ts';
import { runBatch } from './run-batch.ts';

const lane = 'scheduled';
/** When the batch's rows have to be there: hours after midnight, or, for who starts later, after the start. */
const latestHour = 6;
const leastWaitHours = 1;

/**
 * Lets the batch's rows of a date take the place of the stream's: waits until they are published and loaded, compares both
 * sides, overwrites and verifies in one transaction. A second run of a settled date brings it up to the batch again.
 */
export async function reconcile(input: ReconcileInput = {}): Promise<Reconciliation> {
  checkInput('reconcile', input);
  const fired = firedAt(undefined);
  const date = input.date ?? intervalKey('date', fired.minus({ days: 1 }));
  const generation = workflowInfo().startTime.getTime();
  const plan = await catalogue.planStream({ product: input.product, kind: 'reconcile', generation });
  const { product, runId } = plan;
  const report = reportBuild({ product }, `reconciliation of ${date}`, lane);
  report.planned(date);
  try {
    await awaitSettling(product, date, untilOf(fired), lane);
    const claimed = { product, intervals: [wholeTable], buildId: runId };
    const told = await whileClaimed(claimed, lane, report.waiting, () => settle(plan, date, report), paceOfLoads);
    report.show('settled', reconciliationTable(told));
    return told;
  } catch (error) {
    report.failed(error);
    if (!isCancellation(error)) await looks.publishFigures([{ name: 'builds_failed', value: 1, product }]);
    throw error;
  }
}

function untilOf(fired: DateTime): string {
  const usual = fired.startOf('day').plus({ hours: latestHour });
  const least = DateTime.fromMillis(Date.now(), { zone: 'utc' }).plus({ hours: leastWaitHours });
  return new Date(Math.max(usual.toMillis(), least.toMillis())).toISOString();
}

/** What holds the table does: compares, overwrites, tells. */
async function settle(plan: StreamPlan, date: string, report: ReturnType<typeof reportBuild>): Promise<Reconciliation> {
  const { product } = plan;
  const begunAt = new Date().toISOString();
  const before = await surveys(lane).lookAtDate({ product, date });
  const none = { product, date, begunAt, overwrittenAt: null, exactAt: null, settled: null, cities: [], trips: [] };
  if (!before?.isLive && !before?.settled) return { ...none, wasNeeded: false };
  await runBatch(
    {
      submit: (attempt) => calls(lane).submitReconciliation({ ...plan, date, attempt }),
      failed: (problem) =>
        ApplicationFailure.nonRetryable(
          `${product} ${date}: the reconciliation ${problem}. Readers see what they saw before.`,
          'ReconciliationFailed',
        ),
      cancelled: () => new CancelledFailure('Cancelled before the date was settled'),
    },
    lane,
    report,
  );
  const overwrittenAt = new Date().toISOString();
  const { isExact, ...found } = await surveys(lane).readReconciliation({ product, date });
  const exactAt = isExact ? new Date().toISOString() : null;
  await surveys(lane).recordStream({ product });
  const told = { ...none, ...found, wasNeeded: true, overwrittenAt, exactAt };
  // The figures are of the night on which the date was settled; what is restated later is no divergence of the stream.
  if (before.isLive) await looks.publishFigures(figuresOf(told));
  const { submitBackupDrops } = calls(lane);
  await runBatch(
    {
      submit: (attempt) => submitBackupDrops({ ...plan, attempt }),
      failed: (problem) =>
        ApplicationFailure.nonRetryable(`${product}: dropping old backups ${problem}`, 'BackupsNotDropped'),
      cancelled: () => new CancelledFailure('Cancelled before old backups were dropped'),
    },
    lane,
    report,
  );
  return told;
}

function figuresOf({ product, date, settled, cities, exactAt }: Reconciliation) {
  const minutes =
    exactAt === null ? null : (Date.parse(exactAt) - intervalStart(date).plus({ days: 1 }).toMillis()) / 60_000;
  return [
    ...(settled ? [{ name: 'stream_batch_divergence_pct' as const, value: settled.divergencePct, product }] : []),
    { name: 'cities_divergent' as const, value: cities.filter((city) => apartOf(city) > 1).length, product },
    ...(minutes === null ? [] : [{ name: 'reconciled_at_minutes' as const, value: minutes, product }]),
  ];
}
