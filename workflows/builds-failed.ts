import { ApplicationFailure, rootCause } from '@temporalio/workflow';
import type { WrongRun } from '../model/messages/backfill.ts';
import { grainOf, intervalsIn, type ProductRange, rangeName } from '../model/intervals.ts';
import type { BuildOutcome } from '../model/messages/builds.ts';

const notBuiltText = (notBuilt: readonly string[]): string =>
  notBuilt.length > 0 ? ` Not built, for what they read is not right: ${notBuilt.join(', ')}.` : '';

/** One failure that names the intervals of these builds that were held back, if any, and what was not built for that. */
export function heldBackFailures(
  outcomes: readonly BuildOutcome[],
  notBuilt: readonly string[] = [],
): ApplicationFailure[] {
  const told = outcomes.flatMap(({ product, heldBack = [] }) =>
    heldBack.map(({ interval, reason }) => `${product} ${interval}: ${reason}`),
  );
  if (told.length === 0) return [];
  const message = `${told.length} intervals are held back: ${told.join('; ')}.${notBuiltText(notBuilt)} All else is published. Correct the cause, then build them again.`;
  return [ApplicationFailure.nonRetryable(message, 'IntervalsHeldBack')];
}

/** Whether the audit has held intervals back, some or all. */
export function isHeldBack(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const type = error instanceof ApplicationFailure ? error.type : undefined;
  return type === 'IntervalsHeldBack' || type === 'QUALITY_FAILED' || isHeldBack(error.cause);
}

/** One failure that tells those of all builds. */
export function buildsFailed(
  failures: readonly unknown[],
  outcomes: readonly BuildOutcome[],
  notBuilt: readonly string[],
): ApplicationFailure {
  const reasons = [...failures, ...heldBackFailures(outcomes)].map((failure) => rootCause(failure) ?? String(failure));
  return ApplicationFailure.create({
    message: `${failures.length} of ${failures.length + outcomes.length} builds failed: ${reasons.join('; ')}${notBuiltText(notBuilt)}`,
    type: 'BuildsFailed',
    nonRetryable: true,
    ...(failures[0] instanceof Error && { cause: failures[0] }),
  });
}

export const runName = (run: ProductRange): string => `${run.product} ${rangeName(grainOf(run.start), run)}`;

/** One failure that names all that a backfill could not build, and what it left out for that. */
export function backfillIncomplete(
  wrong: readonly WrongRun[],
  end: string,
  left: readonly ProductRange[] = [],
): ApplicationFailure {
  const failed = wrong.filter(({ state }) => state === 'failed');
  const held = wrong
    .filter(({ state }) => state === 'held back')
    .flatMap((run) => intervalsIn(grainOf(run.start), run));
  const reasons = wrong.map((run) => `${runName(run)}: ${run.reason.replace(/\.$/, '')}`);
  const notBuilt = notBuiltText(left.map(runName));
  return ApplicationFailure.create({
    message: `${failed.length} builds failed, ${held.length} intervals are held back, ${end}: ${reasons.join('; ')}.${notBuilt} Correct the cause and start the backfill again: it goes on with what is incomplete.`,
    type: 'BackfillIncomplete',
    nonRetryable: true,
  });
}
