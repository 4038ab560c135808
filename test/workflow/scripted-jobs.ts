import { isDeepStrictEqual } from 'node:util';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { JobRunEnd, PlacedRun } from '../../activities/emr-serverless/activities.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { grainOf, intervalsIn } from '../../model/intervals.ts';
import type { BuildResult, MaintenanceResult, RestoreResult } from '../../model/results.ts';
import type { Calls } from './calls.ts';
import { at, type Script, throttled } from './script.ts';

const catalogue = loadCatalogue();

/** Dates of the intervals in which the script lets rows change; an hour may change any date. */
function changedBy({ changedDates }: Script, intervals: readonly string[]): string[] {
  const dates = [...new Set(intervals.map((interval) => interval.slice(0, 10)))];
  if (!changedDates) return dates;
  return grainOf(intervals[0] ?? '') === 'hour'
    ? [...changedDates]
    : dates.filter((date) => changedDates.includes(date));
}

const jobErrors: Readonly<Record<string, BuildResult['error']>> = {
  quality: { kind: 'QUALITY_FAILED', message: 'half of the rows have no city_id' },
  superseded: { kind: 'SUPERSEDED', message: 'restore r was asked for after this build' },
  broken: { kind: 'INTERNAL', message: 'an executor ran out of memory' },
};

/** Runs of jobs that end as the script says, and the results that they leave in the lake. */
export function scriptedJobs(script: Script, calls: Calls, waitForCancel: () => Promise<never>) {
  let defects = script.defectiveCancels ?? 0;
  const outcomeOf = (jobRunId: string) => {
    const index = Number(jobRunId.slice('run-'.length)) - 1;
    const { name } = calls.submitted[index]?.job ?? {};
    return name !== undefined && name === script.failing ? 'quality' : at(script.jobs ?? ['done'], index, 'done');
  };
  /** A job run is looked for in the application of its lane. */
  const known = (placed: PlacedRun): PlacedRun => {
    const submitted = calls.submitted[Number(placed.jobRunId.slice('run-'.length)) - 1];
    if (placed.applicationId === `of-${submitted?.lane}`) return placed;
    throw ApplicationFailure.nonRetryable(`${placed.jobRunId} is not in ${placed.applicationId}`);
  };
  const end = (meaning: JobRunEnd['meaning'], state: string, createdAt?: string): JobRunEnd => ({
    meaning,
    state,
    details: meaning === 'failed' ? 'the driver was lost' : '',
    costUsd: 0.01,
    durationSeconds: 3,
    ...(createdAt !== undefined && { createdAt }),
  });
  return {
    async submitJobRun(input: Calls['submitted'][number]): Promise<PlacedRun> {
      const known = calls.submitted.findIndex(({ token }) => token === input.token);
      if (known >= 0 && !isDeepStrictEqual(calls.submitted[known]?.job, input.job))
        throw ApplicationFailure.nonRetryable(`${input.token} was used with other parameters`, 'ConflictException');
      if (known < 0) calls.submitted.push(input);
      const jobRunId = `run-${(known < 0 ? calls.submitted.length - 1 : known) + 1}`;
      return { jobRunId, applicationId: `of-${input.lane}` };
    },
    async awaitJobRun(placed: PlacedRun): Promise<JobRunEnd> {
      const { jobRunId } = known(placed);
      calls.lanes.push(Context.current().info.taskQueue.replace('data-plane-', ''));
      const outcome = outcomeOf(jobRunId);
      await script.gate;
      if (outcome === 'hangs') return waitForCancel();
      if (outcome === 'hangs, then throttles') return waitForCancel().catch(throttled);
      if (outcome === 'finds no room') return { ...end('cancelled', 'CANCELLED'), neverStarted: true };
      if (outcome === 'timed out') return end('cancelled', 'CANCELLED');
      const { createdAt = script.createdAt } = calls.submitted[Number(jobRunId.slice('run-'.length)) - 1] ?? {};
      return outcome === 'done' ? end('done', 'SUCCESS', createdAt) : end('failed', 'FAILED', createdAt);
    },
    async cancelJobRun(placed: PlacedRun): Promise<JobRunEnd> {
      const { jobRunId } = known(placed);
      if (defects-- > 0) throw new TypeError('jobRun is not iterable');
      calls.cancelled.push(jobRunId);
      return end('cancelled', 'CANCELLED');
    },
    async readBuildResult({ uri }: { uri: string }): Promise<BuildResult | null> {
      const index = calls.submitted.findLastIndex(({ job }) => job.arguments.includes(uri));
      const submitted = calls.submitted[index];
      const outcome = outcomeOf(`run-${index + 1}`);
      if (!submitted || outcome === 'lost' || outcome === 'timed out') return null;
      const argument = (flag: string): string =>
        submitted.job.arguments[submitted.job.arguments.indexOf(flag) + 1] ?? '';
      const [product, start, end] = [argument('--product'), argument('--start'), argument('--end')];
      const asked = intervalsIn(grainOf(start), { start, end });
      const heldBack = asked.filter((interval) => script.heldBack?.[product]?.includes(interval));
      const intervals = asked.filter((interval) => !heldBack.includes(interval));
      const rows = { rowsIn: 10, rowsPublished: 8, rowsDuplicate: 1, rowsQuarantined: 1, changed: true };
      return {
        product,
        buildId: argument('--build-id'),
        codeVersion: 'source',
        status: outcome in jobErrors ? 'failed' : 'published',
        intervals: intervals.map((interval) => ({ interval, ...rows })),
        heldBack: heldBack.map((interval) => ({ interval, reason: `one odd trip on ${interval}` })),
        quality: { score: outcome === 'quality' ? 0.5 : 1, checks: [] },
        inputVersions: Object.fromEntries(
          catalogue.get(product).inputs.map((input) => [input.product, calls.ledger.version(input.product)]),
        ),
        ...(product === 'silver.trips' && {
          orphanEvents: Object.fromEntries(intervals.map((interval) => [interval, 3])),
        }),
        outputVersion: calls.ledger.version(product) + 1,
        changedPartitions: changedBy(script, intervals),
        exportManifest: product.startsWith('gold.') ? 's3://tideline-lake/export/manifest.json' : null,
        schemaDrift: [],
        error: jobErrors[outcome] ?? null,
      };
    },
    async readRestoreResult({ uri }: { uri: string }): Promise<RestoreResult | null> {
      const index = calls.submitted.findLastIndex(({ job }) => job.arguments.includes(uri));
      const submitted = calls.submitted[index];
      const product = submitted?.job.arguments[submitted.job.arguments.indexOf('--product') + 1] ?? '';
      return {
        product,
        restored: 4,
        version: 9,
        changedPartitions: ['2025-01-17', '2025-01-19'],
        exportManifest: product.startsWith('gold.') ? 's3://tideline-lake/export/manifest.json' : null,
        exportStart: '2025-01-17',
        exportEnd: '2025-01-20',
        error: jobErrors[outcomeOf(`run-${index + 1}`)] ?? null,
      };
    },
    async readMaintenanceResult({ uri }: { uri: string }): Promise<MaintenanceResult | null> {
      const submitted = calls.submitted.find(({ job }) => job.arguments.includes(uri));
      return {
        product: submitted?.job.arguments[submitted.job.arguments.indexOf('--product') + 1] ?? '',
        version: 9,
        partitions: 3,
        filesBefore: 40,
        filesAfter: 3,
        bytesBefore: 5_000_000,
        bytesAfter: 4_000_000,
        filesDeleted: 72,
        stagedFilesDeleted: 0,
        readableSince: '2025-01-12T03:30:00Z',
        error: null,
      };
    },
  };
}
