import { ApplicationFailure, CancellationScope, CancelledFailure, isCancellation, sleep } from '@temporalio/workflow';
import type { StatementEnd } from '../activities/redshift/activities.ts';
import type { Report } from './build-report.ts';
import { maximumAttempts } from '../model/messages/builds.ts';
import type { Lane } from '../model/queues.ts';
import { waits } from './proxies.ts';

const longestWaitSeconds = 60;

interface Started {
  readonly statementId: string;
}

/** A transaction of the warehouse. */
interface Batch<S extends Started | null> {
  /** Starts it; null where there is nothing to do. Each attempt is another transaction. */
  submit(attempt: number): Promise<S>;
  /** What failed for good, in the words of whoever asked. */
  failed(problem: string): ApplicationFailure;
  cancelled(): CancelledFailure;
}

/** A batch that has ended, and how. */
interface Ended<S> {
  readonly submitted: S;
  readonly ended: StatementEnd;
}

const nothingToDo: StatementEnd = { meaning: 'done', error: '', rowCount: 0 };

/** Runs a transaction to its end, started over for as long as it loses against others, and otherwise up to three times. */
export async function runBatch<S extends Started | null>(
  batch: Batch<S>,
  lane: Lane,
  report: Report,
): Promise<Ended<S>> {
  let failures = 0;
  for (let attempt = 1; ; attempt++) {
    const tried = await tryBatch({ ...batch, submit: () => batch.submit(attempt) }, lane, report, attempt);
    const { submitted, ended } = tried;
    if (ended.meaning === 'done') return tried;
    if (ended.meaning !== 'conflict' && ++failures === maximumAttempts)
      throw batch.failed(`${submitted?.statementId} failed ${failures} times: ${ended.error}`);
  }
}

/**
 * Runs a transaction once, and rests after one that has not done its work. Whatever ends the wait for it, it is over before
 * whoever asked goes on.
 */
export async function tryBatch<S extends Started | null>(
  batch: Pick<Batch<S>, 'cancelled'> & { submit(): Promise<S> },
  lane: Lane,
  report: Report,
  attempt = 1,
): Promise<Ended<S>> {
  if (CancellationScope.current().consideredCancelled) throw batch.cancelled();
  const submitted = await CancellationScope.nonCancellable(() => batch.submit());
  if (submitted === null) return { submitted, ended: nothingToDo };
  const { statementId } = submitted;
  report.show('loading', `Redshift statement \`${statementId}\``);
  const ended = await endOf(statementId, batch, lane);
  // A cancel that comes meanwhile is told at the next turn, in the words of whoever asked.
  if (ended.meaning !== 'done')
    await CancellationScope.nonCancellable(() => sleep(`${Math.min(attempt * 5, longestWaitSeconds)}s`));
  return { submitted, ended };
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
