import type { Catalogue } from '../../model/catalogue.ts';
import type { Product } from '../../model/product.ts';
import {
  countByAlarm,
  findingKeyOf,
  findingName,
  type FreshnessCheck,
  type FreshnessFinding,
  type FreshnessReport,
} from '../../model/messages/freshness.ts';
import { intervalKey, intervalStart, shiftInterval } from '../../model/intervals.ts';
import { DateTime } from 'luxon';
import { dailyBatch, maintenanceSchedule } from '../../model/cadences.ts';
import { findUnsettled } from './unsettled.ts';
import { batchLatencyHours } from './batch-latency.ts';
import { findOldData } from './data-age.ts';
import { expectedBack, expectedFrom } from './expected-from.ts';
import { findThinHours } from './line-counts.ts';
import { findLongRuns } from './long-runs.ts';
import type { Orchestrator, ServerSchedule } from '../orchestrator.ts';
import { findUnsupervisedStreams } from './unsupervised-streams.ts';
import { isStopped, schedulesOf, stoppedSchedules } from './stopped-schedules.ts';
import { builtProducts, type ChangedInput, type LedgerReader, type SurveyedInterval, surveyProduct } from './survey.ts';

/** A history is no place for thousands of lines; the ledger has them all. Of one kind and product the newest are enough. */
const findingsShown = 200;
const findingsOfAKind = 10;

/** The newest findings of each kind and product, and whether all kinds have found room. */
function shown(findings: readonly FreshnessFinding[]): Pick<FreshnessReport, 'findings' | 'isWhole'> {
  const kinds = Map.groupBy(findings, (finding) => findingName(findingKeyOf(finding)));
  const newest = [...kinds.values()].flatMap((of) => of.slice(-findingsOfAKind));
  return { findings: newest.slice(0, findingsShown), isWhole: newest.length <= findingsShown };
}

/**
 * By when a change must have reached what reads it. Products of one schedule are built after each other; what another
 * schedule has changed is read when the reader's own fires next.
 */
function dueAfter(change: ChangedInput, catalogue: Catalogue, reader: Product): DateTime {
  const changed = DateTime.fromISO(change.changedAt, { zone: 'utc' });
  const { grain, cadence } = reader;
  const { scheduleId, firesAfterMinutes } = cadence;
  const fired = intervalKey(grain, changed.minus({ minutes: firesAfterMinutes }));
  const next = intervalStart(shiftInterval(grain, fired, 1)).plus({ minutes: firesAfterMinutes });
  const read = catalogue.get(change.input).cadence.scheduleId === scheduleId ? changed : next;
  return read.plus({ minutes: reader.latencyMinutes });
}

/** A build's jobs may take a day to find room; then a person has to look. */
const longestClaimHours = 24;
/** Whoever is told of a restatement may be at lunch. */
const longestWaitHours = 1;
const waiting = { alarm: 'P1-RestatementWaits', kind: 'waits for approval' } as const;

const held = ({ record }: SurveyedInterval, at: DateTime): boolean =>
  record?.claim !== undefined &&
  at.diff(DateTime.fromISO(record.claim.since, { zone: 'utc' })).as('hours') > longestClaimHours;

const problemOf = (
  { state, record }: SurveyedInterval,
  overdue: ChangedInput | undefined,
  dueAt: string,
): string | null => {
  if (state === 'published') return null;
  if (state === 'stale')
    return overdue ? `stale: ${overdue.input} of ${overdue.date} has changed since it was built` : null;
  const why = record?.failure ? `: ${record.failure.reason}` : '';
  return `${state}, due ${dueAt}${why}`;
};

/** From which interval on a product is expected. Of one that was never built its own schedule, of maintenance, tells when it came. */
async function startOf(
  ledger: LedgerReader,
  product: Product,
  from: string,
  schedule: ServerSchedule,
  ownSchedule: ServerSchedule | null,
): Promise<string> {
  const made = [schedule, ...(ownSchedule ? [ownSchedule] : [])].map(({ createdAt }) =>
    intervalKey(product.grain, DateTime.fromJSDate(createdAt)),
  );
  const expected = await expectedFrom(ledger, product, from, schedule.createdAt);
  return expected ?? [from, ...made].sort().at(-1) ?? from;
}

/** The runs that an interval which is not as it should be is about, where it is known which. */
function runsOf({ product, state, record }: SurveyedInterval): Pick<FreshnessFinding, 'runs'> {
  if (record?.claim) return { runs: `WorkflowId = "${record.claim.workflowId}"` };
  const hasFailed = state === 'failed' || state === 'quarantined';
  return hasFailed ? { runs: `Product = "${product}" AND BuildState = "failed"` } : {};
}

/** Dates older than those looked at which the warehouse lacks: a restore, and a backfill, may be of any. */
async function findUnloaded(
  ledger: LedgerReader,
  { key, warehouse }: Product,
  before: string,
): Promise<FreshnessFinding[]> {
  const unloaded = warehouse ? await ledger.unloaded(key) : [];
  const problem = 'unloaded: the warehouse lacks what the lake has';
  return unloaded
    .filter(({ interval, claim }) => interval < before && !claim)
    .map(({ interval }) => ({ product: key, interval, kind: 'not published', problem }));
}

