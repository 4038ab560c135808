import type { WorkflowFailedError } from '@temporalio/client';
import { rootCause } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as workflows from '../../workflows/index.ts';
import { inputs } from '../../workflows/inputs.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { timeSkippingServer, withWorkers } from './environment.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await timeSkippingServer();
});
afterAll(async () => {
  await environment.teardown();
});

const refusalOf = (workflow: string, input: unknown): Promise<string | undefined> =>
  withWorkers(environment, {}, async (calls) => {
    const started = await environment.client.workflow.start(workflow, {
      workflowId: `bad/${workflow}`,
      taskQueue: orchestrationQueue,
      args: [input],
    });
    const failure: unknown = await started.result().catch((error: unknown) => error);
    expect(calls.submitted).toEqual([]);
    return rootCause((failure as WorkflowFailedError).cause);
  });

describe('what a person writes wrong', () => {
  it('is checked by every workflow', () => {
    expect(Object.keys(inputs).sort()).toEqual(Object.keys(workflows).sort());
  });

  it.each(Object.keys(inputs))('fails %s at once: a field that it does not know', async (workflow) => {
    expect(await refusalOf(workflow, { produkt: 'silver.trips' })).toMatch(
      new RegExp(`The input of ${workflow} is not valid:[^]*Unrecognized key: "produkt"`),
    );
  });

  it('is told all at once, each with its place and what is allowed', async () => {
    expect(await refusalOf('rebuildGold', {})).toMatch(/at start[^]*at end/);
    const wrong = { product: 'silver.trips', start: '18.1.2025', end: '2025-01-19', lane: 'fast' };
    expect(await refusalOf('buildProduct', wrong)).toMatch(
      /a date as 2025-01-18 \(UTC\)[^]*at start[^]*"scheduled"\|"late"\|"backfill"[^]*at lane/,
    );
    const backfill = { product: 'silver.trips', start: '2025-01-18', end: '2025-01-19', mode: 'some' };
    expect(await refusalOf('backfill', { ...backfill, maximumJobsAtOnce: 0 })).toMatch(
      /at mode[^]*at maximumJobsAtOnce/,
    );
  });
});
