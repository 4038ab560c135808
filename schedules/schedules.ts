import { ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client';
import { type Catalogue, comparedStreams, loadCatalogue, rawProducts, settledStreams } from '../model/catalogue.ts';
import { isSettled, type RawProduct, type Stream } from '../model/product.ts';
import {
  compareSchedule,
  dailyBatch,
  freshnessSchedule,
  maintenanceSchedule,
  mergeSchedule,
  reconcileSchedule,
  reconciliation,
} from '../model/cadences.ts';
import type { CompareStreamInput, MergeRealtimeInput, ReconcileInput } from '../model/messages/realtime.ts';
import type { MaintainTableInput } from '../workflows/maintain-table.ts';
import { orchestrationQueue } from '../model/queues.ts';

/** One a product that is made from raw files: what its contract says. */
const hourlyOf = ({ key, source: { schedule } }: RawProduct): ScheduleOptions => ({
  scheduleId: schedule.scheduleId,
  spec: {
    calendars: [{ minute: schedule.firesAfterMinutes, hour: '*', comment: 'the two hours before the current one' }],
  },
  action: {
    type: 'startWorkflow',
    workflowType: 'hourlyBronze',
    workflowId: schedule.scheduleId,
    taskQueue: orchestrationQueue,
    args: [{ product: key }],
    staticSummary: `${key}, hourly`,
  },
  // An hour is built twice by design, so runs that were missed for longer than this are a case for a backfill.
  policies: { overlap: ScheduleOverlapPolicy.BUFFER_ALL, catchupWindow: '6h' },
});

/** One a table, so that one can be paused alone. After the daily batch, with the longest time until the next bronze build. */
const maintenanceOf = (product: string): ScheduleOptions => ({
  scheduleId: maintenanceSchedule(product),
  spec: { calendars: [{ hour: 3, minute: 30, comment: 'compaction, old files, old log' }] },
  action: {
    type: 'startWorkflow',
    workflowType: 'maintainTable',
    workflowId: maintenanceSchedule(product),
    taskQueue: orchestrationQueue,
    args: [{ product } satisfies MaintainTableInput],
    staticSummary: `maintenance of ${product}, daily`,
  },
  // The next one does what this one has missed.
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1h' },
});

/**
 * What a stream has made is there within fifteen minutes. One a table, so that one can be paused alone; what nothing settles
 * comes five minutes after the others, for Redshift locks the tables in which all merges note their files.
 */
const mergeOf = (stream: Stream): ScheduleOptions => ({
  scheduleId: mergeSchedule(stream.key),
  spec: {
    calendars: [
      {
        hour: '*',
        minute: { start: isSettled(stream) ? 0 : 5, end: 59, step: 10 },
        comment: 'what the stream has written',
      },
    ],
  },
  action: {
    type: 'startWorkflow',
    workflowType: 'mergeRealtime',
    workflowId: mergeSchedule(stream.key),
    taskQueue: orchestrationQueue,
    args: [{ product: stream.key } satisfies MergeRealtimeInput],
    staticSummary: `${stream.key}, every ten minutes`,
  },
  // The next one merges what this one has missed.
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '10m' },
});

/** After the daily batch has loaded the date before. */
const afterTheBatch = (comment: string): ScheduleOptions['spec'] => ({
  calendars: [
    {
      hour: Math.floor(reconciliation.firesAfterMinutes / 60),
      minute: reconciliation.firesAfterMinutes % 60,
      comment,
    },
  ],
});

const reconciliationOf = (product: string): ScheduleOptions => ({
  scheduleId: reconcileSchedule(product),
  spec: afterTheBatch('the batch takes the stream’s place for the date before'),
  action: {
    type: 'startWorkflow',
    workflowType: 'reconcile',
    workflowId: reconcileSchedule(product),
    taskQueue: orchestrationQueue,
    args: [{ product } satisfies ReconcileInput],
    staticSummary: `${product} with the batch, daily`,
  },
  policies: { overlap: ScheduleOverlapPolicy.BUFFER_ALL, catchupWindow: '2d' },
});

const comparisonOf = (product: string): ScheduleOptions => ({
  scheduleId: compareSchedule(product),
  spec: afterTheBatch('how far stream and batch are apart in the date before'),
  action: {
    type: 'startWorkflow',
    workflowType: 'compareStream',
    workflowId: compareSchedule(product),
    taskQueue: orchestrationQueue,
    args: [{ product } satisfies CompareStreamInput],
    staticSummary: `${product} beside the batch, daily`,
  },
  policies: { overlap: ScheduleOverlapPolicy.BUFFER_ALL, catchupWindow: '2d' },
});

/** The schedules as they shall be, by id. Overlap and catch-up are always said: the server's default catch-up is a year. */
export const declaredSchedules = (catalogue: Catalogue = loadCatalogue()): readonly ScheduleOptions[] => [
  ...rawProducts(catalogue).map(hourlyOf),
  {
    scheduleId: dailyBatch.scheduleId,
    spec: {
      calendars: [
        {
          hour: Math.floor(dailyBatch.firesAfterMinutes / 60),
          minute: dailyBatch.firesAfterMinutes % 60,
          comment: 'silver, gold and the warehouse for the date before',
        },
      ],
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'dailyBatch',
      workflowId: dailyBatch.scheduleId,
      taskQueue: orchestrationQueue,
      args: [{}],
      staticSummary: 'silver, gold and warehouse, daily',
    },
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ALL, catchupWindow: '2d' },
  },
  {
    scheduleId: freshnessSchedule,
    spec: { calendars: [{ minute: [20, 50], hour: '*', comment: 'what should be published by now and is not' }] },
    action: {
      type: 'startWorkflow',
      workflowType: 'watchFreshness',
      workflowId: freshnessSchedule,
      taskQueue: orchestrationQueue,
      args: [{}],
      staticSummary: 'freshness of all products, twice an hour',
    },
    // A check of the past is worth nothing: the next one sees the same.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '10m' },
  },
  ...[...catalogue.products.keys()].map(maintenanceOf),
  ...[...catalogue.streams.values()].map(mergeOf),
  ...settledStreams(catalogue).map(({ key }) => reconciliationOf(key)),
  ...comparedStreams(catalogue).map(({ key }) => comparisonOf(key)),
];
