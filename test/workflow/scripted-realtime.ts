import type { PlannedMerge, RealtimeActivities, Submitted } from '../../activities/realtime/activities.ts';
import type { AwaitedInputs, SettlingAsked } from '../../model/messages/inputs.ts';
import type { Settled, StreamComparison, StreamDate, StreamTable } from '../../model/messages/realtime.ts';
import type { Calls } from './calls.ts';
import { at, type Script } from './script.ts';

type Input<Name extends keyof RealtimeActivities> = Parameters<RealtimeActivities[Name]>[0];

const settled: Settled = {
  ...{ at: '2025-01-19T02:05:00.000Z', streamCount: 998, batchCount: 1000 },
  divergencePct: 1.4,
};
const city = { streamFare: '10.00', batchFare: '12.00', streamSeconds: 10, batchSeconds: 12, differing: 2 };
const cities = [
  { city: 'london', streamCount: 499, batchCount: 500, missingInStream: 6, missingInBatch: 5, ...city },
  { city: 'paris', streamCount: 499, batchCount: 500, missingInStream: 1, missingInBatch: 0, ...city, differing: 0 },
];

/** A warehouse whose stream has written the files of the script, and that has the date as the script says. */
export function scriptedRealtime(script: Script, calls: Calls) {
  const statement = (batch: string): { statementId: string } => {
    calls.batches.push(batch);
    return { statementId: `statement-${calls.loads.length + calls.batches.length}` };
  };
  const dates = (date: string): StreamDate[] => {
    const isSettled = script.streamDate === 'settled' || calls.batches.some((batch) => batch.startsWith('reconcile'));
    if (script.streamDate === 'never') return [];
    return [{ date, rows: 998, isLive: !isSettled, settled: isSettled ? settled : null }];
  };
  let waited = 0;
  return {
    async planMerge({ attempt }: Input<'planMerge'>): Promise<PlannedMerge> {
      const files = script.streamFiles ?? [2];
      const done = calls.batches.filter(
        (batch, index) => !batch.startsWith('merge') || at(script.loads ?? ['done'], index, 'done') === 'done',
      ).length;
      const last = done >= files.length - 1;
      return {
        manifest: `s3://lake/${attempt}`,
        files: files[done] ?? 0,
        isLast: last,
        foreign: 1,
        isIdle: !files.length,
      };
    },
    async submitMerge({ manifest }: Input<'submitMerge'>): Promise<Submitted> {
      return { ...statement(`merge ${manifest}`), counts: [null, 'rows', 'late', 'merged', 'purged'] };
    },
    async submitReconciliation({ date }: Input<'submitReconciliation'>): Promise<{ statementId: string }> {
      return statement(`reconcile ${date}`);
    },
    async submitRefusal({ manifest }: Input<'submitRefusal'>): Promise<{ statementId: string; file: string }> {
      return { ...statement(`refuse ${manifest}`), file: 'part-1.parquet' };
    },
    async submitBackupDrops(): Promise<{ statementId: string } | null> {
      return statement('backups');
    },
    async readReconciliation() {
      return { settled, cities, trips: ['trip-1 (differs: fare_amount)'], isExact: true };
    },
    async recordStream(): Promise<StreamTable> {
      return { dates: dates('2025-01-18'), newestAt: '2025-01-18T19:57:30.000Z' };
    },
    async compareStream(asked: Input<'compareStream'>): Promise<StreamComparison> {
      const streamRows = script.streamDate === 'never' ? 0 : 99;
      return { ...asked, streamRows, batchRows: 100, missing: 2, extra: 1, differing: 1, differingPct: 4 };
    },
    async lookAtDate({ date }: Input<'lookAtDate'>): Promise<StreamDate | null> {
      return dates(date)[0] ?? null;
    },
    async reconcileAgain(asked: Input<'reconcileAgain'>): Promise<string[]> {
      calls.reconciledAgain.push(`${asked.product} ${asked.start}..${asked.end}`);
      return [];
    },
    async awaitSettling({ product, date }: SettlingAsked): Promise<AwaitedInputs> {
      const isMissing = (waited += 1) <= (script.unsettled ?? 0);
      const end = date;
      return {
        missing: isMissing ? [{ product: `what settles ${product}`, start: date, end, state: 'unloaded' }] : [],
        expired: script.tooLate ?? false,
      };
    },
  };
}
