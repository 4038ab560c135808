import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applySchedules } from '../../schedules/apply.ts';
import { planSchedules } from '../../schedules/plan.ts';
import { declaredSchedules } from '../../schedules/schedules.ts';
import { localServer } from './environment.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await localServer();
});
afterAll(async () => {
  await environment.teardown();
});

const schedules = declaredSchedules();
const kinds = async () =>
  Object.fromEntries(
    (await planSchedules(environment.client, schedules)).map(({ scheduleId, kind }) => [scheduleId, kind]),
  );
const [first] = schedules;

describe('schedules', () => {
  it('are planned as new, made as declared, and then nothing is left to do', async () => {
    expect(new Set(Object.values(await kinds()))).toEqual(new Set(['create']));
    await applySchedules(environment.client, schedules);
    expect(new Set(Object.values(await kinds()))).toEqual(new Set(['none']));
    for (const { scheduleId, policies } of schedules) {
      const description = await environment.client.schedule.getHandle(scheduleId).describe();
      expect(description.policies.overlap).toBe(policies?.overlap);
    }
  });

  it('that somebody has changed on the server show what, and are put right', async () => {
    const handle = environment.client.schedule.getHandle(first!.scheduleId);
    await handle.update((current) => ({
      ...current,
      spec: { calendars: [{ minute: 40, hour: '*' }] },
      policies: { ...current.policies, overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1h' },
    }));
    const [change] = await planSchedules(environment.client, schedules);
    expect(change).toMatchObject({ kind: 'update', paused: null });
    expect(change?.differences.map(({ field }) => field)).toEqual(['calendars', 'overlap', 'catchupWindowMs']);
    expect(change?.differences[2]).toMatchObject({ server: 3_600_000, declared: 21_600_000 });
    await applySchedules(environment.client, schedules);
    expect((await kinds())[first!.scheduleId]).toBe('none');
  });

  it('that somebody has paused stay paused', async () => {
    const handle = environment.client.schedule.getHandle(first!.scheduleId);
    await handle.pause('the source is being moved');
    const [change] = await applySchedules(environment.client, schedules);
    expect(change).toMatchObject({ kind: 'none', paused: 'the source is being moved' });
    expect((await handle.describe()).state.paused).toBe(true);
  });

  it('that nobody has declared are told and left alone', async () => {
    await environment.client.schedule.create({ ...first!, scheduleId: 'by-hand' });
    await expect.poll(async () => (await kinds())['by-hand'], { timeout: 20_000 }).toBe('undeclared');
    await applySchedules(environment.client, schedules);
    expect((await environment.client.schedule.getHandle('by-hand').describe()).scheduleId).toBe('by-hand');
  });
});
