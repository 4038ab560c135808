import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  patched,
  rootCause,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { BuildFailure, Claimant } from '../activities/ledger/records.ts';
import { type HeldBack, wholeTable } from '../model/messages/builds.ts';
import type { Lane } from '../model/queues.ts';
import { calls } from './proxies.ts';
import { isSuperseded } from './run-jobs.ts';
import { longestWaitSeconds, type Pace, waitOf } from './wait.ts';

/** Whom nobody waits for is in no hurry, and every try adds to the history. */
const paceOfBuilds = (lane: Lane): Pace => ({ first: 5, longest: lane === 'scheduled' ? 60 : longestWaitSeconds });

/** The lake has the rows, and the warehouse may not: the next build of the interval loads it. */
export class LoadCancelled extends CancelledFailure {}

/**
 * Runs `use` while this workflow alone holds intervals of a product, or its whole table, in the ledger; waits as long as
 * others hold some of that.
 */
export async function whileClaimed<T>(
  claimed: Omit<Claimant, 'workflowId'>,
  lane: Lane,
  onWaiting: (holders: string) => void,
  use: () => Promise<T>,
  pace = paceOfBuilds(lane),
): Promise<T> {
  const { claimIntervals, releaseIntervals } = calls(lane);
  const claimant = { ...claimed, workflowId: workflowInfo().workflowId };
  let failure: Pick<BuildFailure, 'state' | 'reason' | 'kind'> | null = null;
  try {
    const wait = waitOf(pace);
    for (;;) {
      // A cancel that comes while the claim is made must find it made, or it could not be released.
      const { claimed, holders } = await CancellationScope.nonCancellable(() => claimIntervals(claimant));
      if (claimed) break;
      const held = holders.map(({ workflowId }) => workflowId);
      onWaiting(held.join(', ') || 'another build');
      // A wait that an earlier release began ends as it would have there.
      if (wait.isOver() && patched('waits-for-claims-end')) throw claimNotGiven(claimant, held);
      await sleep(wait.nextMs());
    }
    return await use();
  } catch (error) {
    // The ledger tells what became of intervals; no interval fails with the care for their table.
    const tells = (!isCancellation(error) && !isSuperseded(error)) || error instanceof LoadCancelled;
    if (tells && claimant.intervals.some((interval) => interval !== wholeTable))
      failure = { state: outcomeOf(error), reason: rootCause(error) ?? String(error), ...kindOf(error) };
    throw error;
  } finally {
    await CancellationScope.nonCancellable(() => releaseIntervals({ ...claimant, failure }));
  }
}

/** The failure of whoever was not given a claim in time. */
export const isNotGiven = (error: unknown): boolean => error instanceof ApplicationFailure && error.type === notGiven;
const notGiven = 'ClaimNotGiven';

function claimNotGiven({ product, intervals }: Pick<Claimant, 'product' | 'intervals'>, held: readonly string[]) {
  const [holder = 'another build'] = held;
  return ApplicationFailure.nonRetryable(
    `${product} ${intervals[0]} is still held by ${held.join(', ') || holder}. See what it does: temporal workflow query --type status --workflow-id ${holder}. If it is stuck, cancel it, or start workers of its version (docs/deploy.md); then start this again.`,
    notGiven,
  );
}

/** Gives back the claims of intervals that the audit has held back; the ledger tells each one's own reason. */
export async function releaseHeldBack(
  build: { readonly product: string; readonly buildId: string },
  lane: Lane,
  heldBack: readonly HeldBack[],
): Promise<void> {
  const { product, buildId } = build;
  const { workflowId } = workflowInfo();
  for (const { interval, reason } of heldBack) {
    const failure = { state: 'quarantined', reason: `Held back: ${reason}.` } as const;
    await calls(lane).releaseIntervals({ product, intervals: [interval], workflowId, buildId, failure });
  }
}

const kindOf = (error: unknown): { kind?: string } =>
  error instanceof ApplicationFailure && error.type ? { kind: error.type } : {};

const outcomeOf = (error: unknown): 'failed' | 'quarantined' =>
  error instanceof ApplicationFailure && error.type === 'QUALITY_FAILED' ? 'quarantined' : 'failed';
