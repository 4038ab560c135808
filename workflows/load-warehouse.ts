import { ApplicationFailure, CancellationScope, isCancellation, patched } from '@temporalio/workflow';
import type { BuildPlan } from '../activities/catalogue/plan.ts';
import type { Report } from './build-report.ts';
import { LoadCancelled, whileClaimed } from './claims.ts';
import { type BuildInput, wholeTable } from '../model/messages/builds.ts';
import type { Lane } from '../model/queues.ts';
import { calls, surveys } from './proxies.ts';
import { runBatch } from './run-batch.ts';
import type { Pace } from './wait.ts';

const loadCancelled = 'cancelled before the warehouse was loaded; the lake has the rows: build the interval again';
/** Others hold the table for the seconds of their transaction. */
export const paceOfLoads: Pace = { first: 1, longest: 15 };

type LoadInput = Pick<BuildInput, 'product' | 'start' | 'end'>;
type LoadPlan = Pick<BuildPlan, 'buildId' | 'name' | 'columns' | 'settles'>;

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
      await CancellationScope.nonCancellable(async () => {
        await calls(lane).recordLoaded({ product, start, end, ...loaded });
        if (plan.settles) await surveys(lane).reconcileAgain({ product, start, end, buildId });
      });
      return loaded.rows;
    };
    return await whileClaimed(claimed, lane, report.waiting, use, paceOfLoads);
  } catch (error) {
    throw isCancellation(error) ? new LoadCancelled(loadCancelled) : error;
  }
}

/** One transaction that is done, or fails for good. */
async function load(input: LoadInput, plan: LoadPlan, lane: Lane, manifest: string, report: Report) {
  const { product, start, end } = input;
  const { buildId, columns } = plan;
  const { submitted, ended } = await runBatch(
    {
      submit: () => {
        const askedAtMs = Date.now();
        const token = `${buildId}/load/${start}/${askedAtMs}`;
        return calls(lane).submitLoad({ token, buildId, product, start, end, manifest, columns, askedAtMs });
      },
      failed: (problem) =>
        ApplicationFailure.nonRetryable(
          `${product} ${plan.name} is published in the lake, but its load ${problem}`,
          'LoadFailed',
        ),
      cancelled: () => new LoadCancelled(loadCancelled),
    },
    lane,
    report,
  );
  return { statementId: submitted.statementId, rows: ended.rowCount, at: new Date().toISOString() };
}
