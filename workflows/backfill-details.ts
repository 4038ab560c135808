import type { BackfillEstimate, BackfillInput, BackfillReport } from '../model/messages/backfill.ts';
import { runName } from './builds-failed.ts';
import type { MissingInput } from '../model/messages/inputs.ts';
import { grainOf, rangeName } from '../model/intervals.ts';
import { markdownTable } from './markdown.ts';

const hours = (seconds: number): string =>
  seconds < 3600 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
// The Web UI reads what stands between two dollar signs as a formula.
const usd = (amount: number): string => `${amount.toFixed(amount < 1 ? 4 : 2)} USD`;

/** Sums what is known; null when nothing is. */
export function totalEstimate(estimates: readonly (BackfillEstimate | null)[]): BackfillEstimate | null {
  const known = estimates.filter((estimate) => estimate !== null);
  if (known.length === 0) return null;
  return {
    costUsd: known.reduce((sum, { costUsd }) => sum + costUsd, 0),
    jobSeconds: known.reduce((sum, { jobSeconds }) => sum + jobSeconds, 0),
  };
}

/** What a backfill reads that is not published, and which one would build it. One line a product. */
export function missingLines(input: BackfillInput, missing: readonly MissingInput[]): string[] {
  return [...new Set(missing.map(({ product }) => product))].map((product) => {
    const runs = missing.filter((run) => run.product === product);
    const keys = [...runs, ...(product === input.product ? [input] : [])]
      .flatMap(({ start, end }) => [start, end])
      .sort();
    const told = runs.map((run) => `${rangeName(grainOf(run.start), run)} (${run.state})`);
    return `It reads ${product} ${told.join(', ')}, outside of it: a backfill of ${product} from ${keys[0] ?? ''} up to ${keys.at(-1) ?? ''} includes that.`;
  });
}

/** A backfill as the Web UI draws it (markdown): the plan, what it is thought to cost, and what has been built. */
export function backfillDetails(input: BackfillInput, report: BackfillReport, approvalOverJobs: number): string {
  const figures = ['to build', 'right already', 'jobs', 'job time', 'cost'];
  const rows = report.products.map(({ product, intervals, right, jobs, estimate }) => [
    product,
    intervals,
    right,
    jobs,
    estimate ? hours(estimate.jobSeconds) : '?',
    estimate ? usd(estimate.costUsd) : '?',
  ]);
  const estimate = totalEstimate(report.products.map((each) => each.estimate));
  const { built } = report;
  const planned = report.products.reduce((sum, { jobs }) => sum + jobs, 0);
  return [
    `**Backfill of ${input.product}** from ${input.start} up to ${input.end}: ${report.state}`,
    '',
    markdownTable(['product', ...figures], figures, rows),
    '',
    ...missingLines(input, report.missing).flatMap((line) => [line, '']),
    `Built: ${built.jobs} of ${planned} jobs, ${built.intervals} intervals, ${hours(built.jobSeconds)} of jobs, ${usd(built.costUsd)}` +
      (estimate ? ` (estimated ${hours(estimate.jobSeconds)}, ${usd(estimate.costUsd)})` : '') +
      `, ${hours(built.elapsedSeconds)} since the start, ${report.jobsAtOnce} jobs at once.`,
    ...(report.wrong ?? []).flatMap((run) => ['', `${runName(run)}: ${run.state}`]),
    ...(report.state === 'waiting for approval'
      ? [
          '',
          `More than ${approvalOverJobs} jobs: approve with \`temporal workflow update execute --name approve --input '"your name"' --workflow-id ${report.planId}\`.`,
        ]
      : []),
  ].join('\n');
}
