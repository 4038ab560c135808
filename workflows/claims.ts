import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  rootCause,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { grainOf, intervalsIn } from './intervals.ts';
import { LoadCancelled } from './load-warehouse.ts';
import type { BuildInput, Lane } from './messages.ts';
import { calls } from './proxies.ts';

const longestWaitSeconds = 60;

/** Runs `use` while this build alone holds its intervals in the ledger; waits as long as other builds hold some of them. */
export async function whileClaimed<T>(
  input: BuildInput,
  buildId: string,
  lane: Lane,
  onWaiting: (holders: string) => void,
  use: () => Promise<T>,
): Promise<T> {
  const { claimIntervals, releaseIntervals } = calls(lane);
  const { product, start } = input;
  const intervals = intervalsIn(grainOf(start), input);
  const claimant = { product, intervals, buildId, workflowId: workflowInfo().workflowId };
  let failure: { state: 'failed' | 'quarantined'; reason: string } | null = null;
  try {
    for (let waitSeconds = 5; ; waitSeconds = Math.min(2 * waitSeconds, longestWaitSeconds)) {
      // A cancel that comes while the claim is made must find it made, or it could not be released.
      const { claimed, holders } = await CancellationScope.nonCancellable(() => claimIntervals(claimant));
      if (claimed) break;
      onWaiting(holders.map(({ workflowId }) => workflowId).join(', ') || 'another build');
      await sleep(`${waitSeconds}s`);
    }
    return await use();
  } catch (error) {
    if (!isCancellation(error) || error instanceof LoadCancelled)
      failure = { state: outcomeOf(error), reason: rootCause(error) ?? String(error) };
    throw error;
  } finally {
    await CancellationScope.nonCancellable(() => releaseIntervals({ ...claimant, failure }));
  }
}

const outcomeOf = (error: unknown): 'failed' | 'quarantined' =>
  error instanceof ApplicationFailure && error.type === 'QUALITY_FAILED' ? 'quarantined' : 'failed';
