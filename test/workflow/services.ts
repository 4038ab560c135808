import { isDeepStrictEqual } from 'node:util';
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { EmrServerlessActivities, JobRunEnd, PlacedRun } from '../../activities/emr-serverless/activities.ts';
import type { BuildResult, MaintenanceResult, RestoreResult } from '../../model/results.ts';
import type { Claimed } from '../../activities/ledger/ledger.ts';
import type { Claim, Claimant, PublishedBuild } from '../../activities/ledger/records.ts';
import { oldestNeededVersion } from '../../activities/planning/needed-versions.ts';
import { planBackfill } from '../../activities/planning/backfill.ts';
import { healingOf } from '../../activities/planning/lost.ts';
import { orchestratorOf } from '../../activities/orchestrator.ts';
import { awaitInputs } from '../../activities/planning/missing-inputs.ts';
import type { ReadersAsked } from '../../activities/planning/activities.ts';
import { changesLeft } from '../../activities/planning/stale-readers.ts';
import { refusingBadInput } from '../../activities/failures.ts';
import { type Catalogue, loadCatalogue } from '../../model/catalogue.ts';
import type { FreshnessFinding, FreshnessReport } from '../../model/messages/freshness.ts';
import type { AwaitedInputs, InputsAsked } from '../../model/messages/inputs.ts';
import { grainOf, intervalsIn, shiftInterval } from '../../model/intervals.ts';
import type { ChangedDates } from '../../model/messages/late-data.ts';
import type { BackfillPlan, BackfillRequest } from '../../model/messages/backfill.ts';
import { wholeTable } from '../../model/messages/builds.ts';
import { MemoryLedger, publishedBuild } from './memory-ledger.ts';
import type { StatementEnd } from '../../activities/redshift/activities.ts';

/** What happens to each job and each load, in order; the last entry repeats. */
export interface Script {
  readonly jobs?: readonly (
    | 'done'
    | 'lost'
    | 'finds no room'
    | 'timed out'
    | 'broken'
    | 'quality'
    | 'superseded'
    | 'hangs'
    | 'hangs, then throttles'
  )[];
  readonly loads?: readonly ('done' | 'failed' | 'conflict' | 'hangs, then throttles')[];
  /** No job ends before. */
  readonly gate?: Promise<void>;
  /** How often a claim is refused, because another build holds an interval, until it is given. */
  readonly refusals?: number;
  /** A product, or a table of the warehouse, that another build holds all the time. */
  readonly holds?: string;
  /** The dates in which a build changes rows; by default all that it builds. */
  readonly changedDates?: readonly string[];
  /** Intervals that the audit holds back, by product. */
  readonly heldBack?: Readonly<Record<string, readonly string[]>>;
  /** What a check of freshness finds. */
  readonly freshness?: readonly FreshnessFinding[];
  /** The job, by its name, that fails for its rows, whatever `jobs` say. */
  readonly failing?: string;
  /** What the builds are planned by; by default the contracts. */
  readonly catalogue?: Catalogue;
  /** The one hour of bronze.events that is missing; by default none is. */
  readonly hole?: string;
  /** Whether the time of what waits for inputs is up. */
  readonly tooLate?: boolean;
  /** Where late dates are restated; by default they are only written down. */
  readonly restates?: Client;
  /** What is found among the raw files. */
  readonly unread?: readonly FreshnessFinding[];
  readonly unreadable?: readonly FreshnessFinding[];
  /** What has been built before; by default nothing. */
  readonly ledger?: MemoryLedger;
}

export interface Calls {
  readonly submitted: (Parameters<EmrServerlessActivities['submitJobRun']>[0] & { createdAt?: string })[];
  readonly cancelled: string[];
  readonly loads: { token: string; product: string; start: string; end: string; manifest: string }[];
  /** The loads that run, and how many that were at most. */
  readonly loading: { now: number; atMost: number };
  /** What the ledger was told of loads. */
  readonly loaded: { product: string; start: string; end: string; statementId: string; rows: number }[];
  /** Who holds which interval, or which table, by product and key. */
  readonly claims: Map<string, Claim>;
  readonly recorded: PublishedBuild[];
  readonly released: Released[];
  readonly ledger: MemoryLedger;
  /** Restores that the ledger was told of. */
  readonly restored: { product: string; version: number }[];
  /** The lane of each wait for a job. */
  readonly lanes: string[];
  /** How often all tables were looked through for commits that nobody has recorded. */
  unrecorded: number;
  /** Late dates that builds have reported. */
  readonly late: ChangedDates[];
}

