import { ApplicationFailure, CancellationScope, CancelledFailure, isCancellation, sleep } from '@temporalio/workflow';
import type { StatementEnd } from '../activities/redshift/activities.ts';
import type { Report } from './build-report.ts';
import { maximumAttempts } from '../model/messages/builds.ts';
import type { Lane } from '../model/queues.ts';
import { waits } from './proxies.ts';

const longestWaitSeconds = 60;

/** A transaction of the warehouse. */
export interface Batch<S extends { readonly statementId: string } | null> {
  /** Starts it; null where there is nothing to do. Each attempt is another transaction. */
  submit(attempt: number): Promise<S>;
  /** What failed for good, in the words of whoever asked. */
  failed(problem: string, statementId: string): ApplicationFailure;
  cancelled(): CancelledFailure;
}

const nothingToDo: StatementEnd = { meaning: 'done', error: '', rowCount: 0, rowCounts: [] };

/** A batch that was done, and how it ended. */
type Done<S> = { readonly submitted: S; readonly ended: StatementEnd };

/**
 * Runs a transaction to its end, started over for as long as it loses against others. Whatever ends the wait for it, it is
 * over before whoever asked goes on.
 */
export async function runBatch<S extends { readonly statementId: string } | null>(
  batch: Batch<S>,
  lane: Lane,
  report: Report,
): Promise<Done<S>> {
  let failures = 0;
  for (let attempt = 1; ; attempt++) {
    if (CancellationScope.current().consideredCancelled) throw batch.cancelled();
    const submitted = await CancellationScope.nonCancellable(() => batch.submit(attempt));
    if (submitted === null) return { submitted, ended: nothingToDo };
    const { statementId } = submitted;
    report.show('loading', `Redshift statement \`${statementId}\``);
    const ended = await endOf(statementId, batch, lane);
    if (ended.meaning === 'done') return { submitted, ended };
    if (ended.meaning !== 'conflict' && ++failures === maximumAttempts)
      throw batch.failed(`${statementId} failed ${failures} times: ${ended.error}`, statementId);
    // A cancel that comes meanwhile is told at the next turn, in the words of whoever asked.
    await CancellationScope.nonCancellable(() => sleep(`${Math.min(attempt * 5, longestWaitSeconds)}s`));
  }
}

/** How a batch ended. Whatever ends the wait for it before, it is over afterwards. */
async function endOf(statementId: string, batch: Pick<Batch<null>, 'cancelled'>, lane: Lane): Promise<StatementEnd> {
  try {
    return await waits(lane).awaitStatement({ statementId });
  } catch (error) {
    const ended = await CancellationScope.nonCancellable(() => waits(lane).cancelStatement({ statementId }));
    if (ended.meaning === 'done') return ended;
    throw isCancellation(error) || CancellationScope.current().consideredCancelled ? batch.cancelled() : error;
  }
}
