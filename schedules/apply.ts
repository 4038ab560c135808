import { type Client, ScheduleNotFoundError, type ScheduleOptions } from '@temporalio/client';

/** Makes the server's schedules as declared: creates what is missing, updates what is there, keeping its pause state. */
export async function applySchedules(client: Client, declared: readonly ScheduleOptions[]): Promise<void> {
  for (const schedule of declared) {
    const handle = client.schedule.getHandle(schedule.scheduleId);
    try {
      await handle.update((current) => ({ ...schedule, state: current.state }));
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      await client.schedule.create(schedule);
    }
  }
}
