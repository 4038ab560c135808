import { QueryNotRegisteredError, type WorkflowHandle } from '@temporalio/client';
import type { StreamStatus } from '../../model/messages/streams.ts';
import type { Script } from './script.ts';

/** One way a workflow can go. Workflow tests assert on it; its history is kept and replayed against later code. */
export interface Scenario {
  readonly script: Script;
  readonly workflow: string;
  readonly input: object;
  /** What a person does while it runs. */
  readonly meanwhile?: (handle: WorkflowHandle) => Promise<unknown>;
}

/** Waits until a workflow says that it is so. */
export const until = async (
  handle: WorkflowHandle,
  wanted: string | ((status: StreamStatus) => boolean),
): Promise<void> => {
  // A workflow that has yet to learn what it is about does not answer.
  const isSo = async (): Promise<boolean> => {
    try {
      const status = await handle.query<StreamStatus>('status');
      return typeof wanted === 'string' ? status.state === wanted : wanted(status);
    } catch (error) {
      if (error instanceof QueryNotRegisteredError) return false;
      throw error;
    }
  };
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
};
