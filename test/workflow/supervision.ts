import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect } from 'vitest';
import { orchestrationQueue } from '../../model/queues.ts';
import { streamStatusQuery, type SuperviseStreamInput } from '../../model/messages/streams.ts';
import type { Calls } from './calls.ts';
import { timeSkippingServer, withWorkers } from './environment.ts';
import type { Script } from './script.ts';

/** Supervisions of an application on a server of the test file's own, whose time can be skipped. */
export function useSupervisions() {
  let environment: TestWorkflowEnvironment;
  beforeAll(async () => {
    environment = await timeSkippingServer();
  });
  afterAll(async () => {
    await environment.teardown();
  });
  return {
    sleep: (duration: string): Promise<void> => environment.sleep(duration),

    /** Supervises while `use` looks on; each in a workflow of its own. */
    async supervise(
      script: Script,
      input: SuperviseStreamInput,
      use: (handle: WorkflowHandle, calls: Calls) => Promise<void>,
    ): Promise<void> {
      await withWorkers(environment, script, async (calls) => {
        const handle = await environment.client.workflow.start('superviseStream', {
          workflowId: `supervise/${crypto.randomUUID()}`,
          taskQueue: orchestrationQueue,
          args: [input],
        });
        try {
          await environment.sleep('3m');
          await use(handle, calls);
        } finally {
          await handle.cancel();
          await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
        }
      });
    },
  };
}

export const stateOf = async (handle: WorkflowHandle): Promise<string> => (await handle.query(streamStatusQuery)).state;

export const request = { by: 'a test', why: 'to see it' };

/** The last value of a figure. */
export const figure = ({ figures }: Calls, name: string): number | undefined =>
  figures.findLast((each) => each.name === name)?.value;
