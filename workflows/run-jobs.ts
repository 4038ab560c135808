import { ApplicationFailure, CancellationScope, CancelledFailure, isCancellation, sleep } from '@temporalio/workflow';
import type { BuildPlan } from '../activities/catalogue/plan.ts';
import type { BuildResult } from '../activities/lake/result.ts';
import type { Report } from './build-report.ts';
import { type Lane, maximumAttempts } from './messages.ts';
import { calls, submissions, waits } from './proxies.ts';

/** Runs a build's job to its end; one that ended without a verdict of its own (lost capacity, a dead driver) is started again. */
export async function runJobs(plan: BuildPlan, lane: Lane, report: Report) {
  let costUsd = 0;
  let jobSeconds = 0;
  for (let attempt = 1; ; attempt++) {
    report.show('submitting', `Job ${attempt} of at most ${maximumAttempts}`);
    const { jobRunId, end } = await runJob(plan, lane, attempt, report);
    costUsd += end.costUsd;
    jobSeconds += end.durationSeconds;
    const result = await CancellationScope.nonCancellable(() => calls(lane).readBuildResult({ uri: plan.resultUri }));
    if (end.meaning === 'done' && result && !result.error) return { result, jobRunId, costUsd, jobSeconds };
    const problem = describeFailure(plan, jobRunId, end.state, end.details, result);
    if (end.meaning === 'cancelled')
      throw ApplicationFailure.nonRetryable(`${problem} Somebody cancelled it at EMR Serverless.`, 'JobCancelled');
    if (verdicts.has(result?.error?.kind ?? '')) throw ApplicationFailure.nonRetryable(problem, result?.error?.kind);
    if (attempt === maximumAttempts)
      throw ApplicationFailure.nonRetryable(`${problem} It failed ${attempt} times.`, 'JobFailed');
    await sleep(`${attempt * 10}s`);
  }
}

/** Failures that another job over the same data would meet again. */
const verdicts = new Set(['QUALITY_FAILED', 'CONSERVATION_BROKEN', 'BAD_INPUT']);

/**
 * One job, from submit to end. The submit can't be cancelled, so that a cancel always knows which job to end. A job that
 * was done before the cancel reached it has published, so that its end counts.
 */
async function runJob(plan: BuildPlan, lane: Lane, attempt: number, report: Report) {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('Cancelled before the job started');
  const token = `${plan.buildId}/job/${attempt}`;
  const { jobRunId } = await CancellationScope.nonCancellable(() =>
    submissions(lane).submitJobRun({ token, job: plan.job }),
  );
  try {
    report.show('running', `EMR Serverless job run \`${jobRunId}\``);
    return { jobRunId, end: await waits(lane).awaitJobRun({ jobRunId }) };
  } catch (error) {
    if (!isCancellation(error)) throw error;
    const end = await CancellationScope.nonCancellable(() => waits(lane).cancelJobRun({ jobRunId }));
    if (end.meaning !== 'done') throw error;
    return { jobRunId, end };
  }
}

function describeFailure(
  plan: BuildPlan,
  jobRunId: string,
  state: string,
  details: string,
  result: BuildResult | null,
): string {
  const why = result?.error ? `${result.error.kind}: ${result.error.message}` : details || 'it left no result';
  return `${plan.job.name}: job run ${jobRunId} ended as ${state}: ${why}. Its log is under the application’s log URI.`;
}
