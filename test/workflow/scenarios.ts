import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { FreshnessFinding, WatchFreshnessInput } from '../../model/messages/freshness.ts';
import { proceedUpdate } from '../../model/messages/inputs.ts';
import type { BuildInput } from '../../model/messages/builds.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { type Scenario, until } from './scenario.ts';
import { streamScenarios } from './stream-scenarios.ts';

const silver: BuildInput = { product: 'silver.trips', start: '2025-01-18', end: '2025-01-20' };
const gold: BuildInput = { product: 'gold.trips', start: '2025-01-18', end: '2025-01-19' };
const missing: FreshnessFinding = {
  ...{ product: 'bronze.events', interval: '2025-01-18T03', kind: 'not published', problem: 'missing' },
};
const watching: WatchFreshnessInput = { firedAt: '2025-01-18T08:50:00Z', tell: true };

export const scenarios = {
  'build-published': { script: {}, workflow: 'buildProduct', input: silver },
  'build-loaded-into-warehouse': { script: {}, workflow: 'buildProduct', input: gold },
  'build-after-lost-driver': { script: { jobs: ['lost', 'done'] }, workflow: 'buildProduct', input: silver },
  'build-after-load-conflict': { script: { loads: ['conflict', 'done'] }, workflow: 'buildProduct', input: gold },
  'build-after-failed-load': { script: { loads: ['failed', 'done'] }, workflow: 'buildProduct', input: gold },
  'build-given-up': { script: { jobs: ['broken'] }, workflow: 'buildProduct', input: silver },
  'build-halted-by-quality': { script: { jobs: ['quality'] }, workflow: 'buildProduct', input: silver },
  'build-with-a-date-held-back': {
    script: { heldBack: { 'silver.trips': ['2025-01-18'] } },
    workflow: 'buildProduct',
    input: silver,
  },
  'loads-around-a-date-held-back': {
    script: { heldBack: { 'gold.trips': ['2025-01-18'] } },
    workflow: 'buildProduct',
    input: { product: 'gold.trips', start: '2025-01-16', end: '2025-01-20' },
  },
  'build-of-unknown-product': {
    script: {},
    workflow: 'buildProduct',
    input: { ...silver, product: 'silver.tirps' },
  },
  'build-cancelled': {
    script: { jobs: ['hangs'] },
    workflow: 'buildProduct',
    input: silver,
    meanwhile: async (handle) => {
      await until(handle, 'running');
      await handle.cancel();
    },
  },
  'build-cancelled-while-throttled': {
    script: { jobs: ['hangs, then throttles'] },
    workflow: 'buildProduct',
    input: silver,
    meanwhile: async (handle) => {
      await until(handle, 'running');
      await handle.cancel();
    },
  },
  'load-cancelled-while-throttled': {
    script: { loads: ['hangs, then throttles'] },
    workflow: 'buildProduct',
    input: gold,
    meanwhile: async (handle) => {
      await until(handle, 'loading');
      await handle.cancel();
    },
  },
  'load-cancelled-while-it-waits': {
    script: { holds: 'warehouse.gold.trips' },
    workflow: 'buildProduct',
    input: gold,
    meanwhile: async (handle) => {
      await until(handle, 'waiting');
      await handle.cancel();
    },
  },
  'build-of-a-whole-table': {
    script: {},
    workflow: 'buildProduct',
    input: { ...gold, product: 'gold.dim_city' } satisfies BuildInput,
  },
  'build-after-another': { script: { refusals: 2 }, workflow: 'buildProduct', input: silver },
  'build-cancelled-while-it-waits': {
    script: { refusals: Infinity },
    workflow: 'buildProduct',
    input: silver,
    meanwhile: async (handle) => {
      await until(handle, 'waiting');
      await handle.cancel();
    },
  },
  maintenance: { script: {}, workflow: 'maintainTable', input: { product: 'bronze.events_quarantine' } },
  'maintenance-in-a-hurry': { script: {}, workflow: 'maintainTable', input: { product: 'bronze.events' } },
  'maintenance-after-a-build': {
    script: { refusals: 2 },
    workflow: 'maintainTable',
    input: { product: 'silver.trips' },
  },
  'maintenance-after-lost-driver': {
    script: { jobs: ['lost', 'done'] },
    workflow: 'maintainTable',
    input: { product: 'silver.trips' },
  },
  'maintenance-cancelled': {
    script: { jobs: ['hangs'] },
    workflow: 'maintainTable',
    input: { product: 'silver.trips' },
    meanwhile: async (handle) => {
      await until(handle, 'running');
      await handle.cancel();
    },
  },
  restore: { script: {}, workflow: 'restoreTable', input: { product: 'silver.trips', to: 'before-fares' } },
  'restore-loaded-into-warehouse': { script: {}, workflow: 'restoreTable', input: { product: 'gold.trips', to: 4 } },
  'restore-to-unknown-point': {
    script: {},
    workflow: 'restoreTable',
    input: { product: 'silver.trips', to: 'no-such-point' },
  },
  'explain-interval': {
    script: {},
    workflow: 'explainInterval',
    input: { product: 'silver.trips', interval: '2025-01-18' },
  },
  backfill: {
    script: {},
    workflow: 'backfill',
    input: { product: 'bronze.events', start: '2025-01-01T00', end: '2025-01-03T00' },
  },
  'backfill-planned-only': {
    script: {},
    workflow: 'backfill',
    input: { product: 'silver.trips', start: '2025-01-01', end: '2025-01-31', dryRun: true },
  },
  'backfill-with-a-failure': {
    script: { jobs: ['quality', 'done'] },
    workflow: 'backfill',
    input: { product: 'bronze.events', start: '2025-01-01T00', end: '2025-01-03T00', maximumJobsAtOnce: 1 },
  },
  'backfill-with-a-date-held-back': {
    script: { heldBack: { 'silver.trips': ['2025-01-05'] } },
    workflow: 'backfill',
    input: { product: 'silver.trips', start: '2025-01-01', end: '2025-01-15' },
  },
  'backfill-past-a-date-held-back': {
    script: { heldBack: { 'silver.trips': ['2025-01-05'] } },
    workflow: 'backfill',
    input: { product: 'silver.trips', start: '2025-01-01', end: '2025-01-15' },
  },
  'backfill-cancelled': {
    script: { jobs: ['hangs'] },
    workflow: 'backfill',
    input: { product: 'silver.trips', start: '2025-01-01', end: '2025-01-31' },
    meanwhile: async (handle) => {
      await until(handle, 'running');
      await handle.cancel();
    },
  },
  'hourly-bronze': { script: {}, workflow: 'hourlyBronze', input: { firedAt: '2025-01-18T05:20:00Z' } },
  'daily-batch': { script: {}, workflow: 'dailyBatch', input: { date: '2025-01-18' } },
  'daily-batch-with-failed-silver': {
    script: { jobs: ['quality'] },
    workflow: 'dailyBatch',
    input: { date: '2025-01-18' },
  },
  'daily-batch-that-failed-restates-readers': {
    script: { jobs: ['quality'] },
    workflow: 'dailyBatch',
    input: { date: '2025-01-18' },
  },
  'daily-batch-with-a-date-held-back': {
    script: { heldBack: { 'silver.trips': ['2025-01-17'] } },
    workflow: 'dailyBatch',
    input: { date: '2025-01-18' },
  },
  'daily-batch-without-an-hour': {
    script: { hole: '2025-01-18T03' },
    workflow: 'dailyBatch',
    input: { date: '2025-01-18' },
    meanwhile: (handle) => handle.executeUpdate(proceedUpdate, { args: [{ by: 'ada', why: 'the source is down' }] }),
  },
  'daily-batch-too-late': {
    script: { hole: '2025-01-18T03', tooLate: true },
    workflow: 'dailyBatch',
    input: { date: '2025-01-18' },
  },
  fresh: { script: { freshness: [] }, workflow: 'watchFreshness', input: watching },
  'late-data': {
    script: {},
    workflow: 'restateLateData',
    input: { product: 'bronze.events', dates: ['2025-01-10'], debounceSeconds: 1, approvalOverJobs: 100 },
  },
  'watch-that-publishes-its-figures': {
    script: { freshness: [missing] },
    workflow: 'watchFreshness',
    input: watching,
  },
  'watch-that-tells-its-findings': { script: { freshness: [missing] }, workflow: 'watchFreshness', input: watching },
  'not-fresh': {
    script: { freshness: [missing] },
    workflow: 'watchFreshness',
    input: watching,
  },
  'unread-raw-files': {
    script: { unread: [{ ...missing, kind: 'unread files', problem: 'raw files unread' }] },
    workflow: 'watchFreshness',
    input: watching,
  },
  merge: { script: {}, workflow: 'mergeRealtime', input: { firedAt: '2025-01-18T20:10:00Z' } },
  'merge-of-nothing': { script: { streamFiles: [] }, workflow: 'mergeRealtime', input: {} },
  'merge-of-more-files-than-a-batch-takes': {
    script: { streamFiles: [6000, 12] },
    workflow: 'mergeRealtime',
    input: { product: 'public.trips_realtime' },
  },
  'merge-after-a-conflict': { script: { loads: ['conflict', 'done'] }, workflow: 'mergeRealtime', input: {} },
  'merge-given-up': { script: { loads: ['failed', 'failed', 'failed'] }, workflow: 'mergeRealtime', input: {} },
  'merge-with-a-broken-file': {
    script: { streamFiles: [1], loads: ['cannot copy', 'cannot copy', 'cannot copy', 'done'] },
    workflow: 'mergeRealtime',
    input: {},
  },
  'reconcile-of-a-date-that-is-not-over': { script: {}, workflow: 'reconcile', input: { date: '9999-01-01' } },
  'merge-cancelled': {
    script: { loads: ['hangs, then throttles'] },
    workflow: 'mergeRealtime',
    input: {},
    meanwhile: async (handle) => {
      await until(handle, 'loading');
      await handle.cancel();
    },
  },
  reconcile: { script: { unsettled: 1 }, workflow: 'reconcile', input: { date: '2025-01-18' } },
  'reconcile-of-a-settled-date': {
    script: { streamDate: 'settled' },
    workflow: 'reconcile',
    input: { date: '2025-01-18' },
  },
  'reconcile-of-a-date-that-no-stream-had': {
    script: { streamDate: 'never' },
    workflow: 'reconcile',
    input: { date: '2025-01-18' },
  },
  'reconcile-after-a-merge': { script: { refusals: 2 }, workflow: 'reconcile', input: { date: '2025-01-18' } },
  'reconcile-too-late': {
    script: { unsettled: 9, tooLate: true },
    workflow: 'reconcile',
    input: { date: '2025-01-18' },
  },
  'reconcile-given-up': { script: { loads: ['failed'] }, workflow: 'reconcile', input: { date: '2025-01-18' } },
  ...streamScenarios,
  'compare-stream': {
    script: { unsettled: 1 },
    workflow: 'compareStream',
    input: { product: 'public.surge_pricing', date: '2025-01-18' },
  },
  'compare-stream-that-has-nothing': {
    script: { streamDate: 'never' },
    workflow: 'compareStream',
    input: { product: 'public.surge_pricing', date: '2025-01-18' },
  },
  'rebuild-gold': { script: {}, workflow: 'rebuildGold', input: { start: '2025-01-01', end: '2025-01-15' } },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;

/** Starts a scenario, does what the person does, and waits for its end without judging it. */
export async function play(environment: TestWorkflowEnvironment, name: ScenarioName): Promise<WorkflowHandle> {
  const { workflow, input, meanwhile }: Scenario = scenarios[name];
  const handle = await environment.client.workflow.start(workflow, {
    workflowId: `scenario/${name}`,
    taskQueue: orchestrationQueue,
    args: [input],
  });
  await meanwhile?.(handle);
  await handle.result().catch(() => undefined); // The caller asks the handle again for how it ended.
  return handle;
}
