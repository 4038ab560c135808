import type { Catalogue } from '../../model/catalogue.ts';
import type { IntervalRange } from '../../model/intervals.ts';
import { refusingBadInput } from '../failures.ts';
import type { Orchestrator } from '../orchestrator.ts';
import type { Claimed, Ledger } from './ledger.ts';
import type { BuildFailure, Claimant, Loaded } from './records.ts';
import type { RestorePoints } from './restore-points.ts';

/** DynamoDB takes items of 400 KB; a reason longer than this is in the job's log. */
const reasonLength = 1000;

export function createLedgerActivities(
  ledger: Ledger,
  restorePoints: RestorePoints,
  catalogue: Catalogue,
  orchestrator: Pick<Orchestrator, 'isRunning'>,
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
