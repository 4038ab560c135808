import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reconciliation } from '../../model/messages/realtime.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { jobNames } from './calls.ts';
import { localServer, timeSkippingServer, withWorkers } from './environment.ts';
import { play, type ScenarioName, scenarios } from './scenarios.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await timeSkippingServer();
});
afterAll(async () => {
  await environment.teardown();
});

const product = 'public.trips_realtime';
const detailsOf = async (handle: WorkflowHandle) => (await handle.query<{ details: string }>('status')).details;
const failureOf = async (handle: WorkflowHandle): Promise<string> => {
  let failure = (await handle.result().catch((error: unknown) => error)) as Error;
  while (failure.cause instanceof Error) failure = failure.cause;
  return failure.message;
};
const played = <T>(name: ScenarioName, use: (handle: WorkflowHandle, calls: CallsOf) => Promise<T>): Promise<T> =>
  withWorkers(environment, scenarios[name].script, async (calls) => use(await play(environment, name), calls));
type CallsOf = Parameters<Parameters<typeof withWorkers>[2]>[0];

describe('a merge', () => {
  it('merges what is new while it alone holds the table, and shows what it did', async () => {
    await played('merge', async (handle, calls) => {
      expect(await handle.result()).toEqual({
        files: 2,
        rows: 8,
        late: 1,
        merged: 7,
        purged: 2,
        foreign: 1,
        refused: [],
      });
      expect(calls.released).toMatchObject([{ product, intervals: ['table'], failure: null }]);
      expect(await detailsOf(handle)).toMatch(/\|\s+2025-01-18\s+\|\s+998\s+\|\s+provisional\s+\|/);
      expect(calls.figures).toEqual([
        // The newest row was made at 19:57:30.
        { name: 'streaming_processing_latency_minutes', value: 12.5, product },
        { name: 'stream_rows_merged', value: 7, product },
        { name: 'late_stream_rows', value: 1, product },
      ]);
    });
  });

  it('does nothing where there is nothing, and goes on until there is nothing more', async () => {
    await played('merge-of-nothing', async (handle, calls) => {
      expect(await handle.result()).toMatchObject({ files: 0 });
      expect(calls.batches).toEqual([]);
    });
    await played('merge-of-more-files-than-a-batch-takes', async (handle) => {
      expect(await handle.result()).toMatchObject({ files: 6012, rows: 16 });
    });
  });

  it('plans anew after it has lost against another, and fails for good after three batches', async () => {
    await played('merge-after-a-conflict', async (handle, calls) => {
      expect(await handle.result()).toMatchObject({ files: 2 });
      expect(calls.batches).toEqual(['merge s3://lake/1', 'merge s3://lake/2']);
    });
    await played('merge-given-up', async (handle, calls) => {
      expect(await failureOf(handle)).toBe(`${product}: the merge statement-3 failed 3 times: ERROR: 1023`);
      // It is tried again in ten minutes.
      expect(calls.figures).toEqual([]);
      expect(calls.claims.size).toBe(0);
    });
  });

  it('leaves out a file that cannot be copied, and fails with its name when all else is merged', async () => {
    await played('merge-with-a-broken-file', async (handle, calls) => {
      expect(await failureOf(handle)).toContain('could not read: part-1.parquet (ERROR: 1023)');
      expect(calls.batches.map((batch) => batch.split(' ')[0])).toEqual(['merge', 'merge', 'merge', 'refuse']);
      expect(calls.figures).toEqual([
        { name: 'streaming_processing_latency_minutes', value: expect.any(Number) as number, product },
        { name: 'builds_failed', value: 1, product },
      ]);
      expect(calls.claims.size).toBe(0);
    });
  });
});

