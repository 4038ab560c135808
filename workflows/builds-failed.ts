import { ApplicationFailure, rootCause } from '@temporalio/workflow';
import type { BuildOutcome } from './messages.ts';

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
