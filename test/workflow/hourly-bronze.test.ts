import { rootCause } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DateTime } from 'luxon';
import { intervalKey, rangeName } from '../../model/intervals.ts';
import { jobNames } from './calls.ts';
import { localServer, timeSkippingServer, withWorkers } from './environment.ts';
import { MemoryLedger, publishedBuild } from './memory-ledger.ts';
import { play } from './scenarios.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await localServer();
});
afterAll(async () => {
  await environment.teardown();
});

describe('hourlyBronze', () => {
  it('builds the two hours before the one it fires in, in one job', async () => {
    const names = await withWorkers(environment, {}, async (calls) => {
      await (await play(environment, 'hourly-bronze')).result();
      return jobNames(calls);
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
