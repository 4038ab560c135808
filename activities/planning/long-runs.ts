import type { DateTime } from 'luxon';
import { type Catalogue, rawProducts } from '../../model/catalogue.ts';
import type { FreshnessFinding } from '../../model/messages/freshness.ts';
import type { Orchestrator } from '../orchestrator.ts';

/** Two hours of events are built within minutes, whatever waits for capacity besides. */
const longestMinutes = 30;

/** Hourly runs that take longer than they should: the next ones wait behind them. */
export async function findLongRuns(
  catalogue: Catalogue,
  orchestrator: Pick<Orchestrator, 'runningSince'>,
  at: DateTime,
): Promise<FreshnessFinding[]> {
  const long = await orchestrator.runningSince('hourlyBronze', at.minus({ minutes: longestMinutes }).toJSDate());
  return long.map(({ workflowId, since }) => {
    const product = rawProducts(catalogue).find(({ cadence }) => workflowId.startsWith(cadence.scheduleId))?.key;
    const problem = `${workflowId} runs since ${since.toISOString()}, longer than ${longestMinutes} minutes`;
    const about = { product: product ?? 'every product', interval: null, subject: workflowId };
    return { ...about, kind: 'long run', problem, runs: `WorkflowId = "${workflowId}"` };
  });
}
