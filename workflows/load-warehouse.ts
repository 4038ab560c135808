import { ApplicationFailure, CancellationScope, isCancellation, patched, sleep } from '@temporalio/workflow';
import type { BuildPlan } from '../activities/catalogue/plan.ts';
import type { StatementEnd } from '../activities/redshift/activities.ts';
import type { Report } from './build-report.ts';
import { LoadCancelled, whileClaimed } from './claims.ts';
import { type BuildInput, maximumAttempts, wholeTable } from '../model/messages/builds.ts';
import type { Lane } from '../model/queues.ts';
import { calls, waits } from './proxies.ts';
import type { Pace } from './wait.ts';

const loadCancelled = 'cancelled before the warehouse was loaded; the lake has the rows: build the interval again';
const longestWaitSeconds = 60;
/** Others hold the table for the seconds of their load. */
const paceOfLoads: Pace = { first: 1, longest: 15 };

type LoadInput = Pick<BuildInput, 'product' | 'start' | 'end'>;
type LoadPlan = Pick<BuildPlan, 'buildId' | 'name' | 'columns'>;

/** Loads the exported rows of dates [start, end) while nobody else loads the table, and writes into the ledger that it has them. */
export async function loadWarehouse(
  input: LoadInput,
  plan: LoadPlan,
  lane: Lane,
  manifest: string,
  report: Report,
): Promise<number> {
  const { product, start, end } = input;
  const { buildId } = plan;
  // Loads that began without a claim end without one. This may go when none of them runs any more, a day after its deploy.
  if (!patched('load-claims-its-table')) return (await load(input, plan, lane, manifest, report)).rows;
  const claimed = { product: `warehouse.${product}`, intervals: [wholeTable], buildId };
  try {
    const use = async (): Promise<number> => {
      const loaded = await load(input, plan, lane, manifest, report);
      // It is loaded, whatever happens to the build now.
      await CancellationScope.nonCancellable(() => calls(lane).recordLoaded({ product, start, end, ...loaded }));
      return loaded.rows;
    };
    return await whileClaimed(claimed, lane, report.waiting, use, paceOfLoads);
  } catch (error) {
    throw isCancellation(error) ? new LoadCancelled(loadCancelled) : error;
  }
}

/** One transaction, started over for as long as it loses against others. */
async function load(input: LoadInput, plan: LoadPlan, lane: Lane, manifest: string, report: Report) {
  const { product, start, end } = input;
  const { buildId, columns } = plan;
  let failures = 0;
  for (let attempt = 1; ; attempt++) {
    if (CancellationScope.current().consideredCancelled) throw new LoadCancelled(loadCancelled);
    const token = `${buildId}/load/${start}/${attempt}`;
    const { statementId } = await CancellationScope.nonCancellable(() =>
      calls(lane).submitLoad({ token, buildId, product, start, end, manifest, columns }),
    );
    report.show('loading', `Redshift statement \`${statementId}\``);
    const ended = await endOf(statementId, lane);
    if (ended.meaning === 'done') return { statementId, rows: ended.rowCount, at: new Date().toISOString() };
    if (ended.meaning !== 'conflict' && ++failures === maximumAttempts) {
      throw ApplicationFailure.nonRetryable(
        `${product} ${plan.name} is published in the lake, but its load ${statementId} failed ${failures} times: ${ended.error}`,
        'LoadFailed',
      );
    }
    // A cancel that comes meanwhile is told at the next turn, as that of a load.
    await CancellationScope.nonCancellable(() => sleep(`${Math.min(attempt * 5, longestWaitSeconds)}s`));
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
