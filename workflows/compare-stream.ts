import { workflowInfo } from '@temporalio/workflow';
import { awaitSettling } from './await-inputs.ts';
import { reportBuild } from './build-report.ts';
import { firedAt } from './fired-at.ts';
import { checkInput } from './inputs.ts';
import { intervalKey } from '../model/intervals.ts';
import type { CompareStreamInput, StreamComparison } from '../model/messages/realtime.ts';
import { catalogue, looks, surveys } from './proxies.ts';
import { comparisonTable } from './realtime-report.ts';
import { mustBeOver, untilOf } from './reconcile.ts';

const lane = 'scheduled';

/**
 * Tells how far a stream's rows of a date are apart from those that the batch has made since; both stay as they are. Waits
 * until the batch's are loaded. A date that the stream has nothing of has no figure: that it is down others tell.
 */
export async function compareStream(input: CompareStreamInput): Promise<StreamComparison> {
  checkInput('compareStream', input);
  const fired = firedAt(undefined);
  const date = input.date ?? intervalKey('date', fired.minus({ days: 1 }));
  const generation = workflowInfo().startTime.getTime();
  const { product } = await catalogue.planStream({ product: input.product, kind: 'compare', generation });
  const report = reportBuild({ product }, `comparison of ${date}`, lane);
  report.planned(date);
  try {
    mustBeOver(product, date, fired);
    await awaitSettling(product, date, untilOf(fired), lane);
    const told = await surveys(lane).compareStream({ product, date });
    if (told.streamRows > 0)
      await looks.publishFigures([{ name: 'stream_rows_differing_pct', value: told.differingPct, product }]);
    report.show('compared', comparisonTable(told));
    return told;
  } catch (error) {
    report.failed(error);
    throw error;
  }
}
