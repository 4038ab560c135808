import { ApplicationFailure, CancellationScope, CancelledFailure, isCancellation, sleep } from '@temporalio/workflow';
import type { JobPlan } from '../activities/catalogue/plan.ts';
import type { Report } from './build-report.ts';
import { type Lane, maximumAttempts } from './messages.ts';
import { submissions, waits } from './proxies.ts';

/** What the result of every kind of job says. */
interface JobResult {
  readonly error: { readonly kind: string; readonly message: string } | null;
}

/**
 * Runs a job to its end; one that ended without a verdict of its own (lost capacity, a dead driver) is started again.
 * `readResult` gives what the job wrote about itself, null when it wrote nothing.
 */
export async function runJobs<R extends JobResult>(
  plan: JobPlan,
  lane: Lane,
  report: Report,
  readResult: (from: { uri: string }) => Promise<R | null>,
) {
  let costUsd = 0;
  let jobSeconds = 0;
  for (let attempt = 1; ; attempt++) {
    report.show('submitting', `Job ${attempt} of at most ${maximumAttempts}`);
    const { jobRunId, end } = await runJob(plan, lane, attempt, report);
    costUsd += end.costUsd;
    jobSeconds += end.durationSeconds;
    const result = await CancellationScope.nonCancellable(() => readResult({ uri: plan.resultUri }));
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
 * was done before the cancel reached it has done its work, so that its end counts.
 */
async function runJob(plan: JobPlan, lane: Lane, attempt: number, report: Report) {
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
  plan: JobPlan,
  jobRunId: string,
  state: string,
  details: string,
  result: JobResult | null,
): string {
  const why = result?.error ? `${result.error.kind}: ${result.error.message}` : details || 'it left no result';
  return `${plan.job.name}: job run ${jobRunId} ended as ${state}: ${why}. Its log is under the application’s log URI.`;
}
