import { CancelledFailure, rootCause } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../model/catalogue.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { useBuilds } from './build-endings.ts';
import { withWorkers } from './environment.ts';
import { play, scenarios } from './scenarios.ts';

const used = useBuilds();
const { ending, built } = used;

describe('a build', () => {
  it('does nothing in which a dead worker would be missed for long', async () => {
    await withWorkers(used.environment, scenarios['build-loaded-into-warehouse'].script, async () => {
      const handle = await play(used.environment, 'build-loaded-into-warehouse');
      await handle.result();
      const { events } = await handle.fetchHistory();
      const scheduled = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: each }) =>
        each ? [each] : [],
      );
      expect(scheduled.map(({ activityType }) => activityType?.name)).toContain('awaitStatement');
      expect(new Set(scheduled.map(({ heartbeatTimeout }) => Number(heartbeatTimeout?.seconds)))).toEqual(
        new Set([12]),
      );
      // However often a deploy has ended a wait before, the next attempt begins within 15 s of its worker's death.
      const waits = scheduled.filter(({ activityType }) => activityType?.name?.startsWith('await'));
      expect(waits.map(({ retryPolicy }) => Number(retryPolicy?.maximumInterval?.seconds))).toEqual([3, 3]);
    });
  });

  it('submits one job, reads its result and is published', async () => {
    const { calls, outcome, status } = await ending('build-published');
    expect(calls.submitted).toHaveLength(1);
    expect(calls.submitted[0]?.job.arguments).toContain('silver.trips');
    expect(outcome).toMatchObject({ state: 'published', rowsLoaded: null, outputVersion: 7, costUsd: 0.01 });
    expect(status.state).toBe('published');
    expect(status.details).toMatch(/\|\s+2025-01-18\s+\|\s+10\s+\|\s+8\s+\|\s+1\s+\|\s+1\s+\|\s+3\s+\|\s+yes\s+\|/);
    const [record] = await calls.ledger.records('silver.trips', '2025-01-18', '2025-01-18');
    expect(record?.published?.orphanEvents).toBe(3);
  });

  it('starts another job, under another token, when a driver is lost', async () => {
    const { calls, outcome } = await ending('build-after-lost-driver');
    expect(new Set(calls.submitted.map(({ token }) => token)).size).toBe(2);
    expect(new Set(calls.submitted.map(({ job }) => job.arguments.join(' '))).size).toBe(1);
    expect(outcome).toMatchObject({ state: 'published', costUsd: 0.02 });
  });

  it('of a product without partitions claims the table with its dates, of which the ledger tells', async () => {
    const { calls } = await ending('build-of-a-whole-table');
    expect(calls.released.at(-1)).toMatchObject({ product: 'gold.dim_city', intervals: ['table', '2025-01-18'] });
    const failed = await built({ jobs: ['quality'] }, scenarios['build-of-a-whole-table'].input);
    expect(failed.calls.released[0]?.failure?.state).toBe('quarantined');
  });

  it('starts another job for hours while jobs are lost or run into their time limit, ever later', async () => {
    const lost = [...Array<'lost'>(9).fill('lost'), 'timed out'] as const;
    const { outcome, calls } = await built({ jobs: [...lost, 'done'] });
    expect(outcome?.state).toBe('published');
    expect(calls.submitted).toHaveLength(11);
  });

  it('says so when jobs have been lost for six hours', async () => {
    const { failure } = await built({ jobs: ['lost'] });
    expect(rootCause(failure?.cause)).toMatch(
      /ended as FAILED: the driver was lost.*\d\d jobs ended in 3[67]\d minutes/,
    );
  });

  it('gives up after three failed jobs and says which run to look at', async () => {
    const { calls, failure } = await ending('build-given-up');
    expect(calls.submitted).toHaveLength(3);
    expect(rootCause(failure?.cause)).toMatch(
      /silver\.trips 2025-01-18\.\.2025-01-19: job run run-3 of application of-scheduled ended.*INTERNAL: an executor ran out of memory.*3 times/,
    );
  });

  it('gives up after three failed jobs where the clock of AWS is behind, too', async () => {
    const { calls, failure } = await built({ jobs: ['broken'], createdAt: new Date(0).toISOString() });
    expect(calls.submitted).toHaveLength(3);
    expect(rootCause(failure?.cause)).toContain('It failed 3 times.');
  });

  it('does not try again when the data are at fault', async () => {
    const { calls, failure, status } = await ending('build-halted-by-quality');
    expect(calls.submitted).toHaveLength(1);
    expect(rootCause(failure?.cause)).toContain('QUALITY_FAILED: half of the rows have no city_id');
    expect(status.state).toBe('failed');
  });

  it('is asked for anew when its table was restored while it waited, under another build id', async () => {
    const { calls, outcome } = await built({ jobs: ['superseded', 'done'] });
    expect(outcome?.state).toBe('published');
    expect(new Set(calls.submitted.map(({ token }) => token.split('/job/')[0])).size).toBe(2);
    expect(calls.released.map(({ failure }) => failure)).toEqual([null, null]);
  });

  it('publishes what is right beside a date that is held back, whose own reason the ledger tells', async () => {
    const { calls, outcome, status } = await ending('build-with-a-date-held-back');
    const heldBack = [{ interval: '2025-01-18', reason: 'one odd trip on 2025-01-18' }];
    expect(outcome).toMatchObject({ state: 'published', intervals: [{ interval: '2025-01-19' }], heldBack });
    expect(calls.recorded.map(({ intervals }) => intervals.map(({ interval }) => interval))).toEqual([['2025-01-19']]);
    expect(calls.released).toMatchObject([
      {
        intervals: ['2025-01-18'],
        failure: { state: 'quarantined', reason: 'Held back: one odd trip on 2025-01-18.' },
      },
      { failure: null },
    ]);
    expect(status.details).toContain('2025-01-18 is held back**, one odd trip');
  });

  it('names the products there are when it is asked for another', async () => {
    const { calls, failure } = await ending('build-of-unknown-product');
    expect(calls.submitted).toHaveLength(0);
    expect(rootCause(failure?.cause)).toMatch(/no product "silver\.tirps".*silver\.trips/);
  });

  it('fails at once where the contracts cannot be read for a defect, which its version will always have', async () => {
    const catalogue = loadCatalogue();
    const get = (): never => {
      throw new TypeError('inputs is not iterable');
    };
    const { calls, failure } = await built({ catalogue: { ...catalogue, get } });
    expect(calls.submitted).toHaveLength(0);
    expect(failure?.cause?.cause).toMatchObject({
      message: expect.stringMatching(/^planBuild for build\/silver.*not iterable.*defect of Tideline/) as string,
    });
  });

  it('cancels its job when a person cancels it, and ends as cancelled', async () => {
    const { calls, failure, status } = await ending('build-cancelled');
    expect(calls.cancelled).toEqual(['run-1']);
    expect(failure?.cause).toBeInstanceOf(CancelledFailure);
    expect(status.state).toBe('cancelled');
  });

  it('claims its intervals before it submits anything, records them, and releases them at the end', async () => {
    const { calls } = await ending('build-published');
    expect(calls.recorded).toMatchObject([
      {
        product: 'silver.trips',
        outputVersion: 7,
        changedPartitions: ['2025-01-18', '2025-01-19'],
        jobRunId: 'run-1',
        jobSeconds: 3,
      },
    ]);
    expect(calls.released).toMatchObject([{ intervals: ['2025-01-18', '2025-01-19'], failure: null }]);
    expect(calls.claims.size).toBe(0);
  });

  it('waits while another build holds one of its intervals', async () => {
    const { calls, outcome } = await ending('build-after-another');
    expect(outcome?.state).toBe('published');
    expect(calls.submitted).toHaveLength(1);
  });

  it.each(['scheduled', 'backfill'] as const)(
    'on the %s lane waits for a day at the most, ever more rarely, and says for whom',
    async (lane) => {
      await withWorkers(used.environment, { refusals: Infinity }, async (calls) => {
        const workflowId = `build/waits/${lane}`;
        const handle = await used.environment.client.workflow.start('buildProduct', {
          workflowId,
          taskQueue: orchestrationQueue,
          args: [{ ...scenarios['build-published'].input, lane }],
        });
        await expect(handle.result()).rejects.toMatchObject({
          cause: {
            type: 'ClaimNotGiven',
            message: expect.stringMatching(/silver\.trips 2025-01-18.* held by build\/another.*cancel it/),
          },
        });
        const { historyLength } = await handle.describe();
        expect(historyLength).toBeLessThan(lane === 'scheduled' ? 2_000 : 1_500);
        expect(calls.released).toHaveLength(1);
      });
    },
  );

  it('waits for times of its own, so that builds which wait together do not come back together', async () => {
    await withWorkers(used.environment, scenarios['build-after-another'].script, async () => {
      const handle = await play(used.environment, 'build-after-another');
      await handle.result();
      const { events } = await handle.fetchHistory();
      const waits = (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) => {
        const { seconds = 0, nanos = 0 } = timer?.startToFireTimeout ?? {};
        return timer ? [Number(seconds) + Number(nanos) / 1e9] : [];
      });
      expect(waits).not.toEqual([5, 10]);
      const shares = waits.map((wait, index) => wait / [5, 10][index]!);
      expect(shares.filter((share) => share >= 0.75 && share <= 1.25)).toHaveLength(2);
    });
  });

  it('submits nothing when it is cancelled while it waits', async () => {
    const { calls, failure, status } = await ending('build-cancelled-while-it-waits');
    expect(calls.submitted).toEqual([]);
    expect(failure?.cause).toBeInstanceOf(CancelledFailure);
    expect(status.state).toBe('cancelled');
    expect(calls.released).toMatchObject([{ failure: null }]);
  });

  it('tells the ledger whether it failed or was held back by the audit', async () => {
    const failed = await ending('build-given-up');
    const held = await ending('build-halted-by-quality');
    expect(failed.calls.recorded).toEqual([]);
    expect(failed.calls.released[0]?.failure).toMatchObject({ state: 'failed' });
    expect(held.calls.released[0]?.failure?.state).toBe('quarantined');
    expect(held.calls.released[0]?.failure?.reason).toContain('half of the rows have no city_id');
  });
});
