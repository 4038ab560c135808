import { condition, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { backfillDetails } from './backfill-details.ts';
import {
  approveUpdate,
  type BackfillInput,
  type BackfillPlan,
  type BackfillProgress,
  type BackfillReport,
  backfillStatusQuery,
  type WrongRun,
  limitUpdate,
  pauseUpdate,
  resumeUpdate,
} from '../model/messages/backfill.ts';
import { attributes } from '../model/search-attributes.ts';
import type { BuildOutcome } from '../model/messages/builds.ts';

const defaultJobsAtOnce = 5;
const mostJobsAtOnce = 50;
const defaultApprovalOverJobs = 100;

const begin = (input: BackfillInput): BackfillProgress => ({
  startedAtMs: Date.now(),
  stage: null,
  products: null,
  approvedBy: null,
  paused: false,
  jobsAtOnce: input.maximumJobsAtOnce ?? defaultJobsAtOnce,
  jobs: 0,
  intervals: 0,
  costUsd: 0,
  jobSeconds: 0,
});

/** How people see a backfill and steer it: the `status` query, the details in the Web UI, and the four updates. */
export function controlBackfill(input: BackfillInput, carried?: BackfillProgress) {
  const progress = carried ?? begin(input);
  const wrong = (progress.wrong ??= []);
  const planId = workflowInfo().workflowId;
  const lane = input.lane ?? 'backfill';
  const approvalOver = input.approvalOverJobs ?? defaultApprovalOverJobs;
  const plannedJobs = (): number => (progress.products ?? []).reduce((sum, { jobs }) => sum + jobs, 0);
  let end: BackfillReport['state'] | null = null;
  const state = (): BackfillReport['state'] => {
    if (end !== null) return end;
    if (progress.products === null) return 'planning';
    if (input.dryRun) return 'planned';
    if (plannedJobs() > approvalOver && progress.approvedBy === null) return 'waiting for approval';
    return progress.paused ? 'paused' : 'running';
  };
  const report = (): BackfillReport => {
    const { products, missing = [], jobs, intervals, costUsd, jobSeconds, approvedBy, jobsAtOnce } = progress;
    const elapsedSeconds = Math.round((Date.now() - progress.startedAtMs) / 1000);
    const built = { jobs, intervals, costUsd, jobSeconds, elapsedSeconds };
    return { planId, state: state(), products: products ?? [], missing, wrong, built, approvedBy, jobsAtOnce };
  };
  const show = (): void => {
    setCurrentDetails(backfillDetails(input, report(), approvalOver));
  };
  const change = (changes: Partial<BackfillProgress>): BackfillReport['state'] => {
    Object.assign(progress, changes);
    show();
    return state();
  };
  upsertSearchAttributes([
    { key: attributes.product, value: input.product },
    { key: attributes.lane, value: lane },
    { key: attributes.planId, value: planId },
  ]);
  setHandler(backfillStatusQuery, () => report());
  setHandler(approveUpdate, (approvedBy) => change({ approvedBy }), {
    validator: (by) => {
      if (typeof by !== 'string' || by === '') throw new RangeError('Say who approves: --input \'"your name"\'');
    },
  });
  setHandler(pauseUpdate, () => change({ paused: true }));
  setHandler(resumeUpdate, () => change({ paused: false }));
  setHandler(limitUpdate, (jobsAtOnce) => change({ jobsAtOnce }), {
    validator: (jobs) => {
      if (!Number.isInteger(jobs) || jobs < 1 || jobs > mostJobsAtOnce)
        throw new RangeError(`${jobs} jobs at once: say a whole number from 1 to ${mostJobsAtOnce}.`);
    },
  });
  return {
    planId,
    lane,
    readersBuiltBy: input.downstream === 'next daily batch' ? input.downstream : ('caller' as const),
    progress,
    wrong: wrong as readonly WrongRun[],
    mayStart: (running: number): boolean => !progress.paused && running < progress.jobsAtOnce,
    /** The first plan is the one that people approve and that the end is compared with. */
    planned(plan: BackfillPlan): void {
      progress.products ??= plan.products;
      progress.missing ??= plan.missing ?? [];
      show();
    },
    approved: (): Promise<void> => condition(() => state() !== 'waiting for approval'),
    built: (outcome: BuildOutcome): void => {
      progress.jobs += 1;
      progress.intervals += outcome.intervals.length;
      progress.costUsd += outcome.costUsd;
      progress.jobSeconds += outcome.jobSeconds;
      show();
    },
    couldNotBuild(runs: readonly WrongRun[]): void {
      wrong.push(...runs);
      show();
    },
    /** How it ended. */
    report(): BackfillReport {
      end = input.dryRun ? 'planned' : 'done';
      upsertSearchAttributes([{ key: attributes.costUsd, value: progress.costUsd }]);
      show();
      return report();
    },
  };
}

export type BackfillControl = ReturnType<typeof controlBackfill>;
