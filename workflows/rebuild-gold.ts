import { checkInput } from './inputs.ts';
import type { IntervalRange } from '../model/intervals.ts';
import type { BuildOutcome } from '../model/messages/builds.ts';
import type { Lane } from '../model/queues.ts';
import { catalogue } from './proxies.ts';
import { runBuilds } from './run-builds.ts';

export interface RebuildGoldInput extends IntervalRange {
  readonly lane?: Lane;
}

/** Rebuilds the gold layer and the warehouse from silver, for dates [start, end). */
export async function rebuildGold(input: RebuildGoldInput): Promise<BuildOutcome[]> {
  checkInput('rebuildGold', input);
  return runBuilds(await catalogue.planGold(input), { lane: input.lane ?? 'backfill' });
}
