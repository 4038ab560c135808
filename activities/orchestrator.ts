import {
  type Client,
  ScheduleNotFoundError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionDescription,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import proto from '@temporalio/proto';
import type { QueryDefinition } from '@temporalio/common';
import { type BackfillInput, backfillStatusQuery } from '../model/messages/backfill.ts';
import { type LateDataInput, lateDatesSignal, restateWorkflowId } from '../model/messages/late-data.ts';
import { type BuildInput, buildStatusQuery } from '../model/messages/builds.ts';
import type { ReconcileInput } from '../model/messages/realtime.ts';
import { orchestrationQueue } from '../model/queues.ts';
import { streamApplications, supervisionId } from '../model/stream-applications.ts';

/** A workflow whose workers are gone never answers. */
const answersWithinMs = 5_000;

/** A worker asks anew after a minute without a task. */
const askedWithinMs = 90_000;
const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
const taskQueueTypes = { workflows: TASK_QUEUE_TYPE_WORKFLOW, activities: TASK_QUEUE_TYPE_ACTIVITY } as const;

/** Some minutes of failures: an outage of that length is told. */
const stuckAfterAttempts = 10;

/** A schedule as it is on the server. */
export interface ServerSchedule {
  readonly createdAt: Date;
  readonly paused: boolean;
}

export interface RunningWorkflow {
  readonly workflowId: string;
  /** When it began. */
  readonly since: Date;
}

export interface WaitingRestatement extends RunningWorkflow {
  /** Whether it has said that it waits. */
  readonly answers: boolean;
}

/** An application of the stream, and why nobody watches over it. */
export interface UnsupervisedStream {
  readonly application: string;
  readonly why: string;
}

/** What Temporal knows of the workflows that hold claims, and of schedules. */
export interface Orchestrator {
  isRunning(workflowId: string): Promise<boolean>;
  /** What a build says of itself; null when it has ended. */
  statusOf(workflowId: string): Promise<string | null>;
  /** Has what reads these dates built again, together with other dates of the product that are late. */
  restate(late: LateDataInput): Promise<void>;
  /** Starts a build under an id that no other run, however long ago, may have had. */
  buildOnce(workflowId: string, build: BuildInput): Promise<void>;
  /** Starts a reconciliation under an id that no other run, however long ago, may have had. */
  reconcileOnce(workflowId: string, reconciliation: ReconcileInput): Promise<void>;
  /** Starts a backfill of a product's lost intervals, unless one runs. */
  heal(healing: BackfillInput): Promise<void>;
  /** Restatements that wait for somebody to approve them, or for which nobody answers. */
  waitingRestatements(): Promise<readonly WaitingRestatement[]>;
  /** Runs of a workflow that have not ended, and began before. */
  runningSince(workflowType: string, before: Date): Promise<readonly RunningWorkflow[]>;
  /** Applications of the stream whose supervision was begun, and has ended or cannot go on. */
  unsupervisedStreams(): Promise<readonly UnsupervisedStream[]>;
  /** How many workers have lately asked for tasks of a queue. */
  workersOf(taskQueue: string, tasks: 'workflows' | 'activities'): Promise<number>;
  /** Null when there is no such schedule. */
  scheduleOf(scheduleId: string): Promise<ServerSchedule | null>;
}

/** Null of one that goes on. */
function whyNotSupervising({ status, raw }: WorkflowExecutionDescription): string | null {
  if (status.name !== 'RUNNING') return 'has ended';
  const stuck = raw.pendingActivities?.find(({ attempt }) => (attempt ?? 0) > stuckAfterAttempts);
  return stuck ? `cannot go on: ${stuck.lastFailure?.message ?? stuck.activityType?.name ?? ''}` : null;
}

export function orchestratorOf(client: Client): Orchestrator {
  /** Null when it was never begun, or has ended so long ago that nobody knows of it. */
  const descriptionOf = async (workflowId: string): Promise<WorkflowExecutionDescription | null> => {
    try {
      return await client.workflow.getHandle(workflowId).describe();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  };
  const isRunning = async (workflowId: string): Promise<boolean> =>
    (await descriptionOf(workflowId))?.status.name === 'RUNNING';
  /** Null where nobody answers. */
  const answerOf = async <T>(workflowId: string, query: QueryDefinition<T>): Promise<T | null> => {
    const asked = () => client.workflow.getHandle(workflowId).query(query);
    try {
      return await client.withDeadline(Date.now() + answersWithinMs, asked);
    } catch (error) {
      if (error instanceof ServiceError) return null;
      throw error;
    }
  };
  const running = async (query: string): Promise<RunningWorkflow[]> => {
    const found: RunningWorkflow[] = [];
    for await (const { workflowId, startTime: since } of client.workflow.list({
      query: `${query} AND ExecutionStatus = "Running"`,
    }))
      found.push({ workflowId, since });
    return found;
  };
  const startUnlessThere = async (type: string, options: Omit<WorkflowStartOptions, 'taskQueue'>): Promise<void> => {
    try {
      await client.workflow.start(type, { ...options, taskQueue: orchestrationQueue });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  };
  return {
    isRunning,
    async statusOf(workflowId) {
      if (!(await isRunning(workflowId))) return null;
      const asked = await answerOf(workflowId, buildStatusQuery);
      if (asked === null)
        return 'it runs, but does not say what it does: are there workers of its version (docs/deploy.md)?';
      const { state, details } = asked;
      return [state, details.split('\n').at(-1)].filter(Boolean).join(': ');
    },
    async restate({ dates, ...late }) {
      await client.workflow.signalWithStart('restateLateData', {
        workflowId: restateWorkflowId(late.product),
        taskQueue: orchestrationQueue,
        args: [{ ...late, dates: [] } satisfies LateDataInput],
        signal: lateDatesSignal,
        signalArgs: [[...dates]],
        staticSummary: `late data of ${late.product}`,
      });
    },
    async buildOnce(workflowId, build) {
      await startUnlessThere('buildProduct', {
        workflowId,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        args: [build],
        staticSummary: `${build.product} ${build.start}: raw files that no build has read`,
      });
    },
    async reconcileOnce(workflowId, reconciliation) {
      await startUnlessThere('reconcile', {
        workflowId,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        args: [reconciliation],
        staticSummary: `${reconciliation.product} ${reconciliation.date}: the batch has other rows`,
      });
    },
    async heal(healing) {
      await startUnlessThere('backfill', {
        workflowId: `heal/${healing.product}`,
        args: [healing],
        staticSummary: `${healing.product}: hours that an outage has left out`,
      });
    },
    async waitingRestatements() {
      const waiting: WaitingRestatement[] = [];
      for (const restatement of await running('WorkflowType = "backfill" AND WorkflowId STARTS_WITH "restate/"')) {
        const answer = await answerOf(restatement.workflowId, backfillStatusQuery);
        if (answer === null || answer.state === 'waiting for approval')
          waiting.push({ ...restatement, answers: answer !== null });
      }
      return waiting;
    },
    async runningSince(workflowType, before) {
      return running(`WorkflowType = "${workflowType}" AND StartTime < "${before.toISOString()}"`);
    },
    async unsupervisedStreams() {
      const found = streamApplications.map(async ({ name: application }) => {
        const description = await descriptionOf(supervisionId(application));
        const why = description && whyNotSupervising(description);
        return why ? [{ application, why }] : [];
      });
      return (await Promise.all(found)).flat();
    },
    async workersOf(name, tasks) {
      const taskQueueType = taskQueueTypes[tasks];
      const { namespace } = client.options;
      const asked = { namespace, taskQueue: { name }, taskQueueType };
      const { pollers } = await client.workflowService.describeTaskQueue(asked);
      const lately = Date.now() - askedWithinMs;
      const asking = pollers.filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > lately);
      return new Set(asking.map(({ identity }) => identity)).size;
    },
    async scheduleOf(scheduleId) {
      try {
        const { info, state } = await client.schedule.getHandle(scheduleId).describe();
        return { createdAt: info.createdAt, paused: state.paused };
      } catch (error) {
        if (error instanceof ScheduleNotFoundError) return null;
        throw error;
      }
    },
  };
}
