import type { Catalogue } from '../../products/catalogue.ts';
import { refusingBadInput } from '../failures.ts';
import { adoptable } from '../waiting.ts';
import type { BackfillPlan, BackfillRequest } from '../../workflows/backfill-messages.ts';
import type { FreshnessCheck, FreshnessReport } from '../../workflows/freshness-messages.ts';
import type { AwaitedInputs, InputsAsked } from '../../workflows/input-messages.ts';
import type { IntervalRange, ProductRange } from '../../workflows/intervals.ts';
import type { ChangedDates, LateDataInput } from '../../workflows/late-data-messages.ts';
import { checkFreshness } from './freshness.ts';
import { planBackfill } from './backfill.ts';
import { explainInterval } from './explain.ts';
import type { Claimed, Ledger } from './ledger.ts';
import { oldestNeededVersion } from './needed-versions.ts';
import { awaitInputs } from './missing-inputs.ts';
import type { BuildFailure, Claimant, Loaded } from './records.ts';
import { healingOf } from './lost.ts';
import type { Orchestrator } from './orchestrator.ts';
import type { RestorePoints } from './restore-points.ts';
import { changesLeft } from './stale-readers.ts';

/** DynamoDB takes items of 400 KB; a reason longer than this is in the job's log. */
const reasonLength = 1000;

/** An hourly build takes a minute or more. */
const inputsPollMs = 15_000;

/** How long late dates are collected, and how large a restatement may be without approval. */
export type LateDataPolicy = Pick<LateDataInput, 'debounceSeconds' | 'approvalOverJobs'>;

export function createLedgerActivities(
  ledger: Ledger,
  catalogue: Catalogue,
  restorePoints: RestorePoints,
  orchestrator: Orchestrator,
  lateData: LateDataPolicy,
  codeVersion: string,
) {
  return {
    /** Claims intervals or the whole table, or tells whose claims stand in the way. Claims of workflows that have ended do not. */
    async claimIntervals(claimant: Claimant): Promise<Claimed> {
      const first = await ledger.claim(claimant);
      if (first.claimed) return first;
      const running = await Promise.all(first.holders.map(({ workflowId }) => orchestrator.isRunning(workflowId)));
      const ended = first.holders.flatMap(({ buildId }, index) => (running[index] ? [] : [buildId]));
      if (ended.length === 0) return first;
      await ledger.releaseEnded(claimant, ended);
      return ledger.claim(claimant);
    },

    /** The oldest version of a product's table that somebody still needs; null when nobody does. */
    async oldestNeededVersion({ product }: { product: string }): Promise<number | null> {
      return refusingBadInput(() => oldestNeededVersion(catalogue, ledger, restorePoints, product));
    },

    /** The version that a number or a restore point's name stands for. What stands for none fails at once. */
    async resolveVersion({ product, to }: { product: string; to: string | number }): Promise<number> {
      return refusingBadInput(async () => {
        const { key } = catalogue.get(product);
        return /^\d+$/.test(String(to)) ? Number(to) : (await restorePoints.find(key, String(to))).version;
      });
    },

    /** Writes down that the warehouse has what is published of a product's dates [start, end). */
    async recordLoaded({
      product,
      start,
      end,
      ...loaded
    }: { product: string } & IntervalRange & Loaded): Promise<void> {
      await ledger.load(product, { start, end }, loaded);
    },

    /** One paragraph on the state of one interval. A product or an interval that does not exist fails at once. */
    async explainInterval({ product, interval }: { product: string; interval: string }): Promise<string> {
      return refusingBadInput(() => explainInterval(ledger, catalogue, orchestrator, product, interval));
    },

    /** What a backfill has to do, as the ledger is now. A product or intervals that do not exist fail at once. */
    async planBackfill(request: BackfillRequest): Promise<BackfillPlan> {
      return refusingBadInput(() => planBackfill(catalogue, ledger, request, codeVersion));
    },

    /** What should be published by now and is not. */
    async checkFreshness(check: FreshnessCheck): Promise<FreshnessReport> {
      return checkFreshness(ledger, catalogue, orchestrator, check);
    },

    /** Late events or a restore have changed these dates: has what reads them built again. */
    async reportLateDates({ product, dates }: ChangedDates): Promise<void> {
      await orchestrator.restate({ product, dates, ...lateData });
    },

    /** Waits for inputs; adopted by the next attempt after a crash or a deploy. */
    async awaitInputs(asked: InputsAsked): Promise<AwaitedInputs> {
      return adoptable('inputs', () => awaitInputs(catalogue, ledger, orchestrator, asked, inputsPollMs));
    },

    /** A plan has built all that it holds: has what reads its changes beside it built again. */
    async restateReaders({ built }: { built: readonly ProductRange[] }): Promise<ChangedDates[]> {
      const left = await changesLeft(catalogue, ledger, built);
      for (const changes of left) await orchestrator.restate({ ...changes, ...lateData });
      return left;
    },

    /** Has the hours before `before` built that an outage has left out, unless that is being done; tells whether there are any. */
    async healLostHours(asked: { product: string; before: string }): Promise<boolean> {
      const healing = await healingOf(catalogue, ledger, orchestrator, asked, codeVersion);
      if (healing) await orchestrator.heal(healing);
      return healing !== null;
    },

    /** Ends a build's claims; with `failure`, says why nothing new is published. */
    async releaseIntervals(
      input: Claimant & { readonly failure: Pick<BuildFailure, 'state' | 'reason' | 'kind'> | null },
    ): Promise<void> {
      const { failure, ...claimant } = input;
      if (failure === null) return ledger.release(claimant);
      await ledger.release(claimant, {
        state: failure.state,
        reason: failure.reason.slice(0, reasonLength),
        buildId: claimant.buildId,
        at: new Date().toISOString(),
        codeVersion,
        ...(failure.kind !== undefined && { kind: failure.kind }),
      });
    },
  };
}

export type LedgerActivities = ReturnType<typeof createLedgerActivities>;
