import { DateTime } from 'luxon';
import type { Catalogue } from '../../model/catalogue.ts';
import type { Product } from '../../model/product.ts';
import { chunkRange, intervalsIn, type ProductRange, runRead, runsOf } from '../../model/intervals.ts';
import type { BackfillEstimate, BackfillPlan, BackfillRequest, ProductPlan } from '../../model/messages/backfill.ts';
import type { BuildInput } from '../../model/messages/builds.ts';
import type { IntervalRecord } from '../ledger/records.ts';
import { downstreamOf, type Reach } from '../../model/graph.ts';
import { isLost } from './lost.ts';
import { firstUnsettled } from './raw-hours.ts';
import { missingBeside } from './missing-inputs.ts';
import { type LedgerReader, stateOf, type SurveyedInterval, surveyProduct } from './survey.ts';

/** Jobs that a plan hands out at a time: their histories fit into one run of the workflow. */
const jobsAtATime = 300;
/** Intervals whose time and cost are averaged for an estimate. */
const historyIntervals = 100;

/**
 * What a backfill may have to build, in order. Hours that their schedule is still to build are left to it, or it would wait
 * for the backfill; but who asks for no others gets them.
 */
function candidatesOf(catalogue: Catalogue, request: BackfillRequest): Reach[] {
  const product = catalogue.get(request.product);
  const at = DateTime.fromMillis(request.startedAtMs, { zone: 'utc' });
  const settled = product.source ? firstUnsettled(product, at) : request.end;
  const end = request.start < settled && settled < request.end ? settled : request.end;
  const range = { start: request.start, end };
  const all = downstreamOf(catalogue, request.product, range);
  return (request.downstream ?? true) === true ? all : all.slice(0, 1);
}

/** Whether an interval is to be built in this mode, as the ledger has it. What was built since `doneSinceMs` is done. */
function isWanted(
  request: BackfillRequest,
  interval: SurveyedInterval,
  doneSinceMs: number,
  codeVersion: string,
): boolean {
  const { record, changedInputs } = interval;
  // Who builds it now may fail; who waits for it finds the work done.
  const state = stateOf(record && { ...record, claim: undefined }, changedInputs);
  if ((record?.published?.generation ?? 0) >= doneSinceMs) return false;
  if (record?.failure && Date.parse(record.failure.at) >= request.startedAtMs) return false;
  switch (request.mode ?? 'missing') {
    case 'all':
      return true;
    case 'failed':
      return (
        state === 'failed' || state === 'quarantined' || (state === 'stale' && record?.product !== request.product)
      );
    case 'stale':
      // What the warehouse has not is as old there as what was built from older inputs.
      return record?.published !== undefined && (changedInputs.length > 0 || record.published.loaded === null);
    case 'code':
      return record?.published !== undefined && (record.published.codeVersion !== codeVersion || state === 'stale');
    case 'lost':
      return isLost(record, codeVersion, request.startedAtMs);
    case 'missing':
      return state !== 'published';
  }
}

/** Consecutive intervals in runs as long as the contract allows one job to be. */
function jobsOf(product: Product, intervals: readonly string[], request: BackfillRequest): BuildInput[] {
  const jobs = runsOf(product.grain, intervals)
    .flatMap((run) => chunkRange(product.grain, run, product.intervalsPerJob))
    .map((chunk) => ({ product: product.key, ...chunk, ...(request.mode === 'all' && { rebuild: true }) }));
  return request.reverse ? jobs.reverse() : jobs;
}

function estimateOf(history: readonly IntervalRecord[], intervals: number): BackfillEstimate | null {
  const known = history.flatMap(({ published }): BackfillEstimate[] => {
    const { costUsd = null, jobSeconds = null } = published ?? {};
    return costUsd === null || jobSeconds === null ? [] : [{ costUsd, jobSeconds }];
  });
  if (known.length === 0) return null;
  const mean = (pick: (each: BackfillEstimate) => number): number =>
    known.reduce((sum, each) => sum + pick(each), 0) / known.length;
  return { costUsd: intervals * mean((each) => each.costUsd), jobSeconds: intervals * mean((each) => each.jobSeconds) };
}

/**
 * What a backfill has to do, from the ledger as it is now: per product what is to be built and what is right already, and
 * the jobs that come next. `codeVersion` is that of the jobs which builds are started with now. Products come after their inputs; a product's jobs are handed out when all before it is done.
 */
export async function planBackfill(
  catalogue: Catalogue,
  ledger: LedgerReader,
  request: BackfillRequest,
  codeVersion: string,
): Promise<BackfillPlan> {
  const products: ProductPlan[] = [];
  const building = new Map<string, string[]>();
  const left: ProductRange[] = [];
  const wrong = new Map<string, string[]>();
  for (const { product, ...range } of request.without ?? [])
    wrong.set(product, [...(wrong.get(product) ?? []), ...intervalsIn(catalogue.get(product).grain, range)]);
  const candidates = candidatesOf(catalogue, request);
  const reached = Math.max(
    0,
    candidates.findIndex(({ product }) => product.key === request.stage?.product),
  );
  let next: BuildInput[] = [];
  for (const [index, { product, range }] of candidates.entries()) {
    const doneSinceMs = request.stage?.product === product.key ? request.stage.startedAtMs : Infinity;
    const surveyed = await surveyProduct(ledger, catalogue, product, range);
    const wanted = surveyed.filter((each) => index >= reached && isWanted(request, each, doneSinceMs, codeVersion));
    const waitsFor = (keys: ReadonlyMap<string, readonly string[]>): SurveyedInterval[] =>
      surveyed.filter(
        ({ interval, record }) =>
          (request.mode !== 'stale' || record?.published) && readsAny(catalogue, product, interval, keys),
      );
    const own = new Set(wrong.get(product.key));
    const readsWrong = waitsFor(wrong).flatMap(({ interval }) => (own.has(interval) ? [] : [interval]));
    const not = new Set([...own, ...readsWrong]);
    wrong.set(product.key, [...not]);
    left.push(...runsOf(product.grain, readsWrong).map((run) => ({ product: product.key, ...run })));
    const incomplete = new Set([...wanted, ...waitsFor(building)].map(({ interval }) => interval));
    const intervals = [...incomplete].filter((interval) => !not.has(interval)).sort();
    building.set(product.key, intervals);
    const jobs = jobsOf(product, intervals, request);
    if (next.length === 0) next = jobs.slice(0, jobsAtATime);
    const history = await ledger.newest(product.key, historyIntervals);
    products.push({
      product: product.key,
      intervals: intervals.length,
      right: surveyed.length - intervals.length - not.size,
      jobs: jobs.length,
      estimate: estimateOf(history, intervals.length),
    });
  }
  const covers = candidates.map(({ product, range }) => ({ product: product.key, ...range }));
  const at = DateTime.fromMillis(request.startedAtMs, { zone: 'utc' });
  // It is told with the first plan.
  const missing = request.stage ? [] : await missingBeside(catalogue, ledger, building, covers, at);
  return { products, next, covers, missing, left };
}

/** Whether an interval reads one of these, by product. */
function readsAny(
  catalogue: Catalogue,
  product: Product,
  interval: string,
  keys: ReadonlyMap<string, readonly string[]>,
): boolean {
  return product.inputs.some((input) => {
    const read = keys.get(input.product) ?? [];
    if (read.length === 0) return false;
    const { start, end } = runRead(catalogue.get(input.product).grain, interval, input);
    return read.some((key) => key >= start && key < end);
  });
}
