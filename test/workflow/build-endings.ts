import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll } from 'vitest';
import type { BuildInput, BuildOutcome } from '../../model/messages/builds.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import type { Calls } from './calls.ts';
import { timeSkippingServer, withWorkers } from './environment.ts';
import { play, type ScenarioName, scenarios } from './scenarios.ts';
import type { Script } from './script.ts';

interface Ending {
  readonly calls: Calls;
  readonly outcome: BuildOutcome | undefined;
  readonly failure: WorkflowFailedError | undefined;
  readonly status: { state: string; details: string };
}

/** A server for the tests of a file, which skips the waits of builds. */
export function useBuilds() {
  const used = {} as { environment: TestWorkflowEnvironment };
  beforeAll(async () => {
    used.environment = await timeSkippingServer();
  });
  afterAll(async () => {
    await used.environment.teardown();
  });

  async function endingOf(script: Script, start: () => Promise<WorkflowHandle>): Promise<Ending> {
    return withWorkers(used.environment, script, async (calls) => {
      const handle = await start();
      const [result] = await Promise.allSettled([handle.result() as Promise<BuildOutcome>]);
      if (result.status === 'rejected' && !(result.reason instanceof WorkflowFailedError)) throw result.reason;
      return {
        calls,
        outcome: result.status === 'fulfilled' ? result.value : undefined,
        failure: result.status === 'rejected' ? (result.reason as WorkflowFailedError) : undefined,
        status: await handle
          .query<{ state: string; details: string }>('status')
          .catch(() => ({ state: '', details: '' })),
      };
    });
  }

  const ending = (name: ScenarioName): Promise<Ending> =>
    endingOf(scenarios[name].script, () => play(used.environment, name));

  /** How a build ends, by default of two dates of silver. */
  const built = (script: Script, input: BuildInput = scenarios['build-published'].input): Promise<Ending> =>
    endingOf(script, () =>
      used.environment.client.workflow.start('buildProduct', {
        workflowId: 'build/silver.trips/2025-01-18..2025-01-19',
        taskQueue: orchestrationQueue,
        args: [input],
      }),
    );

  return Object.assign(used, { ending, built });
}
