import { cancellationDetails, cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';

/**
 * Runs a wait for remote work that only a person's cancel ends as cancelled, by whatever error the wait met it. After
 * anything else that stops this attempt (a deploy, a lost heartbeat) the next attempt adopts the work.
 */
export async function adoptable<T>(work: string, wait: () => Promise<T>): Promise<T> {
  try {
    return await wait();
  } catch (error) {
    if (!cancellationSignal().aborted) throw error;
    if (cancellationDetails()?.cancelRequested) throw new CancelledFailure(`Stopped waiting for ${work}: cancelled`);
    throw ApplicationFailure.retryable(`Stopped waiting for ${work}: the next attempt adopts it`, 'WaitInterrupted');
  }
}
