import { CancellationScope, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { BuildPlan } from '../activities/catalogue/plan.ts';
import { type Report, reportBuild, resultTable } from './build-report.ts';
import { releaseHeldBack, whileClaimed } from './claims.ts';
import { datesToRestate } from '../model/daily-window.ts';
import { checkInput } from './inputs.ts';
import { grainOf, intervalsIn, runsOf } from '../model/intervals.ts';
import { loadWarehouse } from './load-warehouse.ts';
import { type BuildInput, type BuildOutcome, wholeTable } from '../model/messages/builds.ts';
import type { Lane } from '../model/queues.ts';
import { calls, catalogue, surveys } from './proxies.ts';
import { isSuperseded, runJobs } from './run-jobs.ts';

/**
 * Builds a run of consecutive intervals of one product in one Spark job, and loads the warehouse where it has the product.
 * Intervals that the audit holds back are told in the outcome; the others are published. Fails for good when all are held
 * back, or the contract is at fault; a cancel ends the remote work too.
 */
export async function buildProduct(input: BuildInput): Promise<BuildOutcome> {
  checkInput('buildProduct', input);
  const lane = input.lane ?? 'scheduled';
  // The start of the chain stays the same over a reset, so a reset adopts the job that is running.
  const generation = workflowInfo().startTime.getTime();
  const report = reportBuild(input, `${input.start} to ${input.end}`, lane);
  try {
    const plan = await catalogue.planBuild({ ...input, generation });
    report.planned(plan.name);
    const { product, start } = input;
    const intervals = intervalsIn(grainOf(start), input);
    const claimed = {
      product,
      intervals: plan.replacesTable ? [wholeTable, ...intervals] : intervals,
      buildId: plan.buildId,
    };
    return await whileClaimed(claimed, lane, report.waiting, () => buildClaimed(input, plan, generation, lane, report));
  } catch (error) {
    // It waited while the table was restored: what it leaves is built on by a build that is asked for now.
    if (isSuperseded(error)) await continueAsNew<typeof buildProduct>(input);
    report.failed(error);
    throw error;
  }
}

async function buildClaimed(
  input: BuildInput,
  plan: BuildPlan,
  generation: number,
  lane: Lane,
  report: Report,
): Promise<BuildOutcome> {
  const { product, start, end } = input;
  const { result, ...job } = await runJobs(plan, lane, report, calls(lane).readBuildResult);
  report.cost(job.costUsd);
  const {
    buildId,
    intervals,
    heldBack = [],
    outputVersion,
    codeVersion,
    inputVersions,
    changedPartitions,
    exportManifest,
    sources,
    newestEvents,
    orphanEvents,
  } = result;
  const published = { product, buildId, intervals, outputVersion, qualityScore: result.quality.score };
  const at = new Date().toISOString();
  const restated = plan.hasReaders ? datesToRestate(input, changedPartitions, Date.now()) : [];
  // It is published, whatever happens to the build now: a cancel comes too late for this.
  await CancellationScope.nonCancellable(async () => {
    const versions = { codeVersion, inputVersions, changedPartitions, sources, newestEvents, orphanEvents };
    const forced = input.forced && { forced: input.forced };
    await surveys(lane).recordPublished({ ...published, ...job, ...versions, ...forced, generation, at });
    await releaseHeldBack({ product, buildId }, lane, heldBack);
    if (restated.length > 0) await calls(lane).reportLateDates({ product, dates: restated });
  });
  let rowsLoaded: number | null = null;
  if (plan.loadsWarehouse && exportManifest) {
    const dates = intervals.map(({ interval }) => interval);
    for (const run of runsOf(grainOf(start), dates))
      rowsLoaded = (rowsLoaded ?? 0) + (await loadWarehouse({ product, ...run }, plan, lane, exportManifest, report));
  }
  report.show('published', resultTable(result, job.costUsd, rowsLoaded));
  const held = heldBack.length > 0 ? { heldBack } : {};
  return { ...published, ...held, ...job, start, end, state: 'published', rowsLoaded };
}
