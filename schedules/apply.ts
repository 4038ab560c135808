import type { Client, ScheduleOptions } from '@temporalio/client';
import { planSchedules, type ScheduleChange } from './plan.ts';

/**
 * Makes the server's schedules as declared: creates what is missing and updates what differs, keeping a pause that
 * somebody set; what nobody declares stays. Returns what it found before.
 */
export async function applySchedules(client: Client, declared: readonly ScheduleOptions[]): Promise<ScheduleChange[]> {
  const changes = await planSchedules(client, declared);
  const kinds = new Map(changes.map(({ scheduleId, kind }) => [scheduleId, kind]));
  for (const schedule of declared) {
    const kind = kinds.get(schedule.scheduleId);
    if (kind === 'create') await client.schedule.create(schedule);
    if (kind === 'update') {
      const handle = client.schedule.getHandle(schedule.scheduleId);
      await handle.update(({ state }) => ({ ...schedule, state }));
    }
  }
  return changes;
}
