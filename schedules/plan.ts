import { type Client, type ScheduleDescription, ScheduleNotFoundError, type ScheduleOptions } from '@temporalio/client';
import { decodeScheduleSpec, encodeScheduleSpec } from '@temporalio/client/lib/schedule-helpers.js';
import { type ChangeKind, type Difference, differencesOf } from '../model/changes.ts';
import { msToNumber } from '@temporalio/common/lib/time.js';

/** What has to happen to one schedule. */
export interface ScheduleChange {
  readonly scheduleId: string;
  readonly kind: ChangeKind;
  readonly differences: readonly Difference[];
  /** Why somebody has paused it; null when it runs. Pausing is a person's decision, no drift. */
  readonly paused: string | null;
}

/** The parts of a schedule that the code decides, in one form for both sides. */
const declaredFields = ({ spec, action, policies }: ScheduleOptions): Record<string, unknown> => ({
  // The server keeps calendars as ranges; the SDK makes the same of what is declared.
  ...specFields(decodeScheduleSpec(encodeScheduleSpec(spec))),
  workflowType: action.workflowType,
  workflowId: action.workflowId,
  taskQueue: action.taskQueue,
  args: action.args,
  staticSummary: action.staticSummary,
  overlap: policies?.overlap,
  catchupWindowMs: policies?.catchupWindow === undefined ? undefined : msToNumber(policies.catchupWindow),
  pauseOnFailure: policies?.pauseOnFailure ?? false,
});

const serverFields = ({ spec, action, policies }: ScheduleDescription): Record<string, unknown> => ({
  ...specFields(spec),
  workflowType: action.workflowType,
  workflowId: action.workflowId,
  taskQueue: action.taskQueue,
  args: action.args,
  staticSummary: action.staticSummary,
  overlap: policies.overlap,
  catchupWindowMs: policies.catchupWindow,
  pauseOnFailure: policies.pauseOnFailure,
});

function specFields({ calendars, intervals, skip, startAt, endAt, jitter, timezone }: ScheduleDescription['spec']) {
  return { calendars, intervals, skip, startAt, endAt, jitter, timezone: timezone ?? '' };
}

async function describe(client: Client, scheduleId: string): Promise<ScheduleDescription | null> {
  try {
    return await client.schedule.getHandle(scheduleId).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

async function changeOf(client: Client, declared: ScheduleOptions): Promise<ScheduleChange> {
  const { scheduleId } = declared;
  const found = await describe(client, scheduleId);
  if (!found) return { scheduleId, kind: 'create', differences: [], paused: null };
  const differences = differencesOf(serverFields(found), declaredFields(declared));
  const paused = found.state.paused ? (found.state.note ?? '') : null;
  return { scheduleId, kind: differences.length > 0 ? 'update' : 'none', differences, paused };
}

/** The difference between the schedules as declared and as the server has them. */
export async function planSchedules(client: Client, declared: readonly ScheduleOptions[]): Promise<ScheduleChange[]> {
  const changes = await Promise.all(declared.map((schedule) => changeOf(client, schedule)));
  const ids = new Set(declared.map(({ scheduleId }) => scheduleId));
  for await (const { scheduleId, state } of client.schedule.list()) {
    if (ids.has(scheduleId)) continue;
    changes.push({ scheduleId, kind: 'undeclared', differences: [], paused: state.paused ? (state.note ?? '') : null });
  }
  return changes;
}
