import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { JobPlan } from '../activities/catalogue/plan.ts';
import type { PlacedRun } from '../activities/emr-serverless/activities.ts';
import type { WrittenResult } from '../activities/lake/activities.ts';
import type { Report } from './build-report.ts';
import { jobsLost, maximumAttempts, verdicts } from '../model/messages/builds.ts';
import type { Lane } from '../model/queues.ts';
import { submissions, waits } from './proxies.ts';
import { longestWaitSeconds } from './wait.ts';

/** What the result of every kind of job says. */
interface JobResult {
  readonly error: { readonly kind: string; readonly message: string } | null;
}

/** How long jobs that say nothing of themselves are started again, and how long each may wait for its driver. */
export interface Patience {
  readonly lostForMinutes: number;
  readonly startsWithinMinutes?: number;
}

/** Capacity that is short comes back within hours; a job that is lost for longer needs a person. */
const patienceOfBuilds: Patience = { lostForMinutes: 6 * 60 };

/** By so much the clocks of Temporal and AWS may differ. */
const clockToleranceMs = 60_000;

/**
 * Runs a job to its end. One that failed is started again, up to `maximumAttempts`. One that ended without a word of its own
 * (no capacity, a dead driver, its time limit, a cancel that nobody here asked for) says nothing about the build: it is
 * started again for hours, ever later. A reset is given the jobs that it had before: one that runs is adopted, and those
 * that have failed don't count again. `readResult` gives what the job wrote about itself, null when it wrote nothing.
 */
export async function runJobs<R extends JobResult>(
  plan: JobPlan,
  lane: Lane,
  report: Report,
  readResult: (from: WrittenResult) => Promise<R | null>,
  patience = patienceOfBuilds,
) {
  let costUsd = 0;
  let jobSeconds = 0;
  let failures = 0;
  let began = Date.now();
  for (let attempt = 1; ; attempt++) {
    report.show('submitting', `Job ${attempt}`);
    const submittedAt = Date.now();
    const { placed, end } = await runJob(plan, lane, attempt, report, patience);
    const { jobRunId } = placed;
    costUsd += end.costUsd;
    jobSeconds += end.durationSeconds;
    const isOld = wasReset() && Date.parse(end.createdAt ?? '') < submittedAt - clockToleranceMs;
    if (isOld && end.meaning !== 'done') {
      began = Date.now();
      continue;
    }
    const since = end.createdAt !== undefined && { since: end.createdAt };
    const result = await CancellationScope.nonCancellable(() => readResult({ uri: plan.resultUri, ...since }));
    if (end.meaning === 'done' && result && !result.error) return { result, jobRunId, costUsd, jobSeconds };
    const problem = describeFailure(plan, placed, end.state, end.details, result);
    if (verdicts.has(result?.error?.kind ?? '')) throw ApplicationFailure.nonRetryable(problem, result?.error?.kind);
    if (result?.error && ++failures === maximumAttempts)
      throw ApplicationFailure.nonRetryable(`${problem} It failed ${failures} times.`, 'JobFailed');
    if (end.neverStarted || Date.now() - began > patience.lostForMinutes * 60_000)
      throw ApplicationFailure.nonRetryable(
        `${problem} ${attempt} jobs ended in ${Math.round((Date.now() - began) / 60_000)} minutes.`,
        jobsLost,
      );
    await sleep(`${Math.min(10 * 2 ** (attempt - 1), longestWaitSeconds)}s`);
  }
}

/** Whether this run may meet jobs that an earlier one began: no clock tells it, for that of AWS may be behind. */
function wasReset(): boolean {
  const { runId, firstExecutionRunId } = workflowInfo();
  return runId !== firstExecutionRunId;
}

/** Whether its jobs were lost, or found no room. */
export const isLost = (error: unknown): boolean => error instanceof ApplicationFailure && error.type === jobsLost;

/** Whether somebody has asked later for what the job would undo. Who still wants it asks for it anew. */
export const isSuperseded = (error: unknown): boolean =>
  error instanceof ApplicationFailure && error.type === 'SUPERSEDED';

/**
 * One job, from submit to end. The submit can't be cancelled, so that a cancel always knows which job to end. A job that
 * was done before the cancel reached it has done its work, so that its end counts.
 */
async function runJob(plan: JobPlan, lane: Lane, attempt: number, report: Report, patience: Patience) {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('Cancelled before the job started');
  const token = `${plan.buildId}/job/${attempt}`;
  // What it began before a reset may run where a release without lanes' applications put it.
  const before = wasReset() && {
    before: { resultUri: plan.resultUri, attempt, sinceMs: workflowInfo().startTime.getTime() },
  };
  const placed = await CancellationScope.nonCancellable(() =>
    submissions(lane).submitJobRun({ token, job: plan.job, lane, ...before }),
  );
  const { jobRunId } = placed;
  const { startsWithinMinutes } = patience;
  const startsWithin = startsWithinMinutes !== undefined && { startsWithinMinutes };
  try {
    report.show('running', `EMR Serverless job run \`${jobRunId}\`${ofApplication(placed)}`);
    return { placed, end: await waits(lane).awaitJobRun({ ...placed, ...startsWithin }) };
  } catch (error) {
    // Whatever ended the wait, nobody else looks after the job: it has to be over before its claim is given back.
    const end = await CancellationScope.nonCancellable(() => waits(lane).cancelJobRun(placed));
    if (end.meaning === 'done') return { placed, end };
    throw asCancelled(error, `Cancelled with its job run ${jobRunId}`);
  }
}

/** The server tries nothing again once a cancel is requested, so that any error may be all that is heard of the cancel. */
const asCancelled = (error: unknown, message: string): unknown =>
  !isCancellation(error) && CancellationScope.current().consideredCancelled ? new CancelledFailure(message) : error;

const ofApplication = ({ applicationId }: PlacedRun): string =>
  applicationId === undefined ? '' : ` of application ${applicationId}`;

function describeFailure(
  plan: JobPlan,
  placed: PlacedRun,
  state: string,
  details: string,
  result: JobResult | null,
): string {
  const why = result?.error ? `${result.error.kind}: ${result.error.message}` : details || 'it left no result';
  return `${plan.job.name}: job run ${placed.jobRunId}${ofApplication(placed)} ended as ${state}: ${why}. Its log is under the application’s log URI.`;
}
