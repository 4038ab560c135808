import { ApplicationFailure, CancellationScope, CancelledFailure, isCancellation, sleep } from '@temporalio/workflow';
import type { BuildPlan } from '../activities/catalogue/plan.ts';
import type { StatementEnd } from '../activities/redshift/activities.ts';
import type { Report } from './build-report.ts';
import { type BuildInput, type Lane, maximumAttempts } from './messages.ts';
import { calls, waits } from './proxies.ts';

const loadCancelled = 'cancelled before the warehouse was loaded; the lake has the rows: build the interval again';

/** The lake has the rows, and the warehouse may not: the next build of the interval loads it. */
export class LoadCancelled extends CancelledFailure {}

/** Loads the exported rows of dates [start, end) into the warehouse in one transaction, started over when it lost against another one. */
export async function loadWarehouse(
  input: Pick<BuildInput, 'product' | 'start' | 'end'>,
  plan: Pick<BuildPlan, 'buildId' | 'name'>,
  lane: Lane,
  manifest: string,
  report: Report,
): Promise<number> {
  const { product, start, end } = input;
  for (let attempt = 1; ; attempt++) {
    if (CancellationScope.current().consideredCancelled) throw new LoadCancelled(loadCancelled);
    const token = `${plan.buildId}/load/${start}/${attempt}`;
    const { statementId } = await CancellationScope.nonCancellable(() =>
      calls(lane).submitLoad({ token, product, start, end, manifest }),
    );
    report.show('loading', `Redshift statement \`${statementId}\``);
    const ended = await endOf(statementId, lane);
    if (ended.meaning === 'done') return ended.rowCount;
    if (attempt === maximumAttempts) {
      throw ApplicationFailure.nonRetryable(
        `${product} ${plan.name} is published in the lake, but its load ${statementId} failed ${attempt} times: ${ended.error}`,
        'LoadFailed',
      );
    }
    // A cancel that comes meanwhile is told at the next turn, as that of a load.
    await CancellationScope.nonCancellable(() => sleep(`${attempt * 5}s`));
  }
}

/** How a load ended. Whatever ends the wait for it before, the load is over afterwards. */
async function endOf(statementId: string, lane: Lane): Promise<StatementEnd> {
  try {
    return await waits(lane).awaitStatement({ statementId });
  } catch (error) {
    const ended = await CancellationScope.nonCancellable(() => waits(lane).cancelStatement({ statementId }));
    if (ended.meaning === 'done') return ended;
    throw isCancellation(error) || CancellationScope.current().consideredCancelled
      ? new LoadCancelled(loadCancelled)
      : error;
  }
}
