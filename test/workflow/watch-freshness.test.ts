import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WatchFreshnessInput } from '../../model/messages/freshness.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { localServer, withWorkers } from './environment.ts';
import { play, scenarios } from './scenarios.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await localServer();
});
afterAll(async () => {
  await environment.teardown();
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
    const unreadable = [
      { product: 'silver.trips', interval: null, kind: 'unreadable log', problem: 'no Delta commit' },
    ] as const;
    await withWorkers(environment, { ...scenarios['unread-raw-files'].script, unreadable }, async () => {
      const handle = await play(environment, 'unread-raw-files');
      await expect(handle.result()).rejects.toMatchObject({
        cause: { message: expect.stringMatching(/^2 findings.*silver.trips no Delta commit; bronze.events/) },
      });
    });
  });

  it('tells what else it has seen where it cannot look at something, and fails for that', async () => {
    const script = { ...scenarios['not-fresh'].script, unlistable: 'access to the raw bucket is denied' };
    await withWorkers(environment, script, async (calls) => {
      const handle = await play(environment, 'not-fresh');
      await expect(handle.result()).rejects.toMatchObject({
        cause: {
          message: expect.stringMatching(/^2 findings.*The raw files cannot be looked at: access.*T03 missing/),
        },
      });
      const figures = Object.fromEntries(calls.figures.map(({ name, value }) => [name, value]));
      expect(figures).toMatchObject({ intervals_expected: 83, findings_not_fresh: 2 });
      expect(calls.told).toMatchObject([
        { complete: false, findings: [{ kind: 'not looked at' }, { problem: 'missing' }] },
      ]);
    });
  });

  it('is silent to CloudWatch, whose alarm then rings, where it cannot tell what it has found', async () => {
    const script = { ...scenarios['not-fresh'].script, untellable: 'no such topic' };
    await withWorkers(environment, script, async (calls) => {
      const handle = await play(environment, 'not-fresh');
      await expect(handle.result()).rejects.toMatchObject({
        cause: { message: expect.stringMatching(/^2 findings.*What is found cannot be told: no such topic/) },
      });
      const figures = calls.figures.map(({ name }) => name);
      expect(figures).toContain('claims_held');
      expect(figures).not.toContain('intervals_expected');
    });
  });

  it('tells nobody of another time than now, unless it is told to', async () => {
    await withWorkers(environment, scenarios['not-fresh'].script, async (calls) => {
      const look = (input: WatchFreshnessInput) =>
        environment.client.workflow.execute('watchFreshness', {
          workflowId: 'watch-by-hand',
          taskQueue: orchestrationQueue,
          args: [input],
        });
      await expect(look({ firedAt: '2025-01-18T08:50:00Z' })).rejects.toThrow();
      expect([calls.told, calls.figures]).toEqual([[], []]);
      await expect(look({ firedAt: new Date().toISOString() })).rejects.toThrow();
      expect(calls.told).toHaveLength(1);
      expect(calls.figures.length).toBeGreaterThan(0);
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