type Released = Claimant & { readonly failure: { state: 'failed' | 'quarantined'; reason: string } | null };

const catalogue = loadCatalogue();

const at = <T>(list: readonly T[], index: number, otherwise: T): T =>
  list[Math.min(index, list.length - 1)] ?? otherwise;

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

const throttled = (): never => {
  throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
};

/** Services that follow a script and write down what was asked of them: workflow tests are about order and decisions. */
export function scriptedServices(script: Script = {}, waitForCancel: () => Promise<never>) {
  const calls: Calls = {
    submitted: [],
    cancelled: [],
    loads: [],
    loading: { now: 0, atMost: 0 },
    loaded: [],
    claims: new Map(),
    recorded: [],
    released: [],
    late: [],
    unrecorded: 0,
    restored: [],
    lanes: [],
    ledger: script.ledger ?? new MemoryLedger(),
  };
  if (script.hole !== undefined) {
    const before = { start: shiftInterval('hour', script.hole, -1), end: script.hole };
    const after = { start: shiftInterval('hour', script.hole, 1), end: shiftInterval('hour', script.hole, 48) };
    for (const range of [before, after]) calls.ledger.publish(publishedBuild('bronze.events', range));
  }
  let refused = 0;
  const cancelled = new Set<string>();
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
  const activities = {
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
      if (outcome === 'finds no room') {
        const again = cancelled.has(jobRunId);
        cancelled.add(jobRunId);
        return again
          ? end('cancelled', 'CANCELLED', new Date(0).toISOString())
          : { ...end('cancelled', 'CANCELLED'), neverStarted: true };
      }
      if (outcome === 'timed out') return end('cancelled', 'CANCELLED');
      const { createdAt } = calls.submitted[Number(jobRunId.slice('run-'.length)) - 1] ?? {};
      return outcome === 'done' ? end('done', 'SUCCESS', createdAt) : end('failed', 'FAILED', createdAt);
    },
    async cancelJobRun(placed: PlacedRun): Promise<JobRunEnd> {
      const { jobRunId } = known(placed);
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
        outputVersion: calls.ledger.version(product) + 1,
        changedPartitions: changedBy(script, intervals),
        exportManifest: product.startsWith('gold.') ? 's3://tideline-lake/export/manifest.json' : null,
        schemaDrift: [],
        error: jobErrors[outcome] ?? null,
      };
    },
    async claimIntervals({ product, intervals, workflowId, buildId }: Claimant): Promise<Claimed> {
      const since = '2025-01-19T00:00:00.000Z';
      refused += 1;
      if (refused <= (script.refusals ?? 0) || product === script.holds)
        return { claimed: false, holders: [{ workflowId: 'build/another', buildId: 'another', since }] };
      const stands = (key: string): boolean =>
        intervals.includes(wholeTable) || key === wholeTable || intervals.includes(key);
      const holders = [...calls.claims].flatMap(([place, claim]) => {
        const [of = '', key = ''] = place.split(' ');
        return of === product && stands(key) && claim.workflowId !== workflowId ? [claim] : [];
      });
      if (holders.length > 0) return { claimed: false, holders };
      for (const interval of intervals) calls.claims.set(`${product} ${interval}`, { workflowId, buildId, since });
      return { claimed: true, holders: [] };
    },
    async oldestNeededVersion({ product }: { product: string }): Promise<number | null> {
      return oldestNeededVersion(catalogue, calls.ledger, { list: async () => [] }, product);
    },
    async resolveVersion({ to }: { to: string | number }): Promise<number> {
      return refusingBadInput(() => {
        if (to === 'no-such-point') throw new RangeError(`silver.trips has no restore point "${to}".`);
        return 4;
      });
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
    async recordRestored(restored: { product: string; version: number }): Promise<void> {
      calls.restored.push(restored);
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
    async recordPublished(build: PublishedBuild): Promise<void> {
      calls.recorded.push(build);
      calls.ledger.publish(build);
    },
    async findUnreadRaw(): Promise<readonly FreshnessFinding[]> {
      return script.unread ?? [];
    },
    async recordUnrecorded(): Promise<readonly FreshnessFinding[]> {
      calls.unrecorded += 1;
      return script.unreadable ?? [];
    },
    async releaseIntervals({ failure, ...claimant }: Released): Promise<void> {
      const at = new Date().toISOString();
      for (const interval of claimant.intervals) {
        const place = `${claimant.product} ${interval}`;
        if (calls.claims.get(place)?.buildId !== claimant.buildId) continue;
        calls.claims.delete(place);
        if (failure && interval !== wholeTable) calls.ledger.fail(claimant.product, interval, failure.state, at);
      }
      calls.released.push({ ...claimant, failure });
    },
    async explainInterval({ product, interval }: { product: string; interval: string }): Promise<string> {
      return `${product} ${interval} is published: 8 rows`;
    },
    async reportLateDates(late: ChangedDates): Promise<void> {
      calls.late.push(late);
      if (script.restates)
        await orchestratorOf(script.restates).restate({ ...late, debounceSeconds: 900, approvalOverJobs: 100 });
    },
    async awaitInputs(asked: InputsAsked): Promise<AwaitedInputs> {
      const found = await awaitInputs(catalogue, calls.ledger, { scheduleOf: async () => null }, asked, 50);
      return { ...found, expired: found.expired || (script.tooLate ?? false) };
    },
    async healLostHours(asked: { product: string; before: string }): Promise<boolean> {
      const scheduleOf = async () => ({ createdAt: new Date(0), paused: false });
      const healing = await healingOf(catalogue, calls.ledger, { scheduleOf }, asked, 'source');
      if (healing && script.restates) await orchestratorOf(script.restates).heal(healing);
      return healing !== null;
    },
    async restateReaders({ built, except = built }: ReadersAsked): Promise<ChangedDates[]> {
      const left = await changesLeft(catalogue, calls.ledger, built, except);
      for (const late of left) await activities.reportLateDates(late);
      return left;
    },
    async planBackfill(request: BackfillRequest): Promise<BackfillPlan> {
      return refusingBadInput(() => planBackfill(catalogue, calls.ledger, request, 'source'));
    },
    async checkFreshness(): Promise<FreshnessReport> {
      const findings = script.freshness ?? [];
      return { expected: 83, found: findings.length, findings };
    },
    async submitLoad(input: Calls['loads'][number]): Promise<{ statementId: string }> {
      calls.loads.push(input);
      calls.loading.now += 1;
      calls.loading.atMost = Math.max(calls.loading.atMost, calls.loading.now);
      return { statementId: `statement-${calls.loads.length}` };
    },
    async recordLoaded(loaded: Calls['loaded'][number]): Promise<void> {
      calls.loaded.push(loaded);
    },
    async awaitStatement({ statementId }: { statementId: string }): Promise<StatementEnd> {
      const outcome = at(script.loads ?? ['done'], Number(statementId.slice('statement-'.length)) - 1, 'done');
      if (outcome === 'hangs, then throttles') return waitForCancel().catch(throttled);
      calls.loading.now -= 1;
      return outcome === 'done'
        ? { meaning: 'done', error: '', rowCount: 8 }
        : { meaning: outcome === 'conflict' ? outcome : 'failed', error: 'ERROR: 1023', rowCount: 0 };
    },
    async cancelStatement({ statementId }: { statementId: string }): Promise<StatementEnd> {
      calls.cancelled.push(statementId);
      return { meaning: 'cancelled', error: '', rowCount: 0 };
    },
  };
  return { calls, activities };
}
