import type { IntervalRange } from './intervals.ts';
import type { BuildOutcome, Lane } from './messages.ts';
import { catalogue } from './proxies.ts';
import { runBuilds } from './run-builds.ts';

/** Rebuilds the gold layer and the warehouse from silver, for dates [start, end). */
export async function rebuildGold(input: IntervalRange & { readonly lane?: Lane }): Promise<BuildOutcome[]> {
  return runBuilds(await catalogue.planGold(input), input.lane ?? 'backfill');
}