/** Intervals that should be published by now, by arithmetic alone, and what the ledger says of each. */
async function checkProduct(
  ledger: LedgerReader,
  catalogue: Catalogue,
  product: Product,
  schedule: ServerSchedule,
  ownSchedule: ServerSchedule | null,
  at: DateTime,
): Promise<{ expected: number; findings: FreshnessFinding[] }> {
  const { grain, cadence } = product;
  const { firesAfterMinutes } = cadence;
  const allowed = { minutes: firesAfterMinutes + product.latencyMinutes };
  // The last interval that ended so long ago that it is due, and the first that somebody had to build.
  const end = intervalKey(grain, at.minus(allowed));
  const start = await startOf(ledger, product, shiftInterval(grain, end, -expectedBack[grain]), schedule, ownSchedule);
  if (start >= end) return { expected: 0, findings: [] };
  const fired = intervalKey(grain, at.minus({ minutes: firesAfterMinutes }));
  const surveyed = await surveyProduct(ledger, catalogue, product, { start, end: fired });
  const due = surveyed.filter(({ interval }) => interval < end);
  const pending = surveyed.filter(({ interval }) => interval >= end);
  const old = await findOldData(ledger, product, { due, pending }, schedule.createdAt, at);
  const claimed = surveyed
    .filter((each) => held(each, at))
    .map((each): FreshnessFinding => {
      const { interval, record } = each;
      const { workflowId = '', since = '' } = record?.claim ?? {};
      const problem = `held since ${since} by ${workflowId}, longer than ${longestClaimHours} h`;
      const about = { product: product.key, interval, ...runsOf(each) };
      return { ...about, kind: 'held for long', problem, alarm: 'P1-ClaimHeld' };
    });
  const late = due.flatMap((each): FreshnessFinding[] => {
    if (held(each, at)) return [];
    const dueAt = intervalStart(shiftInterval(grain, each.interval, 1)).plus(allowed);
    const overdue = each.changedInputs.find((change) => dueAfter(change, catalogue, product) <= at);
    const problem = problemOf(each, overdue, dueAt.toFormat("yyyy-MM-dd'T'HH:mm'Z'"));
    const kind = each.state === 'stale' ? 'stale' : 'not published';
    return problem === null ? [] : [{ product: product.key, interval: each.interval, kind, problem, ...runsOf(each) }];
  });
  const unloaded = await findUnloaded(ledger, product, start);
  return { expected: due.length, findings: [...old, ...claimed, ...unloaded, ...late] };
}

/**
 * Compares what the schedules should have built by now with the ledger, and what they have built with what should be in
 * it. A schedule that is gone or paused is a finding too.
 */
export async function checkFreshness(
  ledger: LedgerReader,
  catalogue: Catalogue,
  orchestrator: Pick<Orchestrator, 'runningSince' | 'scheduleOf' | 'unsupervisedStreams' | 'waitingRestatements'>,
  { at }: FreshnessCheck,
): Promise<FreshnessReport> {
  const now = DateTime.fromISO(at, { zone: 'utc' });
  const schedules = await schedulesOf(catalogue, orchestrator);
  const findings = stoppedSchedules(catalogue, schedules);
  let expected = 0;
  for (const product of builtProducts(catalogue)) {
    const schedule = schedules.get(product.cadence.scheduleId) ?? null;
    if (schedule === null) continue;
    const ownSchedule = schedules.get(maintenanceSchedule(product.key)) ?? null;
    const checked = await checkProduct(ledger, catalogue, product, schedule, ownSchedule, now);
    expected += checked.expected;
    // What a schedule that is stopped has not built is its matter.
    const isItsMatter = ({ kind, runs }: FreshnessFinding) => kind === 'not published' && runs === undefined;
    findings.push(
      ...checked.findings.map((finding): FreshnessFinding =>
        isStopped(schedule) && isItsMatter(finding) ? { ...finding, alarm: 'P1-ScheduleStopped' } : finding,
      ),
    );
  }
  findings.push(
    ...(await findUnsettled(ledger, catalogue, schedules, now)),
    ...(await findThinHours(ledger, catalogue, now)),
    ...(await findLongRuns(catalogue, orchestrator, now)),
    ...(await findUnsupervisedStreams(orchestrator)),
  );
  for (const { workflowId, since, answers } of await orchestrator.waitingRestatements()) {
    const [, product = ''] = workflowId.split('/');
    const state = answers ? 'waits for approval' : 'may wait for approval: no worker answers for it,';
    const problem = `${workflowId} ${state} since ${since.toISOString()}`;
    const about = { product, interval: null, subject: workflowId, runs: `WorkflowId = "${workflowId}"` };
    if (now.diff(DateTime.fromJSDate(since)).as('hours') > longestWaitHours)
      findings.push({ ...about, ...waiting, problem });
  }
  const batch = schedules.get(dailyBatch.scheduleId) ?? null;
  return {
    expected,
    found: findings.length,
    ...shown(findings),
    byAlarm: countByAlarm(findings),
    batchLatencyHours: batch && (await batchLatencyHours(ledger, catalogue, batch.createdAt, now)),
  };
}