describe('a reconciliation', () => {
  it('waits for the batch, overwrites, and tells both sides by city, and which trips differ', async () => {
    await played('reconcile', async (handle, calls) => {
      const told = (await handle.result()) as Reconciliation;
      expect(told).toMatchObject({ product, date: '2025-01-18', wasNeeded: true, settled: { divergencePct: 1.4 } });
      expect(calls.batches).toEqual(['reconcile 2025-01-18', 'backups']);
      const details = await detailsOf(handle);
      expect(details).toContain('(counts 0.200 % apart): 1.400 % of trips differ, accuracy 98.600 %');
      expect(details).toMatch(/\|\s+london\s+\|\s+499 \/ 500\s+\|.*\|\s+2\.60\s+\|/);
      expect(details).toContain('trip-1 (differs: fare_amount)');
      const exact = told.exactAt ?? '';
      expect(calls.figures).toEqual([
        { name: 'stream_batch_divergence_pct', value: 1.4, product },
        { name: 'cities_divergent', value: 1, product },
        {
          name: 'reconciled_at_minutes',
          value: (Date.parse(exact) - Date.parse('2025-01-19T00:00:00Z')) / 60_000,
          product,
        },
      ]);
    });
  });

  it('brings a settled date up to the batch, and tells no divergence of it', async () => {
    await played('reconcile-of-a-settled-date', async (handle, calls) => {
      expect(await handle.result()).toMatchObject({ wasNeeded: true });
      expect(calls.batches).toEqual(['reconcile 2025-01-18', 'backups']);
      expect(calls.figures).toEqual([]);
    });
  });

  it('has nothing to do for a date that the stream never had', async () => {
    await played('reconcile-of-a-date-that-no-stream-had', async (handle, calls) => {
      expect(await handle.result()).toMatchObject({ wasNeeded: false });
      expect(calls.batches).toEqual(['backups']);
      expect(await detailsOf(handle)).toContain('The stream never had this date');
    });
  });

  it('waits for a merge that holds the table', async () => {
    await played('reconcile-after-a-merge', async (handle, calls) => {
      expect(await handle.result()).toMatchObject({ wasNeeded: true });
      expect(calls.claims.size).toBe(0);
    });
  });

  it('fails loudly when the batch is not there in time, or the sides stay apart', async () => {
    await played('reconcile-too-late', async (handle, calls) => {
      expect(await failureOf(handle)).toContain(
        '(unloaded). Build and load them, then start the reconciliation again.',
      );
      // Whoever has started it sees it.
      expect(calls.figures).toEqual([]);
    });
    await played('reconcile-of-a-date-that-is-not-over', async (handle, calls) => {
      expect(await failureOf(handle)).toContain('9999-01-01 is not over yet');
      expect(calls.batches).toEqual([]);
    });
    await played('reconcile-given-up', async (handle, calls) => {
      expect(await failureOf(handle)).toContain('Readers see what they saw before.');
      expect(calls.claims.size).toBe(0);
    });
  });

  it('is asked for again by a load of what settles a stream, and by no other', async () => {
    await played('build-loaded-into-warehouse', async (_, calls) => {
      expect(jobNames(calls)).toEqual(['gold.trips 2025-01-18']);
      expect(calls.reconciledAgain).toEqual(['gold.trips 2025-01-18..2025-01-19']);
    });
    const input = { product: 'gold.daily_metrics', start: '2025-01-18', end: '2025-01-19' };
    await withWorkers(environment, {}, async (calls) => {
      const options = { workflowId: 'other', taskQueue: orchestrationQueue, args: [input] };
      await environment.client.workflow.execute('buildProduct', options);
      expect(calls.loads).toHaveLength(1);
      expect(calls.reconciledAgain).toEqual([]);
    });
  });
});

describe('a comparison', () => {
  const surge = 'public.surge_pricing';

  it('waits for the batch, and tells how far the sides are apart', async () => {
    await played('compare-stream', async (handle, calls) => {
      expect(await handle.result()).toMatchObject({ product: surge, date: '2025-01-18', missing: 2, differingPct: 4 });
      expect(await detailsOf(handle)).toMatch(/\|\s+99\s+\|\s+100\s+\|\s+2\s+\|\s+1\s+\|\s+1\s+\|\s+4\.000\s+\|/);
      expect(calls.figures).toEqual([{ name: 'stream_rows_differing_pct', value: 4, product: surge }]);
      expect([calls.batches, calls.claims.size]).toEqual([[], 0]);
    });
  });

  it('has no figure of a date that the stream has nothing of', async () => {
    await played('compare-stream-that-has-nothing', async (handle, calls) => {
      expect(await handle.result()).toMatchObject({ streamRows: 0 });
      expect(calls.figures).toEqual([]);
    });
  });
});

it('wrong input fails at once', async () => {
  await withWorkers(environment, {}, async () => {
    for (const [type, input, told] of [
      [
        'mergeRealtime',
        { product: 'public.trip' },
        'No stream keeps "public.trip": public.surge_pricing, public.trips_realtime.',
      ],
      ['reconcile', { date: '18.1.2025' }, 'write a date as 2025-01-18'],
      ['reconcile', { product: 'public.surge_pricing' }, 'The batch settles no table "public.surge_pricing"'],
      ['compareStream', { product: 'public.surge_pricing', date: '9999-01-01' }, '9999-01-01 is not over yet'],
    ] as const) {
      const options = { workflowId: `wrong/${type}`, taskQueue: orchestrationQueue, args: [input] };
      const handle = await environment.client.workflow.start(type, options);
      expect(await failureOf(handle)).toContain(told);
    }
  });
});

it('a merge that is cancelled ends its batch, and gives the table back', async () => {
  const server = await localServer();
  try {
    await withWorkers(server, scenarios['merge-cancelled'].script, async (calls) => {
      const handle = await play(server, 'merge-cancelled');
      expect(await failureOf(handle)).toContain('cancel');
      expect(calls.cancelled).toEqual(['statement-1']);
      expect(calls.claims.size).toBe(0);
      expect(calls.figures).toEqual([]);
    });
  } finally {
    await server.teardown();
  }
});
