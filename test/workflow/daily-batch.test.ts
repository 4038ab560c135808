import { CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../model/catalogue.ts';
import { proceedUpdate } from '../../model/messages/inputs.ts';
import { jobNames } from './calls.ts';
import { localServer, withWorkers } from './environment.ts';
import { MemoryLedger, publishedBuild } from './memory-ledger.ts';
import { play, scenarios } from './scenarios.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await localServer();
});
afterAll(async () => {
  await environment.teardown();
});

describe('dailyBatch', () => {
  it('builds silver first, gold after it, and loads what the warehouse has', async () => {
    const { names, loads } = await withWorkers(environment, {}, async (calls) => {
      await (await play(environment, 'daily-batch')).result();
      return { names: jobNames(calls), loads: calls.loads.map(({ product }) => product) };
    });
    const position = (product: string): number => names.findIndex((name) => name.startsWith(product));
    expect(position('silver.trips')).toBeGreaterThanOrEqual(0);
    expect(position('gold.trips')).toBeGreaterThan(position('silver.trips'));
    expect(position('gold.fact_hourly_metrics')).toBeGreaterThan(position('silver.trips'));
    expect(loads).toContain('gold.fact_hourly_metrics');
    expect(loads).not.toContain('silver.trips');
  });

  it('waits for the hours that it reads, and says which', async () => {
    const input = { date: '2025-01-18' };
    await withWorkers(environment, { hole: '2025-01-18T03' }, async (calls) => {
      const options = { workflowId: 'waiting-batch', taskQueue: 'orchestration', args: [input] };
      const handle = await environment.client.workflow.start('dailyBatch', options);
      await expect
        .poll(
          async () => (await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata')).currentDetails,
          {
            timeout: 20_000,
          },
        )
        .toMatch(/bronze\.events 2025-01-18T03\s+\|\s+missing/);
      expect(jobNames(calls)).toEqual([]);
      await expect(handle.executeUpdate(proceedUpdate, { args: [{ by: '', why: '' }] })).rejects.toThrow();
      calls.ledger.publish(publishedBuild('bronze.events', { start: '2025-01-18T03', end: '2025-01-18T04' }));
      await handle.result();
      expect(calls.recorded.find(({ product }) => product === 'silver.trips')?.forced).toBeUndefined();
    });
  });

  it('goes on without an hour when somebody says so, and the build remembers', async () => {
    const forced = async (input: object) =>
      withWorkers(environment, { hole: '2025-01-18T03' }, async (calls) => {
        await ('force' in input
          ? environment.client.workflow.execute('dailyBatch', {
              workflowId: 'forced-batch',
              taskQueue: 'orchestration',
              args: [input],
            })
          : (await play(environment, 'daily-batch-without-an-hour')).result());
        expect(calls.late).toEqual([]);
        return calls.recorded.find(({ product }) => product === 'silver.trips')?.forced;
      });
    const missing = ['bronze.events 2025-01-18T03'];
    expect(await forced({})).toEqual({ missing, by: 'ada', why: 'the source is down' });
    expect(await forced({ date: '2025-01-18', force: true })).toMatchObject({ missing, why: 'force' });
  });

  it('fails with the hours when they are missing for too long', async () => {
    const { script } = scenarios['daily-batch-too-late'];
    await withWorkers(environment, script, async (calls) => {
      const handle = await play(environment, 'daily-batch-too-late');
      await expect(handle.result()).rejects.toMatchObject({
        cause: { type: 'InputsMissing', message: expect.stringContaining('bronze.events 2025-01-18T03 (missing)') },
      });
      expect(jobNames(calls)).toEqual([]);
    });
  });

  it('ends when it is cancelled while it waits', async () => {
    await withWorkers(environment, { hole: '2025-01-18T03' }, async () => {
      const options = { workflowId: 'cancelled-batch', taskQueue: 'orchestration', args: [{ date: '2025-01-18' }] };
      const handle = await environment.client.workflow.start('dailyBatch', options);
      await expect
        .poll(async () => (await handle.describe()).raw.pendingActivities?.[0]?.activityType?.name, { timeout: 20_000 })
        .toBe('awaitInputs');
      await handle.cancel();
      await expect(handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) });
    });
  });

  it('by hand for a date of long ago has what else reads its dates restated', async () => {
    const ledger = new MemoryLedger();
    const dates = { start: '2025-01-10', end: '2025-01-25' };
    ledger.publish(publishedBuild('gold.fact_hourly_metrics', dates, { inputVersions: { 'silver.trips': 6 } }));
    await withWorkers(environment, { ledger }, async (calls) => {
      await (await play(environment, 'daily-batch')).result();
      // The hours of the 19th hold trips that began on the 18th.
      expect(calls.late).toEqual([{ product: 'silver.trips', dates: ['2025-01-18'] }]);
    });
  });

  it.each(['daily-batch', 'daily-batch-with-failed-silver'] as const)(
    'has dates restated that an earlier batch should have built and did not: %s',
    async (scenario) => {
      const ledger = new MemoryLedger();
      const [before, changedPartitions] = [{ 'bronze.events': 7 }, ['2025-01-12']];
      ledger.publish(
        publishedBuild('silver.trips', { start: '2025-01-10', end: '2025-01-14' }, { inputVersions: before }),
      );
      const hours = { start: '2025-01-09T00', end: '2025-01-19T00' };
      ledger.publish(publishedBuild('bronze.events', hours, { outputVersion: 7, changedPartitions: [] }));
      const late = { start: '2025-01-18T03', end: '2025-01-18T04' };
      ledger.publish(publishedBuild('bronze.events', late, { outputVersion: 8, changedPartitions }));
      await withWorkers(environment, { ...scenarios[scenario].script, ledger }, async (calls) => {
        await (await play(environment, scenario)).result().catch(() => undefined);
        expect(calls.late).toContainEqual({ product: 'bronze.events', dates: ['2025-01-12'] });
      });
    },
  );

  it('builds the dates of gold whose inputs are right, and tells at the end what failed and what it held back', async () => {
    const contracts = loadCatalogue();
    const silver = { ...contracts.get('silver.trips'), intervalsPerJob: 2 };
    const products = new Map([...contracts.products, [silver.key, silver]]);
    const catalogue = { ...contracts, products, get: (key: string) => products.get(key) ?? contracts.get(key) };
    await withWorkers(environment, { catalogue, failing: 'silver.trips 2025-01-16..2025-01-17' }, async (calls) => {
      const options = { workflowId: 'batch-of-parts', taskQueue: 'orchestration', args: [{ date: '2025-01-18' }] };
      await expect(environment.client.workflow.execute('dailyBatch', options)).rejects.toMatchObject({
        cause: {
          message: expect.stringMatching(
            /^1 of 16 builds failed: .*no city_id.* Not built.*gold\.fact_hourly_metrics 2025-01-15\.\.2025-01-18, gold\.trips 2025-01-16\.\.2025-01-17, silver/,
          ),
        },
      });
      expect(
        jobNames(calls)
          .filter((name) => /gold\.(trips|fact)/.test(name))
          .sort(),
      ).toEqual([
        'gold.fact_hourly_metrics 2025-01-13..2025-01-14',
        'gold.trips 2025-01-14..2025-01-15',
        'gold.trips 2025-01-18',
      ]);
    });
  });

  it('starts no gold build after silver has failed', async () => {
    const names = await withWorkers(environment, scenarios['daily-batch-with-failed-silver'].script, async (calls) => {
      await expect((await play(environment, 'daily-batch-with-failed-silver')).result()).rejects.toThrow();
      return jobNames(calls);
    });
    expect(names.filter((name) => name.startsWith('gold.trips'))).toEqual([]);
  });
});

describe('a date that the audit holds back', () => {
  it('is left out of what reads it, stops nothing else, and is named at the end', async () => {
    const { names, loads } = await withWorkers(
      environment,
      scenarios['daily-batch-with-a-date-held-back'].script,
      async (calls) => {
        const handle = await play(environment, 'daily-batch-with-a-date-held-back');
        await expect(handle.result()).rejects.toMatchObject({
          cause: { message: expect.stringContaining('silver.trips 2025-01-17: one odd trip on 2025-01-17') },
        });
        return { names: jobNames(calls), loads: calls.loads.map(({ product, start, end }) => [product, start, end]) };
      },
    );
    expect(names.filter((name) => name.startsWith('gold.trips')).sort()).toEqual([
      'gold.trips 2025-01-14..2025-01-16',
      'gold.trips 2025-01-18',
    ]);
    expect(loads).toContainEqual(['gold.trips', '2025-01-14', '2025-01-17']);
  });
});
