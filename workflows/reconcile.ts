import { ApplicationFailure, CancelledFailure, isCancellation, workflowInfo } from '@temporalio/workflow';
import { DateTime } from 'luxon';
import { awaitSettling } from './await-inputs.ts';
import { type Report, reportBuild } from './build-report.ts';
import { whileClaimed } from './claims.ts';
import { firedAt, startedBySchedule } from './fired-at.ts';
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
  const { product } = plan;
  const report = reportBuild({ product }, `reconciliation of ${date}`, lane);
  report.planned(date);
  try {
    mustBeOver(product, date, fired);
    const told = (await isStreams(product, date))
      ? await settleWhenLoaded(plan, date, fired, report)
      : neverIts(plan, date);
    report.show('settled', reconciliationTable(told));
    await dropOldBackups(plan, report);
    report.show('settled', reconciliationTable(told));
    return told;
  } catch (error) {
    report.failed(error);
    throw error;
  }
}

/** Whether the stream has the date, or had it. */
async function isStreams(product: string, date: string): Promise<boolean> {
  const known = await surveys(lane).lookAtDate({ product, date });
  return known !== null && (known.isLive || known.settled !== null);
}

/** What readers have from the batch all along. */
const neverIts = ({ product }: StreamPlan, date: string): Reconciliation => ({
  ...{ product, date, wasNeeded: false, begunAt: new Date().toISOString(), overwrittenAt: null, exactAt: null },
  ...{ settled: null, cities: [], trips: [] },
});

async function settleWhenLoaded(
  plan: StreamPlan,
  date: string,
  fired: DateTime,
  report: Report,
): Promise<Reconciliation> {
  const { product, runId } = plan;
  try {
    await awaitSettling(product, date, untilOf(fired), lane);
    const claimed = { product, intervals: [wholeTable], buildId: runId };
    return await whileClaimed(claimed, lane, report.waiting, () => settle(plan, date, report), paceOfLoads);
  } catch (error) {
    // What a person has started, that person sees.
    if (startedBySchedule() && !isCancellation(error))
      await looks.publishFigures([{ name: 'builds_failed', value: 1, product }]);
    throw error;
  }
}

/** Ends the workflow for good where a date is not over when it fires: there is no whole batch of it. */
export function mustBeOver(product: string, date: string, fired: DateTime): void {
  if (date >= intervalKey('date', fired))
    throw ApplicationFailure.nonRetryable(
      `${product} ${date} is not over yet: there is no whole batch of it.`,
      'BadInput',
    );
}

/** When the batch's rows have to be there, as ISO-8601. */
export function untilOf(fired: DateTime): string {
  const usual = fired.startOf('day').plus({ hours: latestHour });
  const least = DateTime.fromMillis(Date.now(), { zone: 'utc' }).plus({ hours: leastWaitHours });
  return new Date(Math.max(usual.toMillis(), least.toMillis())).toISOString();
}

/** What holds the table does: compares, overwrites, tells. */
async function settle(plan: StreamPlan, date: string, report: Report): Promise<Reconciliation> {
  const { product } = plan;
  const none = neverIts(plan, date);
  const before = await surveys(lane).lookAtDate({ product, date });
  if (!before?.isLive && !before?.settled) return none;
  const isSettled = before.settled !== null;
  const failed = (problem: string): ApplicationFailure =>
    ApplicationFailure.nonRetryable(
      `${product} ${date}: the reconciliation ${problem}. Readers see what they saw before.`,
      'ReconciliationFailed',
    );
  const cancelled = (): CancelledFailure => new CancelledFailure('Cancelled before the date was settled');
  const submit = (attempt: number) => calls(lane).submitReconciliation({ ...plan, date, isSettled, attempt });
  await runBatch({ submit, failed, cancelled }, lane, report);
  const overwrittenAt = new Date().toISOString();
  const { isExact, ...found } = await surveys(lane).readReconciliation({ product, date });
  await surveys(lane).recordStream({ product });
  const exactAt = isExact ? new Date().toISOString() : null;
  const told = { ...none, ...found, wasNeeded: true, overwrittenAt, exactAt };
  // The figures are of the night on which the date was settled; what is restated later is no divergence of the stream.
  if (before.isLive) await looks.publishFigures(figuresOf(told));
  return told;
}

/** Nobody waits for it: a reader may hold one of them for long. */
async function dropOldBackups(plan: StreamPlan, report: Report): Promise<void> {
  const submit = (attempt: number) => surveys(lane).submitBackupDrops({ ...plan, attempt });
  const failed = (problem: string): ApplicationFailure =>
    ApplicationFailure.nonRetryable(`${plan.product}: dropping old backups, ${problem}`, 'BackupsNotDropped');
  const cancelled = (): CancelledFailure => new CancelledFailure('Cancelled before old backups were dropped');
  await runBatch({ submit, failed, cancelled }, lane, report);
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
