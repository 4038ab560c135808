import { CancelledFailure, rootCause } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DateTime } from 'luxon';
import { loadCatalogue } from '../../model/catalogue.ts';
import { intervalKey, rangeName } from '../../model/intervals.ts';
import { proceedUpdate } from '../../model/messages/inputs.ts';
import { localServer, timeSkippingServer, withWorkers } from './environment.ts';
import { MemoryLedger, publishedBuild } from './memory-ledger.ts';
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

describe('a run', () => {
  it('waits for a day at the most for a build of the same hours that never ends, and says for which', async () => {
    const skipping = await timeSkippingServer();
    try {
      await withWorkers(skipping, {}, async () => {
        const workflowId = 'build/bronze.events/2025-01-18T03..2025-01-18T04';
        const stuck = { product: 'bronze.events', dates: [], debounceSeconds: 1, approvalOverJobs: 1 };
        const { workflow } = skipping.client;
        await workflow.start('restateLateData', { workflowId, taskQueue: 'orchestration', args: [stuck] });
        const handle = await play(skipping, 'hourly-bronze');
        const failure: unknown = await handle.result().catch((error: unknown) => error);
        expect(rootCause((failure as Error).cause)).toContain(`${workflowId} has been running for a day`);
        expect((await handle.describe()).historyLength).toBeLessThan(1_500);
      });
    } finally {
      await skipping.teardown();
    }
  });
});

describe('an outage', () => {
  it.each([
    ['builds its hours', []],
    ['has one of its own held back', [1]],
  ])('is healed by the next hourly run that %s: on the late lane, others are left alone', async (_, heldBack) => {
    const { client } = environment;
    const began = new Date();
    const now = DateTime.utc().startOf('hour');
    const hour = (ago: number): string => intervalKey('hour', now.minus({ hours: ago }));
    const ledger = new MemoryLedger();
    ledger.publish(publishedBuild('bronze.events', { start: hour(60), end: hour(12) }));
    ledger.publish(publishedBuild('bronze.events', { start: hour(9), end: hour(0) }));
    ledger.fail('bronze.events', hour(11), 'failed', now.toISO(), { kind: 'JobsLost' });
    ledger.fail('bronze.events', hour(5), 'quarantined', now.toISO(), {
      kind: 'QUALITY_FAILED',
      codeVersion: 'source',
    });
    const script = { ledger, restates: client, heldBack: { 'bronze.events': heldBack.map(hour) } };
    await withWorkers(environment, script, async (calls) => {
      const schedule = await client.schedule.create({
        scheduleId: `heals-${heldBack.length}`,
        spec: {},
        state: { paused: true },
        action: {
          type: 'startWorkflow',
          workflowType: 'hourlyBronze',
          workflowId: `heals-${heldBack.length}`,
          taskQueue: 'orchestration',
        },
      });
      await schedule.trigger();
      const healed = client.workflow.getHandle('heal/bronze.events');
      const startedAt = () => healed.describe().then(({ startTime }) => startTime.getTime());
      await expect.poll(() => startedAt().catch(() => 0), { timeout: 20_000 }).toBeGreaterThan(began.getTime());
      expect(await healed.result()).toMatchObject({ built: { jobs: 1, intervals: 3 } });
      const named = `bronze.events ${rangeName('hour', { start: hour(12), end: hour(9) })}`;
      expect(calls.submitted.find(({ job }) => job.name === named)).toMatchObject({ lane: 'late' });
      expect(calls.submitted).toHaveLength(2);
      const changed = calls.late.flatMap(({ dates }) => dates);
      expect(changed.filter((date) => date > intervalKey('date', now.minus({ days: 1 })))).toEqual([]);
    });
  });

  it('is looked for by no run that a person has started', async () => {
    await withWorkers(environment, {}, async () => {
      const handle = await play(environment, 'hourly-bronze');
      const { events = [] } = await handle.fetchHistory();
      expect(JSON.stringify(events)).not.toContain('healLostHours');
    });
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
      expect(built(calls)).toEqual([]);
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
      expect(built(calls)).toEqual([]);
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
            /^1 of 13 builds failed: .*no city_id.* Not built.*gold\.fact_hourly_metrics 2025-01-15\.\.2025-01-18, gold\.trips 2025-01-16\.\.2025-01-17, silver/,
          ),
        },
      });
      expect(
        built(calls)
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
      'gold.trips 2025-01-14..2025-01-16',
      'gold.trips 2025-01-18',
    ]);
    expect(loads).toContainEqual(['gold.trips', '2025-01-14', '2025-01-17']);
  });
});

describe('watchFreshness', () => {
  it('ends well when everything that is due is published', async () => {
    await withWorkers(environment, scenarios.fresh.script, async () => {
      const handle = await play(environment, 'fresh');
      expect(await handle.result()).toMatchObject({ expected: 83, found: 0 });
    });
  });

  it('looks for commits that nobody has recorded, and fails for raw files that no build has read', async () => {
    await withWorkers(environment, scenarios['unread-raw-files'].script, async (calls) => {
      const handle = await play(environment, 'unread-raw-files');
      await expect(handle.result()).rejects.toMatchObject({
        cause: {
          message: expect.stringContaining('1 findings among 83 intervals due: bronze.events 2025-01-18T03 raw'),
        },
      });
      expect(calls.unrecorded).toBe(1);
    });
  });

  it('looks at everything else where a table’s log cannot be read, and fails for that', async () => {
    const unreadable = [{ product: 'silver.trips', interval: null, problem: 'no Delta commit' }];
    await withWorkers(environment, { ...scenarios['unread-raw-files'].script, unreadable }, async () => {
      const handle = await play(environment, 'unread-raw-files');
      await expect(handle.result()).rejects.toMatchObject({
        cause: { message: expect.stringMatching(/^2 findings.*silver.trips no Delta commit; bronze.events/) },
      });
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
