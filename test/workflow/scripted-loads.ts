import type { StatementEnd } from '../../activities/redshift/activities.ts';
import type { Calls } from './calls.ts';
import { at, type Script, throttled } from './script.ts';

/** Loads of the warehouse that end as the script says. */
export function scriptedLoads(script: Script, calls: Calls, waitForCancel: () => Promise<never>) {
  return {
    async submitLoad(input: Calls['loads'][number]): Promise<{ statementId: string }> {
      calls.loads.push(input);
      calls.loading.now += 1;
      calls.loading.atMost = Math.max(calls.loading.atMost, calls.loading.now);
      return { statementId: `statement-${calls.loads.length + calls.batches.length}` };
    },
    async awaitStatement({ statementId }: { statementId: string }): Promise<StatementEnd> {
      const outcome = at(script.loads ?? ['done'], Number(statementId.slice('statement-'.length)) - 1, 'done');
      if (outcome === 'hangs, then throttles') return waitForCancel().catch(throttled);
      calls.loading.now -= 1;
      return outcome === 'done'
        ? { meaning: 'done', error: '', rowCount: 8, rowCounts: [1, 8, 1, 7, 2] }
        : {
            ...{ meaning: outcome === 'conflict' ? outcome : 'failed', error: 'ERROR: 1023', rowCount: 0 },
            // The second statement of a merge.
            ...(outcome === 'cannot copy' && { failedStatement: 1 }),
          };
    },
    async cancelStatement({ statementId }: { statementId: string }): Promise<StatementEnd> {
      calls.cancelled.push(statementId);
      return { meaning: 'cancelled', error: '', rowCount: 0 };
    },
  };
}
