import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  patched,
  sleep,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import type { PlannedBuild } from '../activities/catalogue/plan.ts';
import type { Input } from '../model/graph.ts';
import { buildProduct } from './build-product.ts';
import { buildsFailed, heldBackFailures } from './builds-failed.ts';
import { grainOf, intervalsIn, rangeName, runRead, runsOf } from '../model/intervals.ts';
import type { BuildInput, BuildOutcome } from '../model/messages/builds.ts';
import { orchestrationQueue } from '../model/queues.ts';
import { type Pace, waitOf } from './wait.ts';

/** `build/silver.trips/2025-01-18..2025-01-20`: one id per run of intervals, so that it is built once at a time. */
export const buildWorkflowId = (input: BuildInput): string =>
  `build/${input.product}/${rangeName(grainOf(input.start), input)}`;

const pace: Pace = { first: 10, longest: 300 };

/**
 * Runs one build as a child. Where the same build runs already, waits until it has ended, for a day at the most, then builds
 * again on what there is now.
 */
export async function runBuild(input: BuildInput): Promise<BuildOutcome> {
  const wait = waitOf(pace);
  for (;;) {
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
      // A wait that an earlier release began ends as it would have there.
      if (wait.isOver() && patched('waits-for-builds-end')) throw stillRunning(input);
      await sleep(wait.nextMs());
    }
  }
}

function stillRunning(input: BuildInput): ApplicationFailure {
  const workflowId = buildWorkflowId(input);
  return ApplicationFailure.nonRetryable(
    `${workflowId} has been running for a day already. See what it does: temporal workflow query --type status --workflow-id ${workflowId}. If it is stuck, cancel it, or start workers of its version (docs/deploy.md); then start this again.`,
    'BuildStillRunning',
  );
}

/**
 * Runs builds, each as soon as what it reads of the others has ended. Intervals that read something that is not right are
 * held back, the rest is built. When all have ended, all failures are told at once.
 */
export async function runBuilds(
  stages: readonly (readonly PlannedBuild[])[],
  common: Pick<BuildInput, 'lane' | 'readersBuiltBy' | 'forced'>,
): Promise<BuildOutcome[]> {
  const outcomes: BuildOutcome[] = [];
  const failures: unknown[] = [];
  const notBuilt: string[] = [];
  const wrong = new Set<string>();
  const fail = (product: string, intervals: readonly string[]): void => {
    for (const interval of intervals) wrong.add(`${product} ${interval}`);
  };
  const build = async ({ reads, ...planned }: PlannedBuild): Promise<void> => {
    const { product } = planned;
    const grain = grainOf(planned.start);
    const intervals = intervalsIn(grain, planned);
    const isRight = (interval: string): boolean =>
      reads
        ? !readsAny(wrong, reads, interval)
        : failures.length === 0 && !readsAny(wrong, begun.map(sameInterval), interval);
    const right = intervals.filter(isRight);
    const left = intervals.filter((interval) => !right.includes(interval));
    fail(product, left);
    notBuilt.push(...runsOf(grain, left).map((run) => `${product} ${rangeName(grain, run)}`));
    const running = runsOf(grain, right).map(async (run) => {
      try {
        const outcome = await runBuild({ ...planned, ...run, ...common });
        outcomes.push(outcome);
        fail(
          product,
          (outcome.heldBack ?? []).map(({ interval }) => interval),
        );
      } catch (error) {
        failures.push(error);
        fail(product, intervalsIn(grain, run));
      }
    });
    await Promise.all(running);
  };
  const begun: { product: string; ended: Promise<void> }[] = [];
  for (const stage of stages) {
    const earlier = [...begun];
    for (const planned of stage) {
      const read = earlier.filter(
        ({ product }) => !planned.reads || planned.reads.some((input) => input.product === product),
      );
      const ended = Promise.all(read.map((each) => each.ended)).then(() => build(planned));
      begun.push({ product: planned.product, ended });
    }
  }
  await Promise.all(begun.map(({ ended }) => ended));
  const cancelled = failures.find(isCancellation);
  if (cancelled) throw cancelled;
  if (failures.length > 0) throw buildsFailed(failures, outcomes, notBuilt);
  const [heldBack] = heldBackFailures(outcomes, notBuilt);
  if (heldBack) throw heldBack;
  return outcomes;
}

/** Whether an interval reads one of `keys`: product and interval. */
const readsAny = (keys: ReadonlySet<string>, reads: readonly Input[], interval: string): boolean =>
  reads.some((input) => {
    const grain = grainOf(interval);
    return intervalsIn(grain, runRead(grain, interval, input)).some((key) => keys.has(`${input.product} ${key}`));
  });

/** What a plan without `reads` takes for read of a product. */
const sameInterval = ({ product }: { readonly product: string }): Input => ({ product, fromOffset: 0, toOffset: 1 });
