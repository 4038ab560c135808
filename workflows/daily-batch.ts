import { CancellationScope, patched } from '@temporalio/workflow';
import { DateTime } from 'luxon';
import { awaitInputs, type Taken, takeDecision } from './await-inputs.ts';
import { firedAt } from './fired-at.ts';
import { checkInput } from './inputs.ts';
import { intervalKey, type ProductRange } from '../model/intervals.ts';
import type { BuildOutcome, Forced } from '../model/messages/builds.ts';
import type { Lane } from '../model/queues.ts';
import { catalogue, surveys } from './proxies.ts';
import { runBuilds } from './run-builds.ts';

export interface DailyBatchInput {
  /** The last date to build; by default the date before the one on which the schedule fired. */
  readonly date?: string;
  readonly lane?: Lane;
  /** Builds without the hours that are missing, instead of waiting for them. */
  readonly force?: boolean;
}

/** When the day has to begin with what is there, or to fail: hours after midnight. */
const latestStartHour = 6;
/** A batch that starts later, after an outage or by hand, gives the hourly builds this time to catch up. */
const leastWaitHours = 1;

/**
 * Waits for the hours that it reads, then builds silver for every date that the last 48 hours of events can have changed,
 * then gold for those dates, then the warehouse. What else reads what has changed is restated.
 */
export async function dailyBatch(input: DailyBatchInput = {}): Promise<BuildOutcome[]> {
  checkInput('dailyBatch', input);
  const lane = input.lane ?? 'scheduled';
  const taken = takeDecision(input.force ? { by: 'whoever started the batch', why: 'force' } : null);
  const date = input.date ?? intervalKey('date', firedAt(undefined).minus({ days: 1 }));
  const stages = await catalogue.planDailyBatch({ date });
  // Until no batch runs that began before it: a batch lasts a day at the most.
  const waits = patched('daily-batch-waits-for-inputs');
  if (!waits) return runBuilds(stages, { lane, readersBuiltBy: 'caller' });
  const inputs = await catalogue.planInputs({ date, firedAt: firedAt(undefined).toISO() });
  const forced = await waitFor(inputs, taken, lane);
  // Dates that an earlier batch should have built, and did not, are among what reads the hours.
  const built = [...inputs, ...stages.flat().map(({ product, start, end }) => ({ product, start, end }))];
  const restated = (): Promise<unknown> => surveys(lane).restateReaders({ built });
  try {
    const outcomes = await runBuilds(stages, { lane, readersBuiltBy: 'caller', ...(forced && { forced }) });
    await restated();
    return outcomes;
  } catch (error) {
    // What it has built all the same has changed what others read; what is wrong stays a person's matter.
    if (patched('a-failed-batch-restates-readers')) await CancellationScope.nonCancellable(restated);
    throw error;
  }
}

/** Waits for the hours that the batch reads; what it has to do without where somebody says so. */
async function waitFor(inputs: readonly ProductRange[], taken: Taken, lane: Lane): Promise<Forced | null> {
  const usual = firedAt(undefined).startOf('day').plus({ hours: latestStartHour });
  const least = DateTime.fromMillis(Date.now(), { zone: 'utc' }).plus({ hours: leastWaitHours });
  return awaitInputs(inputs, new Date(Math.max(usual.toMillis(), least.toMillis())).toISOString(), taken, lane);
}
