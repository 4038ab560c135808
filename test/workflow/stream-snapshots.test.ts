import { describe, expect, it } from 'vitest';
import {
  pauseUpdate,
  redeploySignal,
  resumeUpdate,
  rewindUpdate,
  streamStatusQuery,
} from '../../model/messages/streams.ts';
import { supervised, withJar } from './stream-scenarios.ts';
import { figure, request, stateOf, useSupervisions } from './supervision.ts';

const { supervise, sleep } = useSupervisions();

describe('an application that is supervised', () => {
  it('stops with a snapshot when it is paused, and goes on from it', async () => {
    await supervise({}, supervised(), async (handle, calls) => {
      expect(await handle.executeUpdate(pauseUpdate, { args: [request] })).toBe('paused');
      await sleep('1h');
      expect(calls.flink.asked.at(-1)).toBe('stop');
      expect(figure(calls, 'streams_down')).toBe(1);
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await sleep('1m');
      expect(calls.flink.asked.at(-1)).toBe('start from stop-1');
      const { happenings } = (await handle.query(streamStatusQuery)).supervision;
      expect(happenings.map(({ what }) => what)).toContain('Resumed by a test: to see it');
    });
  });

  it('waits with a pause until there is a snapshot', async () => {
    await supervise({ cannotSnapshot: 'in the end' }, supervised(), async (handle, { flink }) => {
      await handle.executeUpdate(pauseUpdate, { args: [request] });
      await sleep('5m');
      expect(flink.look.is).toBe('running');
      expect(flink.asked).not.toContain('force stop');
      expect(flink.asked.filter((asked) => asked === 'stop').length).toBeLessThan(8);
    });
  });

  it('goes back to a snapshot, also where what runs cannot be stopped with another', async () => {
    await supervise({ cannotSnapshot: 'in the end' }, supervised(), async (handle, { flink }) => {
      const snapshot = flink.snapshots[0]?.name ?? '';
      await handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot }] });
      await sleep('2m');
      const asked = flink.asked.slice(flink.asked.indexOf('stop'));
      expect(asked.slice(0, 3)).toEqual(['stop', 'force stop', `start from ${snapshot}`]);
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('keeps to a snapshot that it goes back to, though a start from it fails', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      const snapshot = flink.snapshots[0]?.name ?? '';
      flink.failingStarts = 2;
      await handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot }] });
      await sleep('10m');
      const start = `start from ${snapshot}`;
      expect(flink.asked.slice(-5)).toEqual(['stop', start, start, start, 'snapshot regular-N']);
      const { state, supervision } = await handle.query(streamStatusQuery);
      expect({ state, rewind: supervision.rewind }).toEqual({ state: 'running', rewind: null });
    });
  });

  it('keeps to what it went back to, whatever stops it, until that has a snapshot', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      const [snapshot] = flink.snapshots;
      await sleep('2m');
      flink.cannotSnapshot = true;
      await handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot: snapshot?.name ?? '' }] });
      await sleep('2m');
      const start = `start from ${snapshot?.name ?? ''}`;
      expect(flink.asked.slice(-2)).toEqual(['stop', start]);
      // What was left has written its snapshot when it was stopped.
      expect(flink.snapshots[0]?.name).toBe('stop-1');
      flink.stop();
      await sleep('2m');
      expect(flink.asked.slice(-2)).toEqual([start, start]);
      flink.cannotSnapshot = false;
      await sleep('2m');
      expect(flink.asked.at(-1)).toBe('snapshot regular-N');
      const [own] = flink.snapshots;
      flink.stop();
      await sleep('2m');
      expect(flink.asked.at(-1)).toBe(`start from ${own?.name ?? ''}`);
    });
  });

  it('takes an update back to what it was rewound to, not to what came after that', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      const [snapshot] = flink.snapshots;
      await sleep('1m');
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('2m');
      expect(flink.snapshots[0]?.name).toBe('update-1');
      await handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot: snapshot?.name ?? '' }] });
      await sleep('20m');
      const start = `start from ${snapshot?.name ?? ''}`;
      const asked = flink.latest(6);
      expect(asked).toEqual(['stop', start, 'force stop', '1.jar', start, 'snapshot regular-N']);
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('puts what has run well back with the state that it had, also where it is deployed before an update is judged', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('4m');
      await handle.signal(redeploySignal, withJar('1'));
      await sleep('20m');
      const asked = flink.latest(4);
      expect(asked).toEqual(['force stop', '1.jar', 'start from update-1', 'snapshot regular-N']);
      const { state, supervision } = await handle.query(streamStatusQuery);
      expect({ state, refused: supervision.refused }).toEqual({ state: 'running', refused: null });
      expect(supervision).not.toHaveProperty('goesOnFrom');
      expect(supervision).not.toHaveProperty('provenSnapshot');
    });
  });

  it('does so where the update was paused, and has left its own snapshot', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('4m');
      await handle.executeUpdate(pauseUpdate, { args: [request] });
      await sleep('2m');
      await handle.signal(redeploySignal, withJar('1'));
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await sleep('20m');
      const asked = flink.latest(4);
      expect(asked).toEqual(['stop', '1.jar', 'start from update-1', 'snapshot regular-N']);
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('takes no snapshot of what it was deployed back from for its own, whenever and by whom that was taken', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('2m');
      const snapshot = flink.snapshots[0]?.name ?? '';
      await handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot }] });
      await sleep('2m');
      expect(flink.asked.at(-1)).toBe(`start from ${snapshot}`);
      flink.isStoppedByHand = true;
      await handle.signal(redeploySignal, withJar('1'));
      await sleep('20m');
      const asked = flink.latest(3);
      expect(asked).toEqual(['1.jar', 'start from update-1', 'snapshot regular-N']);
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('keeps snapshots of what goes on to run where what was deployed back cannot be put in its place', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('2'));
      await sleep('90s');
      flink.isMissing = true;
      await handle.signal(redeploySignal, withJar('1'));
      await sleep('1h');
      const { state, supervision } = await handle.query(streamStatusQuery);
      expect({ state, refused: supervision.refused?.why }).toEqual({
        state: 'running',
        refused: 'there is no such jar',
      });
      expect(supervision).not.toHaveProperty('goesOnFrom');
      expect(flink.asked.at(-1)).toBe('snapshot regular-N');
      const [own] = flink.snapshots;
      flink.stop();
      await sleep('2m');
      expect(flink.asked.at(-1)).toBe(`start from ${own?.name ?? ''}`);
      flink.isMissing = false;
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await sleep('20m');
      const asked = flink.latest(4);
      expect(asked).toEqual(['force stop', '1.jar', 'start from update-1', 'snapshot regular-N']);
    });
  });

  it('takes the state along where the stream has lost what came after that of what is deployed back', async () => {
    await supervise({}, { ...supervised(), everySeconds: 1_800 }, async (handle, { flink }) => {
      await sleep('2h');
      flink.isSilent = true;
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('30h');
      await handle.signal(redeploySignal, withJar('1'));
      await sleep('2h');
      expect(flink.asked).not.toContain('force stop');
      expect(flink.asked.at(-1)).toContain('1.jar');
    });
  });

  it('loses nothing of the stream for an update that does not start where the state of what has run well is too old', async () => {
    await supervise({}, { ...supervised(), everySeconds: 1_800 }, async (handle, { flink }) => {
      await sleep('2h');
      flink.isSilent = true;
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('30h');
      await handle.signal(redeploySignal, withJar('broken'));
      await sleep('2h');
      expect(flink.asked).not.toContain('force stop');
      expect(flink.asked.at(-1)).toContain('1.jar');
    });
  });

  it('lets what is refused in place prove itself once more when it is told to, and takes it back then', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      while ((await handle.query(streamStatusQuery)).supervision.refused === null) await sleep('10s');
      expect(flink.asked).not.toContain('roll back');
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await sleep('5m');
      expect(await stateOf(handle)).toBe('on probation');
      await sleep('10m');
      expect(flink.asked).toContain('roll back');
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('stops nothing that has run well for what somebody changes by hand, also twice', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      for (const name of ['by-hand', 'by-hand-too']) {
        flink.change(withJar(name));
        await sleep('2m');
        expect(flink.asked.at(-1)).toContain('1.jar');
      }
      expect(flink.asked).not.toContain('force stop');
      expect(await stateOf(handle)).not.toBe('given up');
    });
  });

  it('gives up what it cannot go back to without refusing the code, and takes another snapshot then', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('2'));
      await sleep('90s');
      const [snapshot] = flink.snapshots;
      flink.failingStarts = 5;
      await handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot: snapshot?.name ?? '' }] });
      await sleep('1h');
      const { state, supervision } = await handle.query(streamStatusQuery);
      expect({ state, refused: supervision.refused }).toEqual({ state: 'given up', refused: null });
      const other = flink.snapshots.at(-1)?.name ?? '';
      await handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot: other }] });
      await sleep('20m');
      expect(flink.asked.slice(-2)).toEqual([`start from ${other}`, 'snapshot regular-N']);
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('is made anew at once where somebody has deleted it, also when it had given up to go back to a snapshot', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      flink.failingStarts = 5;
      const snapshot = flink.snapshots[0]?.name ?? '';
      await handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot }] });
      await sleep('1h');
      expect(await stateOf(handle)).toBe('given up');
      flink.delete();
      await sleep('5m');
      expect(flink.asked.slice(-3)).toEqual(['create', 'start from nothing', 'snapshot regular-N']);
      const { state, supervision } = await handle.query(streamStatusQuery);
      expect({ state, rewind: supervision.rewind }).toEqual({ state: 'running', rewind: null });
    });
  });

  it('goes on from the newest where the snapshot to go back to is deleted meanwhile, and says so', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.executeUpdate(pauseUpdate, { args: [request] });
      await sleep('2m');
      const snapshot = flink.snapshots.at(-1)?.name ?? '';
      await handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot }] });
      flink.snapshots.pop();
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await sleep('2m');
      expect(flink.asked.at(-1)).toBe('start from stop-1');
      const { happenings } = (await handle.query(streamStatusQuery)).supervision;
      const told = happenings.map(({ what }) => what);
      expect(told).toContain(`Not gone back to ${snapshot}: it is not there any more`);
    });
  });

  it('keeps ten snapshots also where others take them more often', async () => {
    await supervise({}, { ...supervised(), everySeconds: 1_800 }, async (_, { flink }) => {
      flink.othersTakeSnapshots = true;
      await sleep('20h');
      expect(flink.snapshots[0]?.name).toBe('of-others');
      expect(flink.snapshots.length).toBeLessThanOrEqual(11);
    });
  });

  it('goes on where it may not delete old snapshots, and says so', async () => {
    await supervise({ cannotPrune: true }, { ...supervised(), everySeconds: 1_800 }, async (handle, { flink }) => {
      await sleep('80h');
      expect(flink.snapshots.length).toBeGreaterThan(10);
      const { state, supervision } = await handle.query(streamStatusQuery);
      expect({ state, told: supervision.happenings[0]?.what }).toEqual({
        ...{ state: 'running', told: 'Old snapshots stay: the role may not' },
      });
    });
  });

  it('says what is missing after a pause that was longer than the stream remembers', async () => {
    await supervise({}, { ...supervised(), everySeconds: 1_800 }, async (handle) => {
      await handle.executeUpdate(pauseUpdate, { args: [request] });
      await sleep('30h');
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await sleep('1h');
      const { happenings } = (await handle.query(streamStatusQuery)).supervision;
      expect(happenings.map(({ what }) => what)).toContainEqual(expect.stringContaining('the stream keeps 24 hours'));
    });
  });

  it('refuses to go back to what is not there, or of which the stream has lost what came since', async () => {
    await supervise({}, { ...supervised(), everySeconds: 1_800 }, async (handle, { flink }) => {
      const rewind = (snapshot: string) => handle.executeUpdate(rewindUpdate, { args: [{ ...request, snapshot }] });
      await sleep('1h');
      const why = { cause: { message: expect.stringContaining('There is no snapshot "other". There are: regular-') } };
      await expect(rewind('other')).rejects.toMatchObject(why);
      const [old] = flink.snapshots;
      await sleep('25h');
      const lost = { cause: { message: expect.stringContaining('the stream keeps 24 hours') } };
      await expect(rewind(old?.name ?? '')).rejects.toMatchObject(lost);
      for (const update of [pauseUpdate, resumeUpdate])
        await expect(handle.executeUpdate(update, { args: [{ by: 'a test' } as never] })).rejects.toMatchObject({
          cause: { message: expect.stringContaining('why') },
        });
    });
  });
});
