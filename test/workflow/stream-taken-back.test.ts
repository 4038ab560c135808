import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import {
  pauseUpdate,
  redeploySignal,
  resumeUpdate,
  rewindUpdate,
  streamStatusQuery,
  type Supervision,
} from '../../model/messages/streams.ts';
import { supervised, withJar } from './stream-scenarios.ts';
import { figure, request, stateOf, useSupervisions } from './supervision.ts';

const { supervise, sleep } = useSupervisions();

const told = async (handle: WorkflowHandle): Promise<Supervision> =>
  (await handle.query(streamStatusQuery)).supervision;

/** Until an update has had its time, and is about to be taken back. */
async function untilRefused(handle: WorkflowHandle): Promise<void> {
  while ((await told(handle)).refused === null) await sleep('10s');
}

describe('what does not run well', () => {
  it('goes on where nothing is known that has, though its state is not that of the version before', async () => {
    await supervise({}, supervised('sick'), async (handle, calls) => {
      const snapshot = calls.flink.snapshots[0]?.name ?? '';
      await handle.signal(redeploySignal, withJar('sick-too'));
      await sleep('2m');
      await handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot }] });
      await sleep('1h');
      expect(calls.flink.asked.filter((asked) => /stop|roll back/.test(asked)).length).toBeLessThan(5);
      expect(calls.flink.look.is).toBe('running');
      expect(figure(calls, 'stream_updates_refused')).toBe(1);
    });
  });

  it('goes on where it is the first, and is said to where its rollback stops it', async () => {
    await supervise({ cannotRollBack: 'at once' }, supervised('sick'), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick-too'));
      await sleep('1h');
      expect(flink.asked.filter((asked) => asked === 'force stop').length).toBeLessThan(2);
      expect(flink.look.is).toBe('running');
      expect((await told(handle)).happenings[0]?.what).toContain('Cannot take back');
    });
  });

  it('gives way to what has, also where its job stops before it is taken back and does not start again', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await untilRefused(handle);
      flink.stop();
      flink.failingStarts = 4;
      await sleep('1h');
      expect(await stateOf(handle)).toBe('running');
      expect(flink.latest(8)).toContain('1.jar');
    });
  });

  it('gives way to what has, also where it cannot be rolled back and all snapshots are deleted', async () => {
    await supervise({ cannotRollBack: 'at once' }, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('5m');
      flink.snapshots.length = 0;
      await sleep('1h');
      expect(flink.asked.findLast((asked) => asked.startsWith('update'))).toContain('1.jar');
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('leaves what has with the state from before the update, though somebody took one of the update itself', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      flink.othersSnapshotUpdates = true;
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('2m');
      flink.othersSnapshotUpdates = false;
      await sleep('30m');
      expect(flink.asked).toContain('start from update-1');
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('is judged also where it is deployed once more while it is still in place', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await untilRefused(handle);
      await handle.signal(redeploySignal, withJar('missing'));
      await sleep('20s');
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('1h');
      expect((await told(handle)).refused?.desired.code).toContain('sick');
      expect(flink.look.is).toBe('running');
      expect(flink.asked.findLast((asked) => /update|roll back/.test(asked))).toMatch(/\b1\.jar|roll back/);
    });
  });

  it('is judged also where somebody has put it in place before it is deployed', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      flink.change(withJar('sick'));
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('30m');
      expect((await told(handle)).refused?.desired.code).toContain('sick');
      expect(flink.asked.findLast((asked) => /update|roll back/.test(asked))).toMatch(/\b1\.jar|roll back/);
    });
  });

  it('is stopped where it hangs and cannot be rolled back, and what is deployed meanwhile is put in its place', async () => {
    await supervise({ cannotRollBack: 'at once' }, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('hanging'));
      await sleep('30m');
      await handle.signal(redeploySignal, withJar('2'));
      await sleep('1h');
      const { happenings } = await told(handle);
      expect(happenings.map(({ what }) => what).join('\n')).toContain('cannot be broken off: there is no snapshot');
      expect(flink.asked.findLast((asked) => asked.startsWith('update'))).toContain('2.jar');
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('gives way to what has where it hangs and cannot be rolled back, instead of being started again', async () => {
    await supervise({ cannotRollBack: 'not as seen' }, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('hanging'));
      await sleep('2h');
      expect(flink.latest(4)).toEqual(['force stop', '1.jar', 'start from update-1', 'snapshot regular-N']);
      expect((await told(handle)).refused?.desired.code).toContain('hanging');
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('runs nevertheless where what has can never be put back, and is told', async () => {
    await supervise({ cannotRollBack: 'at once' }, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await untilRefused(handle);
      flink.isMissing = true;
      await sleep('1h');
      expect(await stateOf(handle)).toBe('running');
      const { happenings, proven } = await told(handle);
      expect(proven).toBeUndefined();
      expect(happenings.map(({ what }) => what).join('\n')).toContain('Not put back to what has run well');
    });
  });

  it('gives way to what has, though that cannot be put back the first time', async () => {
    await supervise({ cannotRollBack: 'at once' }, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await untilRefused(handle);
      flink.isMissing = true;
      await sleep('4m');
      flink.isMissing = false;
      await sleep('10m');
      expect(flink.asked.slice(-3)).toEqual([
        `update to ${withJar('1').code}`,
        'start from update-1',
        'snapshot regular-N',
      ]);
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('has run well before, where it is only described in other words: nothing is taken back in an outage', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('2'));
      await sleep('30m');
      await handle.signal(redeploySignal, { ...withJar('2'), description: 'Trips, as they end' });
      flink.restarts = 3;
      await sleep('30m');
      expect(flink.asked.filter((asked) => /stop|roll back/.test(asked))).toEqual([]);
      expect((await told(handle)).refused).toBeNull();
    });
  });

  it('gives way to what has where somebody has deleted all and it cannot be made', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      flink.delete();
      await handle.signal(redeploySignal, withJar('missing'));
      await sleep('1h');
      expect(await stateOf(handle)).toBe('running');
      expect(flink.latest(3)).toEqual(['create', 'start from nothing', 'snapshot regular-N']);
      expect((await told(handle)).refused?.desired.code).toContain('missing');
    });
  });
});

describe('an application that was given up', () => {
  it('is started again as often, when somebody has started it and it has run well since', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      flink.failingStarts = 5;
      flink.stop();
      await sleep('1h');
      expect(await stateOf(handle)).toBe('given up');
      flink.start();
      await sleep('1h');
      flink.stop();
      await sleep('2m');
      expect(await stateOf(handle)).toBe('running');
    });
  });
});

describe('a pause', () => {
  it('says that it waits for a snapshot that cannot be taken', async () => {
    await supervise({ cannotSnapshot: 'at once' }, supervised(), async (handle, { flink }) => {
      await handle.executeUpdate(pauseUpdate, { args: [request] });
      await sleep('30m');
      expect(flink.look.is).toBe('running');
      expect((await told(handle)).happenings[0]?.what).toBe('Not stopped: it can take no snapshot');
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await sleep('2m');
      expect(await stateOf(handle)).toBe('running');
    });
  });
});
