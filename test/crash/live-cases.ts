import { operation, pollLoad, submitLoad } from './calls.ts';
import { answerLost, before, meanwhile } from './disturbances.ts';
import type { Call, Disturbance } from './interceptor.ts';
import type { Testbed } from './testbed.ts';

/** What goes wrong while files of a stream are merged, or a date is settled. */
export interface LiveCase {
  readonly what: string;
  readonly when: string;
  readonly workflow: 'mergeRealtime' | 'reconcile';
  readonly call: (call: Call) => boolean;
  readonly disturb: (testbed: Testbed, workflowId: string) => Disturbance;
  /** How it ends; by default done. Cancelled: the next one must do it. */
  readonly ends?: 'cancelled';
}

const claim = operation('TransactWriteItems');
const manifest = (call: Call): boolean => /^PUT \/.*\/manifest\.json$/.test(call.operation);
const record = (call: Call): boolean => call.operation === 'UpdateItem' && call.body.includes('SET streamed');
const release = (call: Call): boolean => call.operation === 'UpdateItem' && call.body.includes('REMOVE claim');
const killed = (when: string, call: LiveCase['call'], how: typeof before): Omit<LiveCase, 'workflow'> => ({
  ...{ what: 'workers killed', when, call },
  disturb: (testbed) => how(testbed.killWorkers),
});
const ofBoth: readonly Omit<LiveCase, 'workflow'>[] = [
  killed('claimed, the answer lost', claim, answerLost),
  killed('before the batch', submitLoad, before),
  killed('batch submitted, the answer lost', submitLoad, answerLost),
  killed('waiting for the batch', pollLoad, before),
  killed('done, not in the ledger', record, before),
  killed('before the claim ends', release, before),
  {
    ...{ what: 'Redshift (local) killed', when: 'the batch runs', call: pollLoad },
    disturb: (testbed) => meanwhile(() => testbed.kill('redshift-data')),
  },
  {
    ...{ what: 'cancelled by a person', when: 'submitting the batch', call: submitLoad, ends: 'cancelled' },
    disturb: (testbed, workflowId) => meanwhile(testbed.cancel(workflowId)),
  },
];

export const liveCases: readonly LiveCase[] = [
  { ...killed('planned, the answer lost', manifest, answerLost), workflow: 'mergeRealtime' },
  ...ofBoth.map((each) => ({ ...each, workflow: 'mergeRealtime' as const })),
  ...ofBoth.map((each) => ({ ...each, workflow: 'reconcile' as const })),
];
