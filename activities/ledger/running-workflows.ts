import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { buildStatusQuery } from '../../workflows/messages.ts';

/** What the orchestrator knows of the workflows that hold claims. */
export interface RunningWorkflows {
  isRunning(workflowId: string): Promise<boolean>;
  /** What a build says of itself; null when it has ended. */
  statusOf(workflowId: string): Promise<string | null>;
}

export function runningWorkflows(client: Client): RunningWorkflows {
  const isRunning = async (workflowId: string): Promise<boolean> => {
    try {
      return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };
  return {
    isRunning,
    async statusOf(workflowId) {
      if (!(await isRunning(workflowId))) return null;
      const { state, details } = await client.workflow.getHandle(workflowId).query(buildStatusQuery);
      return [state, details.split('\n').at(-1)].filter(Boolean).join(': ');
    },
  };
}
