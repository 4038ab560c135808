import { firedAt, startedBySchedule } from './fired-at.ts';
import { checkInput } from './inputs.ts';
import { intervalKey } from './intervals.ts';
import type { BuildOutcome, Lane } from './messages.ts';
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
  const range = { start: intervalKey('hour', hour.minus({ hours: 2 })), end: intervalKey('hour', hour) };
  const build = { product: input.product ?? 'bronze.events', ...range, rebuild: input.rebuild ?? false };
  return runBuilds([[build]], {
    lane: input.lane ?? 'scheduled',
    ...(startedBySchedule() && { readersBuiltBy: 'next daily batch' }),
  });
}
