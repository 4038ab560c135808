import { ApplicationFailure } from '@temporalio/common';
import type { Claimed } from '../../activities/ledger/ledger.ts';
import type { Claimant, PublishedBuild } from '../../activities/ledger/records.ts';
import { oldestNeededVersion } from '../../activities/planning/needed-versions.ts';
import { planBackfill } from '../../activities/planning/backfill.ts';
import { healingOf } from '../../activities/planning/lost.ts';
import { orchestratorOf } from '../../activities/orchestrator.ts';
import { awaitInputs } from '../../activities/planning/missing-inputs.ts';
import type { ReadersAsked } from '../../activities/planning/activities.ts';
import { changesLeft } from '../../activities/planning/stale-readers.ts';
import { emrServerlessFailures } from '../../activities/emr-serverless/failures.ts';
import { refusingBadInput, type Service } from '../../activities/failures.ts';
import { flinkFailures } from '../../activities/flink/failures.ts';
import { ledgerFailures } from '../../activities/ledger/failures.ts';
import { redshiftFailures } from '../../activities/redshift/failures.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import {
  countByAlarm,
  type FoundFindings,
  type FreshnessFinding,
  type FreshnessReport,
} from '../../model/messages/freshness.ts';
import type { AwaitedInputs, InputsAsked } from '../../model/messages/inputs.ts';
import type { Measurement } from '../../model/metrics.ts';
import { shiftInterval } from '../../model/intervals.ts';
import type { ChangedDates } from '../../model/messages/late-data.ts';
import type { BackfillPlan, BackfillRequest } from '../../model/messages/backfill.ts';
import { wholeTable } from '../../model/messages/builds.ts';
import type { Calls, Released } from './calls.ts';
import { MemoryLedger, publishedBuild } from './memory-ledger.ts';
import type { Script } from './script.ts';
import { ScriptedFlink } from './scripted-flink.ts';
import { scriptedJobs } from './scripted-jobs.ts';
import { scriptedLoads } from './scripted-loads.ts';
import { scriptedRealtime } from './scripted-realtime.ts';

const catalogue = loadCatalogue();

/** Services that follow a script and write down what was asked of them: workflow tests are about order and decisions. */
export function scriptedServices(script: Script = {}, waitForCancel: () => Promise<never>) {
  const calls: Calls = {
    submitted: [],
    cancelled: [],
    loads: [],
    batches: [],
    reconciledAgain: [],
    loading: { now: 0, atMost: 0 },
    loaded: [],
    claims: new Map(),
    recorded: [],
    released: [],
    late: [],
    unrecorded: 0,
    figures: [],
    told: [],
    flink: new ScriptedFlink(script),
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
  const jobs = scriptedJobs(script, calls, waitForCancel);
  const loads = scriptedLoads(script, calls, waitForCancel);
  const activities = {
    ...jobs,
    ...loads,
    ...scriptedRealtime(script, calls),
    ...calls.flink.activities,
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
    async recordRestored(restored: { product: string; version: number }): Promise<void> {
      calls.restored.push(restored);
    },
    async recordPublished(build: PublishedBuild): Promise<void> {
      calls.recorded.push(build);
      calls.ledger.publish(build);
    },
    async publishFigures(measurements: readonly Measurement[]): Promise<void> {
      calls.figures.push(...measurements);
    },
    async tellFindings(found: FoundFindings): Promise<void> {
      if (script.untellable !== undefined) throw ApplicationFailure.nonRetryable(script.untellable);
      calls.told.push(found);
    },
    async findUnreadRaw(): Promise<readonly FreshnessFinding[]> {
      if (script.unlistable !== undefined) throw ApplicationFailure.nonRetryable(script.unlistable);
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
      return { expected: 83, found: findings.length, findings, byAlarm: countByAlarm(findings) };
    },
    async recordLoaded(loaded: Calls['loaded'][number]): Promise<void> {
      calls.loaded.push(loaded);
    },
  };
  const services: readonly Service[] = [
    { activities: jobs, failures: emrServerlessFailures },
    { activities: loads, failures: redshiftFailures },
    { activities: calls.flink.activities, failures: flinkFailures },
    { activities, failures: ledgerFailures },
  ];
  return { calls, activities, services };
}
