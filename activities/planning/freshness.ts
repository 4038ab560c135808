import type { Catalogue } from '../../model/catalogue.ts';
import type { Product } from '../../model/product.ts';
import {
  countByAlarm,
  type FreshnessCheck,
  type FreshnessFinding,
  type FreshnessReport,
} from '../../model/messages/freshness.ts';
import { intervalKey, intervalStart, shiftInterval } from '../../model/intervals.ts';
import { DateTime } from 'luxon';
import { dailyBatch, maintenanceSchedule } from '../../model/cadences.ts';
import { batchLatencyHours } from './batch-latency.ts';
import { findOldData } from './data-age.ts';
import { findThinHours } from './line-counts.ts';
import type { Orchestrator, ServerSchedule } from '../orchestrator.ts';
import { builtProducts, type ChangedInput, type LedgerReader, type SurveyedInterval, surveyProduct } from './survey.ts';

/** How far back intervals are expected; older ones are a backfill's matter. */
const horizons = { hour: 48, date: 7 } as const;
/** A history is no place for thousands of lines; the ledger has them all. */
const findingsShown = 50;

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

/**
 * Since when a product's intervals are somebody's to build: since its schedule was made, or, of a product that was added
 * later, since the first that was ever published. Until there is one, its own schedule, of maintenance, tells when it came.
 */
async function knownSince(
  ledger: LedgerReader,
  orchestrator: Pick<Orchestrator, 'scheduleOf'>,
  { key, grain }: Product,
  sinceSchedule: DateTime,
): Promise<string> {
  const first = await ledger.firstPublished(key);
  const own = first === null ? await orchestrator.scheduleOf(maintenanceSchedule(key)) : null;
  const added = first ?? (own && intervalKey(grain, DateTime.fromJSDate(own.createdAt))) ?? '';
  return [intervalKey(grain, sinceSchedule), added].sort().at(-1) ?? added;
}

/** Intervals that should be published by now, by arithmetic alone, and what the ledger says of each. */
async function checkProduct(
  ledger: LedgerReader,
  catalogue: Catalogue,
  product: Product,
  sinceSchedule: DateTime,
  known: string,
  at: DateTime,
): Promise<{ expected: number; findings: FreshnessFinding[] }> {
  const { grain, cadence } = product;
  const { firesAfterMinutes } = cadence;
  const allowed = { minutes: firesAfterMinutes + product.latencyMinutes };
  // The last interval that ended so long ago that it is due, and the first that somebody had to build.
  const end = intervalKey(grain, at.minus(allowed));
  const start = [shiftInterval(grain, end, -horizons[grain]), known].sort().at(-1) ?? end;
  if (start >= end) return { expected: 0, findings: [] };
  const fired = intervalKey(grain, at.minus({ minutes: firesAfterMinutes }));
  const surveyed = await surveyProduct(ledger, catalogue, product, { start, end: fired });
  const due = surveyed.filter(({ interval }) => interval < end);
  const pending = surveyed.filter(({ interval }) => interval >= end);
  const old = await findOldData(ledger, product, { due, pending }, sinceSchedule, at);
  const claimed = surveyed
    .filter((each) => held(each, at))
    .map(({ interval, record }): FreshnessFinding => {
      const { workflowId = '', since = '' } = record?.claim ?? {};
      return { product: product.key, interval, problem: `held since ${since} by ${workflowId}`, alarm: 'P1-ClaimHeld' };
    });
  const late = due.flatMap((each): FreshnessFinding[] => {
    if (held(each, at)) return [];
    const dueAt = intervalStart(shiftInterval(grain, each.interval, 1)).plus(allowed);
    const overdue = each.changedInputs.find((change) => dueAfter(change, catalogue, product) <= at);
    const problem = problemOf(each, overdue, dueAt.toFormat("yyyy-MM-dd'T'HH:mm'Z'"));
    return problem === null ? [] : [{ product: product.key, interval: each.interval, problem }];
  });
  return { expected: due.length, findings: [...old, ...claimed, ...late] };
}

/**
 * Compares what the schedules should have built by now with the ledger, and what they have built with what should be in
 * it. A schedule that is gone or paused is a finding too.
 */
export async function checkFreshness(
  ledger: LedgerReader,
  catalogue: Catalogue,
  orchestrator: Pick<Orchestrator, 'scheduleOf' | 'waitingRestatements'>,
  { at }: FreshnessCheck,
): Promise<FreshnessReport> {
  const now = DateTime.fromISO(at, { zone: 'utc' });
  const schedules = new Map<string, ServerSchedule | null>();
  for (const id of new Set([...catalogue.products.values()].map(({ cadence }) => cadence.scheduleId)))
    schedules.set(id, await orchestrator.scheduleOf(id));
  let expected = 0;
  const findings: FreshnessFinding[] = [];
  for (const product of builtProducts(catalogue)) {
    const { scheduleId } = product.cadence;
    const schedule = schedules.get(scheduleId) ?? null;
    const stopped = schedule === null || schedule.paused;
    // What it has not built is its matter.
    const alarm = stopped && ({ alarm: 'P1-ScheduleStopped' } as const);
    if (stopped) {
      const problem = `schedule ${scheduleId} is ${schedule ? 'paused' : 'not on the server'}: nothing new is built`;
      findings.push({ product: product.key, interval: null, problem, ...alarm });
    }
    if (schedule === null) continue;
    const since = DateTime.fromJSDate(schedule.createdAt, { zone: 'utc' });
    const known = await knownSince(ledger, orchestrator, product, since);
    const checked = await checkProduct(ledger, catalogue, product, since, known, now);
    expected += checked.expected;
    findings.push(...checked.findings.map((finding) => ({ ...finding, ...alarm })));
  }
  findings.push(...(await findThinHours(ledger, catalogue, now)));
  for (const { workflowId, since } of await orchestrator.waitingRestatements()) {
    const [, product = ''] = workflowId.split('/');
    const problem = `${workflowId} waits for approval since ${since.toISOString()}`;
    if (now.diff(DateTime.fromJSDate(since)).as('hours') > longestWaitHours)
      findings.push({ product, interval: null, problem, alarm: 'P1-RestatementWaits' });
  }
  const batch = schedules.get(dailyBatch.scheduleId) ?? null;
  return {
    expected,
    found: findings.length,
    findings: findings.slice(0, findingsShown),
    byAlarm: countByAlarm(findings),
    batchLatencyHours: batch && (await batchLatencyHours(ledger, catalogue, DateTime.fromJSDate(batch.createdAt), now)),
  };
}
