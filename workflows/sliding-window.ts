import { ApplicationFailure, CancellationScope, condition, isCancellation, rootCause } from '@temporalio/workflow';
import type { BackfillControl } from './backfill-control.ts';
import { heldBackFailures } from './builds-failed.ts';
import type { BuildInput } from './messages.ts';
import { runBuild } from './run-builds.ts';

/** Something is wrong with more than single intervals when so many builds have failed. */
const maximumFailures = 5;

/** Runs builds, as many at once as the control allows, none while it is paused. All that have started end before this does. */
export async function runWindow(builds: readonly BuildInput[], control: BackfillControl): Promise<void> {
  const waiting = [...builds];
  const running = new Set<Promise<unknown>>();
  const failures: unknown[] = [];
  try {
    while (waiting.length > 0 && failures.length < maximumFailures) {
      await condition(() => control.mayStart(running.size) || failures.length >= maximumFailures);
      const build = waiting.shift();
      if (!build || failures.length >= maximumFailures) break;
      const { lane, planId, readersBuiltBy } = control;
      const building = runBuild({ ...build, lane, planId, readersBuiltBy })
        .then(
          (outcome) => {
            control.built(outcome);
            failures.push(...heldBackFailures([outcome]));
          },
          (error: unknown) => failures.push(error),
        )
        .finally(() => running.delete(building));
      running.add(building);
    }
  } finally {
    // A cancel has reached the builds by now; each ends its own job.
    await CancellationScope.nonCancellable(() => Promise.all(running));
  }
  const cancelled = failures.find(isCancellation);
  if (cancelled) throw cancelled;
  if (failures.length === 0) return;
  const reasons = failures.map((failure) => rootCause(failure) ?? String(failure));
  throw ApplicationFailure.create({
    message: `${failures.length} builds failed, nothing more was started: ${reasons.join('; ')} Correct the cause and start the backfill again: it goes on with what is incomplete.`,
    type: 'BackfillIncomplete',
    nonRetryable: true,
  });
}
