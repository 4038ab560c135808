import { rootCause } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localServer, withWorkers } from './environment.ts';
import { play, scenarios } from './scenarios.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await localServer();
});
afterAll(async () => {
  await environment.teardown();
});

const built = (calls: { submitted: { job: { name: string } }[] }): string[] =>
  calls.submitted.map(({ job }) => job.name);

describe('hourlyBronze', () => {
  it('builds the two hours before the one it fires in, in one job', async () => {
    const names = await withWorkers(environment, {}, async (calls) => {
      await (await play(environment, 'hourly-bronze')).result();
      return built(calls);
    });
    expect(names).toEqual(['bronze.events 2025-01-18T03..2025-01-18T04']);
  });

  it('is found by product, interval and state where people search', async () => {
    const { client } = environment;
    const found: string[] = [];
    await expect
      .poll(
        async () => {
          // `Interval` is a word of SQL, so the query quotes it.
          const query =
            'Product = "bronze.events" AND BuildState = "published" AND `Interval` = "2025-01-18T03..2025-01-18T04"';
          for await (const run of client.workflow.list({ query })) found.push(run.workflowId);
          return found;
        },
        { timeout: 10_000 },
      )
      .toContain('build/bronze.events/2025-01-18T03..2025-01-18T04');
  });

  it('waits for a build of the same hours that runs already', async () => {
    const ids = await withWorkers(environment, {}, async () => {
      const runs = ['a', 'b'].map((name) =>
        environment.client.workflow.execute('hourlyBronze', {
          workflowId: `twice/${name}`,
          taskQueue: 'orchestration',
          args: [{ firedAt: '2025-01-19T05:20:00Z' }],
        }),
      );
      return (await Promise.all(runs)) as { buildId: string }[][];
    });
    expect(new Set(ids.flat().map(({ buildId }) => buildId)).size).toBe(2);
  });

  it('fails at once on a time that is none', async () => {
    const failure = await withWorkers(environment, {}, () =>
      environment.client.workflow
        .execute('hourlyBronze', { workflowId: 'bad-time', taskQueue: 'orchestration', args: [{ firedAt: 'noon' }] })
        .then(
          () => undefined,
          (error: unknown) => rootCause((error as Error).cause),
        ),
    );
    expect(failure).toContain('firedAt "noon" is no ISO-8601 time');
  });
});

describe('dailyBatch', () => {
  it('builds silver first, gold after it, and loads what the warehouse has', async () => {
    const { names, loads } = await withWorkers(environment, {}, async (calls) => {
      await (await play(environment, 'daily-batch')).result();
      return { names: built(calls), loads: calls.loads.map(({ product }) => product) };
    });
    const position = (product: string): number => names.findIndex((name) => name.startsWith(product));
    expect(position('silver.trips')).toBeGreaterThanOrEqual(0);
    expect(position('gold.trips')).toBeGreaterThan(position('silver.trips'));
    expect(position('gold.fact_hourly_metrics')).toBeGreaterThan(position('silver.trips'));
    expect(loads).toContain('gold.fact_hourly_metrics');
    expect(loads).not.toContain('silver.trips');
  });

  it('starts no gold build after silver has failed', async () => {
    const names = await withWorkers(environment, scenarios['daily-batch-with-failed-silver'].script, async (calls) => {
      await expect((await play(environment, 'daily-batch-with-failed-silver')).result()).rejects.toThrow();
      return built(calls);
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
        return { names: built(calls), loads: calls.loads.map(({ product, start, end }) => [product, start, end]) };
      },
    );
    expect(names.filter((name) => name.startsWith('gold.trips')).sort()).toEqual([
      'gold.trips 2025-01-15..2025-01-16',
      'gold.trips 2025-01-18',
    ]);
    expect(loads).toContainEqual(['gold.trips', '2025-01-15', '2025-01-17']);
  });
});

describe('watchFreshness', () => {
  it('ends well when everything that is due is published', async () => {
    await withWorkers(environment, scenarios.fresh.script, async () => {
      const handle = await play(environment, 'fresh');
      expect(await handle.result()).toMatchObject({ expected: 83, found: 0 });
    });
  });

  it('fails, naming what is missing, when something is', async () => {
    await withWorkers(environment, scenarios['not-fresh'].script, async () => {
      const handle = await play(environment, 'not-fresh');
      await expect(handle.result()).rejects.toMatchObject({
        cause: {
          message: expect.stringContaining('1 findings among 83 intervals due: bronze.events 2025-01-18T03 missing'),
        },
      });
    });
  });
});
