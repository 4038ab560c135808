import type { Catalogue } from '../../model/catalogue.ts';
import type { ProductRange } from '../../model/intervals.ts';
import type { BackfillPlan, BackfillRequest } from '../../model/messages/backfill.ts';
import type { FreshnessCheck, FreshnessReport } from '../../model/messages/freshness.ts';
import type { AwaitedInputs, InputsAsked, SettlingAsked } from '../../model/messages/inputs.ts';
import type { ChangedDates, LateDataInput } from '../../model/messages/late-data.ts';
import { refusingBadInput } from '../failures.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RestorePoints } from '../ledger/restore-points.ts';
import type { Orchestrator } from '../orchestrator.ts';
import { adoptable } from '../waiting.ts';
import { planBackfill } from './backfill.ts';
import { explainInterval } from './explain.ts';
import { checkFreshness } from './freshness.ts';
import { healingOf } from './lost.ts';
import { awaitInputs } from './missing-inputs.ts';
import { oldestNeededVersion } from './needed-versions.ts';
import { awaitSettling } from './settling.ts';
import { changesLeft } from './stale-readers.ts';

/** An hourly build takes a minute or more. */
const inputsPollMs = 15_000;

/** How long late dates are collected, and how large a restatement may be without approval. */
export type LateDataPolicy = Pick<LateDataInput, 'debounceSeconds' | 'approvalOverJobs'>;

export interface ReadersAsked {
  readonly built: readonly ProductRange[];
  /** Intervals of readers that are looked after; by default those that were built. */
  readonly except?: readonly ProductRange[];
}

/** What is decided from the ledger: what to build, what to wait for, what is amiss. */
export function createPlanningActivities(
  ledger: Ledger,
  restorePoints: RestorePoints,
  catalogue: Catalogue,
  orchestrator: Orchestrator,
  lateData: LateDataPolicy,
  codeVersion: string,
) {
  return {
    /** The oldest version of a product's table that somebody still needs; null when nobody does. */
    async oldestNeededVersion({ product }: { product: string }): Promise<number | null> {
      return refusingBadInput(() => oldestNeededVersion(catalogue, ledger, restorePoints, product));
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

    /** Waits for what settles a date of a stream's table; adopted like the wait for inputs. */
    async awaitSettling(asked: SettlingAsked): Promise<AwaitedInputs> {
      return adoptable('what settles the date', () =>
        awaitSettling(catalogue, ledger, orchestrator, asked, inputsPollMs),
      );
    },

    /**
     * A plan has built all that it holds, or, where it ended early, all it will: has what reads its changes, `except` where
     * that is looked after, built again.
     */
    async restateReaders({ built, except = built }: ReadersAsked): Promise<ChangedDates[]> {
      const left = await changesLeft(catalogue, ledger, built, except);
      for (const changes of left) await orchestrator.restate({ ...changes, ...lateData });
      return left;
    },

    /** Has the hours before `before` built that an outage has left out, unless that is being done; tells whether there are any. */
    async healLostHours(asked: { product: string; before: string }): Promise<boolean> {
      const healing = await healingOf(catalogue, ledger, orchestrator, asked, codeVersion);
      if (healing) await orchestrator.heal(healing);
      return healing !== null;
    },
  };
}

export type PlanningActivities = ReturnType<typeof createPlanningActivities>;
