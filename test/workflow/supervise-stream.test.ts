import { describe, expect, it } from 'vitest';
import { pauseUpdate, redeploySignal, resumeUpdate, streamStatusQuery } from '../../model/messages/streams.ts';
import { supervised, withJar } from './stream-scenarios.ts';
import { figure, request, stateOf, useSupervisions } from './supervision.ts';

const { supervise, sleep } = useSupervisions();

describe('superviseStream', () => {
  it('makes and starts an application that is not there, and takes a snapshot of it every six hours, of which it keeps ten', async () => {
    await supervise({}, { ...supervised(), everySeconds: 1_800 }, async (handle, { flink, ...calls }) => {
      await sleep('1h');
      expect(flink.asked).toEqual(['create', 'start from nothing', 'snapshot regular-N']);
      expect(await stateOf(handle)).toBe('running');
      await sleep('4 days');
      expect(flink.asked.filter((asked) => asked.startsWith('snapshot'))).toHaveLength(17);
      expect(flink.snapshots).toHaveLength(10);
      expect(figure({ flink, ...calls }, 'streams_down')).toBe(0);
      expect(figure({ flink, ...calls }, 'stream_lag_minutes')).toBeCloseTo(0.005);
    });
  });

  it('puts what was deployed in place, and calls it well when it has run for minutes', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('2'));
      await sleep('30s');
      expect(await stateOf(handle)).toBe('on probation');
      await sleep('5m');
      expect(flink.asked.at(-1)).toBe('update to s3://artifacts/flink-jobs/trip-sessions/2.jar');
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('leaves a deploy alone of which it does not know all, and says so in a line', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, { ...withJar('2'), code: 'a jar', memoryMb: 1 } as never);
      await sleep('5m');
      expect(flink.asked.filter((asked) => asked.startsWith('update'))).toEqual([]);
      const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
      const told = currentDetails.split('\n').find((line) => line.includes('what is no application'));
      expect(told).toMatch(/Unrecognized key: "memoryMb".* write the jar as s3:\/\/bucket\/key.*\|$/);
    });
  });

  it('puts in place what needs two updates', async () => {
    await supervise({ lacksLog: true }, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('2'));
      await sleep('5m');
      const update = 'update to s3://artifacts/flink-jobs/trip-sessions/2.jar';
      expect(flink.asked.slice(-2)).toEqual([update, update]);
      expect(await stateOf(handle)).toBe('running');
      expect((await handle.query(streamStatusQuery)).look?.differs).toEqual([]);
    });
  });

  it('does nothing when what was deployed is in place already', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      const before = [...flink.asked];
      await handle.signal(redeploySignal, withJar('1'));
      await sleep('5m');
      expect(flink.asked).toEqual(before);
    });
  });

  it('keeps what runs where an update does not start, says why, and does not try it again until it is told to', async () => {
    await supervise({}, supervised(), async (handle, calls) => {
      await handle.signal(redeploySignal, withJar('broken'));
      await sleep('1h');
      const { look, supervision, state } = await handle.query(streamStatusQuery);
      expect({ state, is: look?.is, refused: supervision.refused?.why }).toEqual({
        ...{ state: 'running', is: 'running', refused: 'UpdateApplication failed: its state does not fit' },
      });
      expect(calls.flink.asked.filter((asked) => asked.startsWith('update'))).toHaveLength(1);
      expect(figure(calls, 'stream_updates_refused')).toBe(1);
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await sleep('5m');
      expect(calls.flink.asked.filter((asked) => asked.startsWith('update'))).toHaveLength(2);
      await handle.signal(redeploySignal, withJar('3'));
      await sleep('5m');
      expect(figure(calls, 'stream_updates_refused')).toBe(0);
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('takes back an update that starts and does not run well within ten minutes', async () => {
    await supervise({}, supervised(), async (handle, calls) => {
      const { flink } = calls;
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('9m');
      expect(flink.asked).not.toContain('roll back');
      expect(figure(calls, 'stream_checkpoints_failed')).toBeGreaterThan(0);
      await sleep('5m');
      expect(flink.asked.filter((asked) => asked === 'roll back')).toHaveLength(1);
      const { supervision, look } = await handle.query(streamStatusQuery);
      expect(supervision.refused?.why).toContain('did not run well within 10 minutes');
      expect(look).toMatchObject({ is: 'running', differs: [] });
      // Else the version before would have to go on from the state of the one that ails.
      const [own, newestThen] = flink.snapshots;
      expect([own?.name, newestThen?.name]).toEqual([expect.stringMatching(/^regular-/), 'update-1']);
      // What has failed is not the fault of the one that runs.
      expect(figure(calls, 'stream_checkpoints_failed')).toBe(0);
    });
  });

  it('goes back to what has run well, not to another update that had not', async () => {
    await supervise({}, supervised(), async (handle, { flink, ...calls }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('5m');
      await handle.signal(redeploySignal, withJar('sick-too'));
      await sleep('20m');
      const asked = flink.latest(5);
      // The newest snapshot, to which the service would go back, is of the first that ails.
      expect(asked).toEqual(['sick-too.jar', 'force stop', '1.jar', 'start from update-1', 'snapshot regular-N']);
      expect(await stateOf(handle)).toBe('running');
      expect(figure({ flink, ...calls }, 'stream_updates_refused')).toBe(1);
      // It is kept as what has run well.
      await sleep('1h');
      expect(flink.asked.at(-1)).toBe('snapshot regular-N');
      await handle.signal(redeploySignal, withJar('2'));
      await sleep('5m');
      const { state, supervision } = await handle.query(streamStatusQuery);
      expect({ state, proven: supervision.proven?.code }).toEqual({ state: 'running', proven: withJar('2').code });
    });
  });

  it('lets what has run well go on where it is deployed back and ails too, as in an outage, until it runs well again', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('2'));
      await sleep('10s');
      flink.restarts = 1;
      await sleep('2m');
      await handle.signal(redeploySignal, withJar('1'));
      await sleep('30m');
      const asked = flink.asked.slice(flink.asked.indexOf(`update to ${withJar('1').code}`) + 1);
      expect(asked).not.toContain('force stop');
      expect((await handle.query(streamStatusQuery)).supervision.refused?.desired.code).toBe(withJar('1').code);
      flink.restarts = 0;
      await sleep('5m');
      const { state, supervision } = await handle.query(streamStatusQuery);
      expect({ state, refused: supervision.refused }).toEqual({ state: 'running', refused: null });
    });
  });

  it('takes the newest state along where the one to go back to is gone', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('5m');
      await handle.signal(redeploySignal, withJar('sick-too'));
      await sleep('2m');
      flink.snapshots.splice(1);
      await sleep('20m');
      const asked = flink.latest(3);
      expect(asked).toEqual(['sick-too.jar', 'roll back', '1.jar']);
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('goes back to the state of what has run well, though what did not has left a snapshot', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('5m');
      await handle.executeUpdate(pauseUpdate, { args: [request] });
      await sleep('2m');
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await sleep('20m');
      expect(flink.asked.slice(-6)).toEqual([
        ...['stop', 'start from stop-2', 'force stop', `update to ${withJar('1').code}`],
        ...['start from update-1', 'snapshot regular-N'],
      ]);
      const { supervision, state } = await handle.query(streamStatusQuery);
      expect({ state, goesOnFrom: supervision.goesOnFrom }).toEqual({ state: 'running' });
    });
  });

  it('goes back to what has run well where an update that was made while it was paused does not start', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.executeUpdate(pauseUpdate, { args: [request] });
      await sleep('2m');
      await handle.signal(redeploySignal, withJar('broken'));
      await sleep('2m');
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await sleep('30m');
      const { state, supervision, look } = await handle.query(streamStatusQuery);
      expect({ state, differs: look?.differs }).toEqual({ state: 'running', differs: [] });
      expect(supervision.refused?.desired.code).toContain('broken.jar');
      expect(flink.asked.filter((asked) => asked.startsWith('update'))).toHaveLength(2);
    });
  });

  it('does not judge an update of which no figure tells, and says that it is not seen to run', async () => {
    await supervise({ isSilent: true }, supervised(), async (handle, calls) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('5m');
      const { runsSince } = (await handle.query(streamStatusQuery)).supervision;
      expect(runsSince).toBeDefined();
      await sleep('1h');
      expect(calls.flink.asked).not.toContain('roll back');
      expect(await stateOf(handle)).toBe('on probation');
      expect(figure(calls, 'streams_down')).toBe(1);
    });
  });

  it('waits for an update of much state, which takes long, and has it prove itself then', async () => {
    await supervise({}, supervised(), async (handle, calls) => {
      await handle.signal(redeploySignal, withJar('slow'));
      await sleep('15m');
      expect(await stateOf(handle)).toBe('changing');
      expect(figure(calls, 'streams_down')).toBe(1);
      await sleep('7m');
      expect(await stateOf(handle)).toBe('on probation');
      await sleep('5m');
      expect(await stateOf(handle)).toBe('running');
      expect(calls.flink.asked.filter((asked) => asked.startsWith('update'))).toHaveLength(1);
      expect((await handle.query(streamStatusQuery)).supervision).toMatchObject({ refused: null, failedStarts: 0 });
    });
  });

  it('breaks off an update that hangs for longer than an hour, and does not try it again', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('hanging'));
      await sleep('1h');
      expect(flink.asked).not.toContain('roll back');
      await sleep('1h');
      expect(flink.asked.slice(-2)).toEqual([
        'update to s3://artifacts/flink-jobs/trip-sessions/hanging.jar',
        'roll back',
      ]);
      expect(await stateOf(handle)).toBe('running');
      expect((await handle.query(streamStatusQuery)).supervision.refused?.why).toContain('code are not as desired');
    });
  });

  it('puts in place what is deployed while a deploy before it fails', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('broken'));
      await expect.poll(() => flink.asked.at(-1)).toContain('broken');
      await handle.signal(redeploySignal, withJar('3'));
      await sleep('10m');
      expect(flink.asked.at(-1)).toContain('3.jar');
      expect((await handle.query(streamStatusQuery)).look).toMatchObject({ is: 'running', differs: [] });
    });
  });

  it('brings other code to a job that is down, and of which no snapshot can be taken', async () => {
    await supervise({ cannotSnapshot: 'at once' }, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('2'));
      await sleep('5m');
      const update = 'update to s3://artifacts/flink-jobs/trip-sessions/2.jar';
      expect(flink.asked.slice(2)).toEqual([update, 'force stop', update, 'start from nothing']);
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('does not try again what was refused because of a pause', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('broken'));
      await sleep('5m');
      await handle.executeUpdate(pauseUpdate, { args: [request] });
      await sleep('5m');
      await handle.executeUpdate(resumeUpdate, { args: [request] });
      await sleep('5m');
      expect(flink.asked.filter((asked) => asked.startsWith('update'))).toHaveLength(1);
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('makes an application anew that somebody has deleted', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      flink.delete();
      await sleep('5m');
      expect(flink.asked.slice(-3)).toEqual(['create', 'start from nothing', 'snapshot regular-N']);
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('tries a start that fails after 1, 2, 4 and 8 minutes, then gives up loudly and keeps watching', async () => {
    await supervise({}, supervised('broken'), async (handle, calls) => {
      await sleep('1h');
      const starts = () => calls.flink.asked.filter((asked) => asked.startsWith('start')).length;
      expect(starts()).toBe(5);
      expect(await stateOf(handle)).toBe('given up');
      expect(figure(calls, 'streams_down')).toBe(1);
      const told = calls.figures.length;
      await sleep('1h');
      expect(starts()).toBe(5);
      expect(calls.figures.length).toBeGreaterThan(told);
      // Its role was corrected, say, and the same is deployed.
      await handle.signal(redeploySignal, withJar('broken'));
      await sleep('30m');
      expect(starts()).toBe(10);
      await handle.signal(redeploySignal, withJar('2'));
      await sleep('5m');
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('says what is wrong where an application cannot even be made', async () => {
    await supervise({}, supervised('missing'), async (handle) => {
      const { supervision } = await handle.query(streamStatusQuery);
      expect(supervision.happenings[0]?.what).toBe('Not started: there is no such jar');
    });
  });

  it.each(['sick', 'broken'])('has an update prove itself whose job has stopped with it: %s', async (name) => {
    await supervise({ stopsUpdates: true }, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar(name));
      await sleep('1h');
      const asked = flink.latest(3);
      const puttingBack = name === 'sick' ? ['start from update-1', 'roll back'] : ['1.jar', 'start from update-1'];
      expect(asked).toEqual([...puttingBack, 'snapshot regular-N']);
      const { state, supervision } = await handle.query(streamStatusQuery);
      expect({ state, refused: supervision.refused?.desired.code }).toEqual({
        ...{ state: 'running', refused: withJar(name).code },
      });
    });
  });

  it.each(['at once', 'in the end'] as const)(
    'stops an update that cannot be rolled back, which shows %s, and puts what has run well in its place',
    async (cannotRollBack) => {
      await supervise({ cannotRollBack }, supervised(), async (handle, { flink }) => {
        await handle.signal(redeploySignal, withJar('sick'));
        await sleep('30m');
        const asked = flink.latest(6);
        expect(asked).toEqual([
          ...['sick.jar', 'roll back', 'force stop', '1.jar', 'start from update-1', 'snapshot regular-N'],
        ]);
        const { state, supervision } = await handle.query(streamStatusQuery);
        const happenings = supervision.happenings.map(({ what }) => what);
        expect(state).toBe('running');
        expect(happenings).toContainEqual(expect.stringContaining('Cannot take back'));
        expect(happenings).not.toContainEqual(expect.stringContaining('Back at what ran before'));
      });
    },
  );

  it.each(['at once', 'in the end'] as const)(
    'sees how an update runs that cannot be rolled back, which shows %s, where nothing has run well before',
    async (cannotRollBack) => {
      await supervise({ cannotRollBack }, supervised('sick'), async (handle, { flink }) => {
        await handle.signal(redeploySignal, withJar('sick-too'));
        await sleep('1h');
        expect(flink.asked.filter((asked) => asked === 'roll back')).toHaveLength(1);
        const { health, supervision } = await handle.query(streamStatusQuery);
        expect(supervision.happenings[0]?.what).toContain('Cannot take back');
        expect(health?.restarts).toBe(3);
        await handle.signal(redeploySignal, withJar('2'));
        await sleep('5m');
        expect(await stateOf(handle)).toBe('running');
      });
    },
  );

  it('says that what fails and starts again, again and again, does not run, and says nothing of one restart', async () => {
    await supervise({}, supervised(), async (_, calls) => {
      const { flink } = calls;
      flink.restarts = 1;
      await sleep('10m');
      expect(figure(calls, 'streams_down')).toBe(0);
      await sleep('15m');
      expect(figure(calls, 'streams_down')).toBe(1);
      flink.restarts = 0;
      await sleep('2m');
      expect(figure(calls, 'streams_down')).toBe(0);
    });
  });

  it('tries what was refused from nothing where somebody has deleted the application, and goes back if it ails', async () => {
    await supervise({}, supervised(), async (handle, { flink }) => {
      await handle.signal(redeploySignal, withJar('sick'));
      await sleep('15m');
      expect(flink.asked).toContain('roll back');
      flink.delete();
      await sleep('5m');
      expect(flink.asked.slice(-2)).toEqual(['create', 'start from nothing']);
      expect((await handle.query(streamStatusQuery)).supervision.refused).toBeNull();
      await sleep('15m');
      const asked = flink.latest(4);
      expect(asked).toEqual(['force stop', '1.jar', 'start from nothing', 'snapshot regular-N']);
      expect(await stateOf(handle)).toBe('running');
    });
  });

  it('goes on for months: its history begins anew, and what it knows does not grow', async () => {
    await supervise({}, { ...supervised(), everySeconds: 4 * 3_600 }, async (handle) => {
      const run = async () => (await handle.describe()).runId;
      const [first, before] = [await run(), JSON.stringify(await handle.query(streamStatusQuery)).length];
      await sleep('60 days');
      expect(await run()).not.toBe(first);
      const status = JSON.stringify(await handle.query(streamStatusQuery));
      expect(status.length).toBeLessThan(before + 2_000);
      expect((await handle.describe()).historyLength).toBeLessThan(6_000);
    });
  });
});
