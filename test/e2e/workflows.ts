import { type Client, type ScheduleOptions, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DateTime } from 'luxon';
import type { FreshnessReport } from '../../model/messages/freshness.ts';
import { orchestrationQueue } from '../../model/queues.ts';

/** How a workflow ends: its result, or the failure that it tells. */
export async function ended(client: Client, workflow: string, workflowId: string, input: object): Promise<unknown> {
  try {
    return await client.workflow.execute(workflow, { workflowId, taskQueue: orchestrationQueue, args: [input] });
  } catch (error) {
    if (error instanceof WorkflowFailedError) return error.cause;
    throw error;
  }
}

/** What the watch finds, and tells, when so many hours have passed. */
export async function watched(client: Client, hours: number): Promise<FreshnessReport> {
  const firedAt = DateTime.utc().plus({ hours }).toISO();
  const end = await ended(client, 'watchFreshness', 'watch', { firedAt, tell: true });
  return (end instanceof ApplicationFailure ? end.details?.[0] : end) as FreshnessReport;
}

/** From here on nothing is started but by hand. */
export async function restSchedules(client: Client, schedules: readonly ScheduleOptions[]): Promise<void> {
  const never = { calendars: [{ year: 2100 }] };
  for (const { scheduleId } of schedules)
    await client.schedule.getHandle(scheduleId).update((schedule) => ({ ...schedule, spec: never }));
}
