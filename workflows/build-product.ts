import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  rootCause,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { BuildPlan } from '../activities/catalogue/plan.ts';
import type { BuildResult } from '../activities/lake/result.ts';
import { reportBuild, resultTable } from './build-report.ts';
import type { BuildInput, BuildOutcome, Lane } from './messages.ts';
import { calls, catalogue, waits } from './proxies.ts';

/** A job that ended badly without a verdict of its own (lost capacity, a dead driver) is started again this often. */
const maximumJobs = 3;

/**
 * Builds a run of consecutive intervals of one product in one Spark job, and loads the warehouse where it has the product.
 * Fails for good when the data or the contract is at fault; a cancel ends the remote work too.
 */
export async function buildProduct(input: BuildInput): Promise<BuildOutcome> {
  const lane = input.lane ?? 'scheduled';
  // The start of the chain stays the same over a reset, so a reset adopts the job that is running.
  const generation = workflowInfo().startTime.getTime();
  const report = reportBuild(input, lane);
  try {
    const plan = await catalogue.planBuild({ ...input, generation });
    report.planned(plan.name);
    const { result, jobRunId, costUsd } = await runJobs(plan, lane, report);
    report.cost(costUsd);
    const rowsLoaded =
      plan.loadsWarehouse && result.exportManifest
        ? await load(input, plan, lane, result.exportManifest, report)
        : null;
    report.show('published', resultTable(result, costUsd, rowsLoaded));
    const { product, start, end } = input;
    const { intervals, outputVersion } = result;
    const qualityScore = result.quality.score;
    return {
      product,
      start,
      end,
      buildId: plan.buildId,
      state: 'published',
      intervals,
      qualityScore,
      outputVersion,
      costUsd,
      jobRunId,
      rowsLoaded,
    };
  } catch (error) {
    report.show(isCancellation(error) ? 'cancelled' : 'failed', rootCause(error) ?? '');
    throw error;
  }
}

type Report = ReturnType<typeof reportBuild>;

async function runJobs(plan: BuildPlan, lane: Lane, report: Report) {
  let costUsd = 0;
  for (let attempt = 1; ; attempt++) {
    report.show('submitting', `Job ${attempt} of at most ${maximumJobs}`);
    const { jobRunId, end } = await runJob(plan, lane, attempt, report);
    costUsd += end.costUsd;
    const result = await calls(lane).readBuildResult({ uri: plan.resultUri });
    if (end.meaning === 'done' && result && !result.error) return { result, jobRunId, costUsd };
    const problem = describeFailure(plan, jobRunId, end.state, end.details, result);
    if (end.meaning === 'cancelled')
      throw ApplicationFailure.nonRetryable(`${problem} Somebody cancelled it at EMR Serverless.`, 'JobCancelled');
    if (verdicts.has(result?.error?.kind ?? '')) throw ApplicationFailure.nonRetryable(problem, result?.error?.kind);
    if (attempt === maximumJobs)
      throw ApplicationFailure.nonRetryable(`${problem} It failed ${attempt} times.`, 'JobFailed');
    await sleep(`${attempt * 10}s`);
  }
}

/** Failures that another job over the same data would meet again. */
const verdicts = new Set(['QUALITY_FAILED', 'CONSERVATION_BROKEN', 'BAD_INPUT']);

/** One job, from submit to end. The submit can't be cancelled, so that a cancel always knows which job to end. */
async function runJob(plan: BuildPlan, lane: Lane, attempt: number, report: Report) {
  const token = `${plan.buildId}/job/${attempt}`;
  const { jobRunId } = await CancellationScope.nonCancellable(() => calls(lane).submitJobRun({ token, job: plan.job }));
  try {
    report.show('running', `EMR Serverless job run \`${jobRunId}\``);
    return { jobRunId, end: await waits(lane).awaitJobRun({ jobRunId }) };
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => waits(lane).cancelJobRun({ jobRunId }));
    throw error;
  }
}

/** Loads the exported rows into the warehouse in one transaction, started over when it lost against another one. */
async function load(input: BuildInput, plan: BuildPlan, lane: Lane, manifest: string, report: Report): Promise<number> {
  const { product, start, end } = input;
  for (let attempt = 1; ; attempt++) {
    const token = `${plan.buildId}/load/${attempt}`;
    const { statementId } = await CancellationScope.nonCancellable(() =>
      calls(lane).submitLoad({ token, product, start, end, manifest }),
    );
    report.show('loading', `Redshift statement \`${statementId}\``);
    try {
      const ended = await waits(lane).awaitStatement({ statementId });
      if (ended.meaning === 'done') return ended.rowCount;
      if (attempt === maximumJobs) {
        throw ApplicationFailure.nonRetryable(
          `${product} ${plan.name} is published in the lake, but its load ${statementId} failed ${attempt} times: ${ended.error}`,
          'LoadFailed',
        );
      }
    } catch (error) {
      if (isCancellation(error))
        await CancellationScope.nonCancellable(() => waits(lane).cancelStatement({ statementId }));
      throw error;
    }
    await sleep(`${attempt * 5}s`);
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
