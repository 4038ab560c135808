import { CancellationScope, condition, isCancellation, patched, rootCause } from '@temporalio/workflow';
import type { BackfillControl } from './backfill-control.ts';
import type { WrongRun } from '../model/messages/backfill.ts';
import { backfillIncomplete } from './builds-failed.ts';
import { grainOf, runsOf } from '../model/intervals.ts';
import type { BuildInput, BuildOutcome } from '../model/messages/builds.ts';
import { runBuild } from './run-builds.ts';

/** Something is wrong with more than single intervals when so many builds have failed. */
const maximumFailures = 5;

/** A backfill of an earlier release ends after the first window in which something is wrong. */
const goesOn = (): boolean => patched('backfill-goes-on-past-wrong');

/**
 * Runs builds, as many at once as the control allows, none while it is paused. All that have started end before this does.
 * What fails or is held back is noted; too many failures end the backfill.
 */
export async function runWindow(builds: readonly BuildInput[], control: BackfillControl): Promise<void> {
  const waiting = [...builds];
  const running = new Set<Promise<unknown>>();
  const errors: unknown[] = [];
  const { wrong } = control;
  let failures = wrong.filter(({ state }) => state === 'failed').length;
  try {
    while (waiting.length > 0 && failures < maximumFailures) {
      await condition(() => control.mayStart(running.size) || failures >= maximumFailures);
      const build = waiting.shift();
      if (!build || failures >= maximumFailures) break;
      const { lane, planId, readersBuiltBy } = control;
      const building = runBuild({ ...build, lane, planId, readersBuiltBy })
        .then(
          (outcome) => {
            control.built(outcome);
            const held = heldBackRuns(outcome);
            control.couldNotBuild(held);
            if (held.length > 0 && !goesOn()) failures += 1;
          },
          (error: unknown) => {
            const { product, start, end } = build;
            const reason = rootCause(error) ?? String(error);
            control.couldNotBuild([{ product, start, end, state: 'failed', reason }]);
            errors.push(error);
            failures += 1;
          },
        )
        .finally(() => running.delete(building));
      running.add(building);
    }
  } finally {
    // A cancel has reached the builds by now; each ends its own job.
    await CancellationScope.nonCancellable(() => Promise.all(running));
  }
  const cancelled = errors.find(isCancellation);
  if (cancelled) throw cancelled;
  if (failures >= maximumFailures || (wrong.length > 0 && !goesOn()))
    throw backfillIncomplete(wrong, 'nothing more was started');
}

/** Runs of intervals that a build held back, each with the reason of its first. */
function heldBackRuns({ product, start, heldBack = [] }: BuildOutcome): WrongRun[] {
  const reasons = new Map(heldBack.map(({ interval, reason }) => [interval, reason]));
  const runs = runsOf(grainOf(start), [...reasons.keys()].sort());
  return runs.map((run) => ({ product, ...run, state: 'held back', reason: reasons.get(run.start) ?? '' }));
}
