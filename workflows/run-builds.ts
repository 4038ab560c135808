import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  rootCause,
  sleep,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { buildProduct } from './build-product.ts';
import { grainOf, intervalsIn, rangeName, runsOf } from './intervals.ts';
import { type BuildInput, type BuildOutcome, type Lane, orchestrationQueue } from './messages.ts';

/** `build/silver.trips/2025-01-18..2025-01-20`: one id per run of intervals, so that it is built once at a time. */
export const buildWorkflowId = (input: BuildInput): string =>
  `build/${input.product}/${rangeName(grainOf(input.start), input)}`;

const longestWaitSeconds = 300;

/** Runs one build as a child. Where the same build runs already, waits until it has ended, then builds again on what there is now. */
export async function runBuild(input: BuildInput): Promise<BuildOutcome> {
  for (let waitSeconds = 10; ; waitSeconds = Math.min(2 * waitSeconds, longestWaitSeconds)) {
    try {
      return await executeChild(buildProduct, {
        args: [input],
        workflowId: buildWorkflowId(input),
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        taskQueue: orchestrationQueue,
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        staticSummary: `${input.product} ${rangeName(grainOf(input.start), input)}`,
        staticDetails: `Builds ${input.product} for ${input.start} up to, not including, ${input.end} (UTC) in one Spark job.`,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await sleep(`${waitSeconds}s`);
    }
  }
}

/**
 * Runs builds stage by stage. A stage's builds all end before anything else happens; then all its failures are told at once.
 * Intervals that were held back stop nothing but what reads them, and are told at the end.
 */
export async function runBuilds(stages: readonly (readonly BuildInput[])[], lane: Lane): Promise<BuildOutcome[]> {
  const outcomes: BuildOutcome[] = [];
  for (const stage of stages) {
    const builds = stage.flatMap((build) => withoutHeldBack(build, outcomes));
    const settled = await Promise.allSettled(builds.map((build) => runBuild({ ...build, lane })));
    const failures = settled.flatMap((build) => (build.status === 'rejected' ? [build.reason as Error] : []));
    const cancelled = failures.find(isCancellation);
    if (cancelled) throw cancelled;
    if (failures.length > 0) {
      const reasons = failures.map((failure) => rootCause(failure) ?? failure.message);
      throw ApplicationFailure.create({
        message: `${failures.length} of ${builds.length} builds failed, later stages were not started: ${reasons.join('; ')}`,
        type: 'BuildsFailed',
        nonRetryable: true,
        ...(failures[0] && { cause: failures[0] }),
      });
    }
    outcomes.push(...settled.flatMap((build) => (build.status === 'fulfilled' ? [build.value] : [])));
  }
  const [heldBack] = heldBackFailures(outcomes);
  if (heldBack) throw heldBack;
  return outcomes;
}

/** What is left of a build without the dates that an earlier stage has held back: there is nothing new to read. */
function withoutHeldBack(build: BuildInput, earlier: readonly BuildOutcome[]): BuildInput[] {
  const grain = grainOf(build.start);
  const heldBack = earlier.flatMap((outcome) => outcome.heldBack ?? []).map(({ interval }) => interval);
  const left = intervalsIn(grain, build).filter((interval) => !heldBack.includes(interval));
  return runsOf(grain, left).map((run) => ({ ...build, ...run }));
}

/** One failure that names the intervals of these builds that were held back, if any. */
export function heldBackFailures(outcomes: readonly BuildOutcome[]): ApplicationFailure[] {
  const told = outcomes.flatMap(({ product, heldBack = [] }) =>
    heldBack.map(({ interval, reason }) => `${product} ${interval}: ${reason}`),
  );
  if (told.length === 0) return [];
  const message = `${told.length} intervals are held back, all else is published: ${told.join('; ')}. Correct the cause, then build them again.`;
  return [ApplicationFailure.nonRetryable(message, 'IntervalsHeldBack')];
}
