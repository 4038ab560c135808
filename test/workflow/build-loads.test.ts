import { CancelledFailure, rootCause } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { orchestrationQueue } from '../../model/queues.ts';
import { useBuilds } from './build-endings.ts';
import { withWorkers } from './environment.ts';
import { scenarios } from './scenarios.ts';

const used = useBuilds();
const { ending, built } = used;
const gold = scenarios['build-loaded-into-warehouse'].input;

describe('a build', () => {
  it('loads the warehouse with exactly its dates where the contract names a table there', async () => {
    const { calls, outcome } = await ending('build-loaded-into-warehouse');
    expect(calls.loads).toMatchObject([{ product: 'gold.trips', start: '2025-01-18', end: '2025-01-19' }]);
    expect(outcome?.rowsLoaded).toBe(8);
  });

  it('loads under a claim of the warehouse’s table, and tells the ledger that it has', async () => {
    const { calls } = await ending('build-loaded-into-warehouse');
    expect(calls.released).toMatchObject([
      { product: 'warehouse.gold.trips', intervals: ['table'], failure: null },
      { product: 'gold.trips', intervals: ['2025-01-18'], failure: null },
    ]);
    expect(calls.loaded).toMatchObject([
      { product: 'gold.trips', start: '2025-01-18', end: '2025-01-19', statementId: 'statement-1', rows: 8 },
    ]);
  });

  it('waits with its load while another loads the table', async () => {
    await withWorkers(used.environment, {}, async (calls) => {
      const builds = Array.from({ length: 3 }, (_, index) => ({
        product: 'gold.trips',
        start: `2025-02-${String(index + 10)}`,
        end: `2025-02-${String(index + 11)}`,
      }));
      const handles = await Promise.all(
        builds.map((input) =>
          used.environment.client.workflow.start('buildProduct', {
            workflowId: `build/gold.trips/${input.start}`,
            taskQueue: orchestrationQueue,
            args: [input],
          }),
        ),
      );
      // One after the other: the server skips time for one who waits.
      const outcomes: unknown[] = [];
      for (const handle of handles) outcomes.push(await handle.result());
      expect(outcomes).toMatchObject(builds.map(() => ({ state: 'published', rowsLoaded: 8 })));
      expect(calls.loads).toHaveLength(3);
      expect(calls.loading.atMost).toBe(1);
    });
  });

  it('starts the load again when it failed, under another token', async () => {
    const { calls, outcome } = await ending('build-after-failed-load');
    expect(new Set(calls.loads.map(({ token }) => token)).size).toBe(2);
    expect(outcome?.state).toBe('published');
  });

  it('starts the load again as often as it loses against other transactions', async () => {
    const { calls, outcome } = await built({ loads: [...Array<'conflict'>(5).fill('conflict'), 'done'] }, gold);
    expect(calls.loads).toHaveLength(6);
    expect(outcome?.state).toBe('published');
  });

  it('gives up after three failed loads, and the ledger says why', async () => {
    const { calls, failure } = await built({ loads: ['failed'] }, gold);
    expect(calls.loads).toHaveLength(3);
    expect(rootCause(failure?.cause)).toContain('its load statement-3 failed 3 times');
    expect(calls.released.map(({ failure: told }) => told?.state)).toEqual([undefined, 'failed']);
    expect(calls.loaded).toEqual([]);
  });

  it('that is cancelled while another loads the table says that the warehouse lacks the rows', async () => {
    const { calls, failure } = await ending('load-cancelled-while-it-waits');
    expect(failure?.cause).toBeInstanceOf(CancelledFailure);
    expect(calls.loads).toEqual([]);
    expect(calls.released.at(-1)?.failure?.reason).toContain('cancelled before the warehouse was loaded');
  });

  it('loads the dates around one that is held back, whose rows in the warehouse stay', async () => {
    const { calls, outcome } = await ending('loads-around-a-date-held-back');
    expect(calls.loads.map(({ start, end }) => [start, end])).toEqual([
      ['2025-01-16', '2025-01-18'],
      ['2025-01-19', '2025-01-20'],
    ]);
    expect(new Set(calls.loads.map(({ token }) => token)).size).toBe(2);
    expect(outcome?.rowsLoaded).toBe(16);
  });
});
