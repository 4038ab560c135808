import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { rootCause } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DateTime } from 'luxon';
import { surveyProduct } from '../../activities/planning/survey.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { readersIn } from '../../model/graph.ts';
import { intervalKey, intervalsIn, shiftInterval } from '../../model/intervals.ts';
import { approveUpdate, type BackfillReport, backfillStatusQuery } from '../../model/messages/backfill.ts';
import { type LateDataInput, lateDatesSignal, restateWorkflowId } from '../../model/messages/late-data.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { timeSkippingServer, withWorkers } from './environment.ts';
import { MemoryLedger, publishedBuild } from './memory-ledger.ts';
import type { Calls } from './calls.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await timeSkippingServer();
});
afterAll(async () => {
  await environment.teardown();
});

const days = { start: '2024-01-01', end: '2025-02-04' };
const late: LateDataInput = { product: 'bronze.events', dates: [], debounceSeconds: 900, approvalOverJobs: 100 };

/** Four hundred dates of everything, published. */
function builtDays(): MemoryLedger {
  const ledger = new MemoryLedger();
  const inputVersions = { 'bronze.events': 7, 'silver.trips': 7 };
  ledger.publish(publishedBuild('bronze.events', { start: '2023-12-31T00', end: '2023-12-31T01' }));
  for (const product of ['silver.trips', 'gold.trips', 'gold.fact_hourly_metrics'])
    ledger.publish(publishedBuild(product, days, { inputVersions }));
  return ledger;
}

const submitted = (calls: Calls, product: string): string[] =>
  calls.submitted.flatMap(({ job }) => {
    const argument = (flag: string): string => job.arguments[job.arguments.indexOf(flag) + 1] ?? '';
    const range = { start: argument('--start'), end: argument('--end') };
    return argument('--product') === product ? intervalsIn('date', range) : [];
  });

const restate = (dates: readonly string[], input = late) =>
  environment.client.workflow.signalWithStart('restateLateData', {
    workflowId: restateWorkflowId('bronze.events'),
    taskQueue: orchestrationQueue,
    args: [input],
    signal: lateDatesSignal,
    signalArgs: [[...dates]],
  });

describe('late data', () => {
  it('restates what reads the dates it touched, of four hundred, and downstream only what changed', async () => {
    const ledger = builtDays();
    const touched = ['2024-03-10', '2024-07-01', '2024-12-24'];
    const arrived = { start: '2025-02-03T05', end: '2025-02-03T06' };
    ledger.publish(publishedBuild('bronze.events', arrived, { outputVersion: 8, changedPartitions: touched }));
    await withWorkers(environment, { ledger, changedDates: touched }, async (calls) => {
      await restate(touched.slice(0, 1));
      const handle = await restate(touched.slice(1));
      const reports = (await handle.result()) as BackfillReport[];
      // Far apart, they are backfills of their own: none looks at the months between.
      const ofSilver = reports.flatMap(({ products }) => products.filter(({ product }) => product === 'silver.trips'));
      expect(ofSilver).toMatchObject(touched.map(() => ({ intervals: 4, right: 0 })));
      const around = (...counts: number[]): string[] =>
        touched.flatMap((date) => counts.map((count) => shiftInterval('date', date, count)));
      expect(submitted(calls, 'silver.trips').sort()).toEqual(around(-2, -1, 0, 1));
      expect(submitted(calls, 'gold.trips').sort()).toEqual(touched);
      expect(submitted(calls, 'gold.fact_hourly_metrics').sort()).toEqual(around(-1, 0, 1));
      expect(submitted(calls, 'bronze.events')).toEqual([]);
      expect(new Set(calls.lanes)).toEqual(new Set(['late']));
    });
  });

  it('does nothing where others have restated the dates meanwhile', async () => {
    await withWorkers(environment, { ledger: builtDays() }, async (calls) => {
      const reports = (await (await restate(['2024-03-10'])).result()) as BackfillReport[];
      expect(new Set(reports.map(({ built }) => built.jobs))).toEqual(new Set([0]));
      expect(calls.submitted).toEqual([]);
    });
  });

  it('is tried again hours later when it failed', async () => {
    const ledger = builtDays();
    const arrived = { start: '2025-02-03T05', end: '2025-02-03T06' };
    ledger.publish(publishedBuild('bronze.events', arrived, { outputVersion: 8, changedPartitions: ['2024-03-10'] }));
    await withWorkers(environment, { ledger, jobs: ['quality', 'done'], changedDates: [] }, async (calls) => {
      const handle = await restate(['2024-03-10']);
      const reports = (await handle.result()) as BackfillReport[];
      expect(reports.map(({ built }) => built.intervals).filter((count) => count > 0)).toEqual([4]);
      const around = ['2024-03-08', '2024-03-09', '2024-03-10', '2024-03-11'];
      expect(submitted(calls, 'silver.trips')).toEqual([...around, ...around]);
    });
  });

  it('goes on with the other dates when a person cancels the backfill of some, and with a signal that is none', async () => {
    const ledger = builtDays();
    const dates = ['2024-03-10', '2024-07-01'];
    const arrived = { start: '2025-02-03T05', end: '2025-02-03T06' };
    ledger.publish(publishedBuild('bronze.events', arrived, { outputVersion: 8, changedPartitions: dates }));
    await withWorkers(environment, { ledger, changedDates: [] }, async (calls) => {
      const handle = await restate(dates.slice(0, 1), { ...late, approvalOverJobs: 0 });
      const chain = (await handle.describe()).startTime.getTime().toString(36);
      const child = (range: string, count: number) =>
        environment.client.workflow.getHandle(`restate/silver.trips/${range}/${chain}-${count}`);
      const isWaiting = async (handleOfChild: WorkflowHandle): Promise<void> => {
        await environment.sleep('1h');
        await expect
          .poll(async () => (await handleOfChild.query(backfillStatusQuery)).state, { timeout: 20_000 })
          .toBe('waiting for approval');
      };
      const first = child('2024-03-08..2024-03-12', 0);
      await isWaiting(first);
      await handle.signal(lateDatesSignal, [dates[1]!]);
      await handle.signal('lateDates', '2025-01-10');
      await first.cancel();
      // After those of what else reads the date.
      const second = child('2024-06-29..2024-07-03', readersIn(loadCatalogue(), 'bronze.events').length);
      await isWaiting(second);
      await second.executeUpdate(approveUpdate, { args: ['ada'] });
      const reports = (await handle.result()) as BackfillReport[];
      expect(reports.filter(({ built }) => built.intervals > 0)).toMatchObject([
        { state: 'done', built: { intervals: 4 } },
      ]);
      expect(submitted(calls, 'silver.trips')).toEqual(['2024-06-29', '2024-06-30', '2024-07-01', '2024-07-02']);
    });
  });

  it('ends in a failure that names the dates when it failed for hours', async () => {
    const ledger = builtDays();
    const arrived = { start: '2025-02-03T05', end: '2025-02-03T06' };
    ledger.publish(publishedBuild('bronze.events', arrived, { outputVersion: 8, changedPartitions: ['2024-03-10'] }));
    await withWorkers(environment, { ledger, jobs: ['quality'] }, async (calls) => {
      const failure: unknown = await (await restate(['2024-03-10'])).result().catch((error: unknown) => error);
      expect(rootCause((failure as WorkflowFailedError).cause)).toMatch(
        /2024-03-10 of bronze\.events could not be restated: .*half of the rows have no city_id/,
      );
      expect(calls.submitted).toHaveLength(5);
    });
  });
});

