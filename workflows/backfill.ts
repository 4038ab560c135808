import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  patched,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import { controlBackfill } from './backfill-control.ts';
import type { BackfillInput, BackfillProgress, BackfillReport } from '../model/messages/backfill.ts';
import type { ProductRange } from '../model/intervals.ts';
import { backfillIncomplete } from './builds-failed.ts';
import { checkInput } from './inputs.ts';
import { surveys } from './proxies.ts';
import { runWindow } from './sliding-window.ts';

/** The jobs of one plan add some 3,000 events; a run never holds more than 5,000. */
const eventsBeforeNextPlan = 1_500;

/**
 * Builds a range of a product and all that reads it, as the ledger says it is needed, product after product. The plan is
 * made anew for every few hundred jobs, so what others have built meanwhile is skipped, and nothing is forgotten when
 * the workflow continues as new. What fails or is held back is left out, with what reads it, and named at the end; started
 * again, it goes on with what is incomplete.
 */
export async function backfill(input: BackfillInput, carried?: BackfillProgress): Promise<BackfillReport> {
  checkInput('backfill', input);
  const control = controlBackfill(input, carried);
  const { progress } = control;
  const wrongRanges = (): ProductRange[] => control.wrong.map(({ product, start, end }) => ({ product, start, end }));
  for (;;) {
    const { startedAtMs, stage } = progress;
    const plan = await surveys(control.lane).planBackfill({ ...input, startedAtMs, stage, without: wrongRanges() });
    // Hours may have changed any date. Who leaves out what is downstream looks after it.
    const covers = (input.downstream ?? true) === true ? plan.covers : undefined;
    control.planned(plan);
    if (input.dryRun) return control.report();
    await control.approved();
    const [first] = plan.next;
    if (!first) {
      if (covers) await surveys(control.lane).restateReaders({ built: covers });
      if (control.wrong.length > 0) throw backfillIncomplete(control.wrong, 'all else is published', plan.left);
      return control.report();
    }
    if (first.product !== stage?.product) progress.stage = { product: first.product, startedAtMs: Date.now() };
    try {
      await runWindow(plan.next, control);
    } catch (error) {
      // It ends early, cancelled or after too many failures: what it has built has changed what others read. What is wrong
      // stays a person's matter.
      if (covers && patched('an-ended-backfill-restates-readers')) {
        const after = { built: covers, except: wrongRanges() };
        await CancellationScope.nonCancellable(() => surveys(control.lane).restateReaders(after));
      }
      throw error;
    }
    if (workflowInfo().historyLength > eventsBeforeNextPlan) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof backfill>(input, progress);
    }
  }
}

// It may run for days: it goes on with the code of the next deploy, as its histories prove it can.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, backfill);
