import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  rootCause,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Claimant } from '../activities/ledger/records.ts';
import { type HeldBack, type Lane, wholeTable } from './messages.ts';
import { calls } from './proxies.ts';
import { isSuperseded } from './run-jobs.ts';

/**
 * Between two tries for a claim, in seconds; each is twice the one before. Waits are anything from its half to it: of many
 * that have begun to wait together, and would come back together, only one could be given its claim each time.
 */
export interface Pace {
  readonly first: number;
  readonly longest: number;
}

const paceOfBuilds: Pace = { first: 5, longest: 60 };

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
  pace = paceOfBuilds,
): Promise<T> {
  const { claimIntervals, releaseIntervals } = calls(lane);
  const claimant = { ...claimed, workflowId: workflowInfo().workflowId };
  let failure: { state: 'failed' | 'quarantined'; reason: string } | null = null;
  try {
    for (let waitSeconds = pace.first; ; waitSeconds = Math.min(2 * waitSeconds, pace.longest)) {
      // A cancel that comes while the claim is made must find it made, or it could not be released.
      const { claimed, holders } = await CancellationScope.nonCancellable(() => claimIntervals(claimant));
      if (claimed) break;
      onWaiting(holders.map(({ workflowId }) => workflowId).join(', ') || 'another build');
      await sleep(Math.ceil(waitSeconds * 500 * (1 + Math.random())));
    }
    return await use();
  } catch (error) {
    // The ledger tells what became of intervals; no interval fails with the care for their table.
    const tells = (!isCancellation(error) && !isSuperseded(error)) || error instanceof LoadCancelled;
    if (tells && claimant.intervals.some((interval) => interval !== wholeTable))
      failure = { state: outcomeOf(error), reason: rootCause(error) ?? String(error) };
    throw error;
  } finally {
    await CancellationScope.nonCancellable(() => releaseIntervals({ ...claimant, failure }));
  }
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

const outcomeOf = (error: unknown): 'failed' | 'quarantined' =>
  error instanceof ApplicationFailure && error.type === 'QUALITY_FAILED' ? 'quarantined' : 'failed';