describe('what a build changes', () => {
  const hours = { start: '2025-01-24T03', end: '2025-01-24T05' };
  const changedDates = ['2025-01-12', '2025-01-24'];

  /** What is still stale when `run` and the restatements that it led to have ended. */
  async function leftStale(calls: Calls, run: Promise<unknown>): Promise<string[]> {
    await run;
    for (const { product } of calls.late)
      await environment.client.workflow.getHandle(restateWorkflowId(product)).result();
    const products = [...loadCatalogue().products.values()].filter(({ grain }) => grain === 'date');
    const surveyed = await Promise.all(
      products.map((product) => surveyProduct(calls.ledger, loadCatalogue(), product, days)),
    );
    return surveyed
      .flat()
      .flatMap(({ product, interval, state }) => (state === 'stale' ? [`${product} ${interval}`] : []));
  }
  const execute = (workflow: string, input: object): Promise<unknown> =>
    environment.client.workflow.execute(workflow, {
      workflowId: `changes/${workflow}`,
      taskQueue: orchestrationQueue,
      args: [input],
    });
  const reading = (date: string): string[] => [-2, -1, 0, 1].map((count) => shiftInterval('date', date, count));

  it('by hand for hours of long ago is brought to all that reads it, once', async () => {
    await withWorkers(
      environment,
      { ledger: builtDays(), changedDates, restates: environment.client },
      async (calls) => {
        expect(await leftStale(calls, execute('hourlyBronze', { firedAt: '2025-01-24T05:20:00Z' }))).toEqual([]);
        expect(calls.late).toEqual([{ product: 'bronze.events', dates: changedDates }]);
        expect(submitted(calls, 'silver.trips').sort()).toEqual(changedDates.flatMap(reading));
        expect(submitted(calls, 'gold.trips').sort()).toEqual(changedDates);
      },
    );
  });

  it('in a backfill of hours is brought to what reads it outside of the plan too, once', async () => {
    await withWorkers(
      environment,
      { ledger: builtDays(), changedDates, restates: environment.client },
      async (calls) => {
        const input = { product: 'bronze.events', ...hours };
        expect(await leftStale(calls, execute('backfill', input))).toEqual([]);
        expect(calls.late).toEqual([{ product: 'bronze.events', dates: ['2025-01-12'] }]);
        expect(submitted(calls, 'silver.trips').sort()).toEqual(changedDates.flatMap(reading));
      },
    );
  });

  it('of silver by hand is brought to gold, once', async () => {
    await withWorkers(
      environment,
      { ledger: builtDays(), changedDates, restates: environment.client },
      async (calls) => {
        const input = { product: 'silver.trips', start: '2025-01-24', end: '2025-01-25' };
        expect(await leftStale(calls, execute('buildProduct', input))).toEqual([]);
        expect(submitted(calls, 'gold.trips')).toEqual(['2025-01-24']);
        expect(submitted(calls, 'gold.fact_hourly_metrics')).toEqual(['2025-01-23', '2025-01-24', '2025-01-25']);
      },
    );
  });

  it('by schedule is left to the next daily batch as far as that reaches, counted from now', async () => {
    const today = intervalKey('date', DateTime.fromMillis(await environment.currentTimeMs()));
    const [old, recent] = [-9, -1].map((count) => shiftInterval('date', today, count));
    await withWorkers(environment, { changedDates: [old!, recent!] }, async (calls) => {
      await execute('buildProduct', { product: 'bronze.events', ...hours, readersBuiltBy: 'next daily batch' });
      expect(calls.late).toEqual([{ product: 'bronze.events', dates: [old] }]);
    });
  });
});
