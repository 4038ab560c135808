import { patched } from '@temporalio/workflow';
import { isHeldBack } from './builds-failed.ts';
import { runsAnHour } from '../model/cadences.ts';
import { firedAt, startedBySchedule } from './fired-at.ts';
import { checkInput } from './inputs.ts';
import { intervalKey } from '../model/intervals.ts';
import type { BuildOutcome } from '../model/messages/builds.ts';
import type { Lane } from '../model/queues.ts';
import { surveys } from './proxies.ts';
import { runBuilds } from './run-builds.ts';

export interface HourlyBronzeInput {
  readonly product?: string;
  /** Stands for the schedule's firing time, ISO-8601; the two hours before its hour are built. */
  readonly firedAt?: string;
  readonly lane?: Lane;
  /** Reads the raw files again even where they are the same as at the last build. */
  readonly rebuild?: boolean;
}

/** Builds the two hours before the current one: every hour is built twice, so that stragglers are picked up. */
export async function hourlyBronze(input: HourlyBronzeInput = {}): Promise<BuildOutcome[]> {
  checkInput('hourlyBronze', input);
  const hour = firedAt(input.firedAt).startOf('hour');
  const range = { start: intervalKey('hour', hour.minus({ hours: runsAnHour })), end: intervalKey('hour', hour) };
  const build = { product: input.product ?? 'bronze.events', ...range, rebuild: input.rebuild ?? false };
  const bySchedule = startedBySchedule();
  const heal = () => surveys('late').healLostHours({ product: build.product, before: range.start });
  try {
    const outcomes = await runBuilds([[build]], {
      lane: input.lane ?? 'scheduled',
      ...(bySchedule && { readersBuiltBy: 'next daily batch' }),
    });
    // It works again, if it did not before. The patches may go when no run of an earlier release is under way or replayed.
    if (bySchedule && patched('heals-lost-hours')) await heal();
    return outcomes;
  } catch (error) {
    // Bad data of these hours say nothing against building others.
    if (bySchedule && isHeldBack(error) && patched('heals-beside-held-hours')) await heal();
    throw error;
  }
}
