import { firedAt } from './fired-at.ts';
import { checkInput } from './inputs.ts';
import { intervalKey } from './intervals.ts';
import type { BuildOutcome, Lane } from './messages.ts';
import { catalogue } from './proxies.ts';
import { runBuilds } from './run-builds.ts';

export interface DailyBatchInput {
  /** The last date to build; by default the date before the one on which the schedule fired. */
  readonly date?: string;
  readonly lane?: Lane;
}

/** Silver for every date that the last 48 hours of events can have changed, then gold for those dates, then the warehouse. */
export async function dailyBatch(input: DailyBatchInput = {}): Promise<BuildOutcome[]> {
  checkInput('dailyBatch', input);
  const date = input.date ?? intervalKey('date', firedAt(undefined).minus({ days: 1 }));
  return runBuilds(await catalogue.planDailyBatch({ date }), input.lane ?? 'scheduled');
}
