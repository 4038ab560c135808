import type { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localServer, withWorkers } from './environment.ts';
import { play, type ScenarioName, scenarios } from './scenarios.ts';
import type { Calls } from './calls.ts';
import type { Script } from './script.ts';

// The server that skips time tells the workflow nothing of an error that comes after a cancel.
let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await localServer();
});
afterAll(async () => {
  await environment.teardown();
});

const callsOf = (name: ScenarioName, script: Script = scenarios[name].script): Promise<Calls> =>
  withWorkers(environment, script, async (calls) => {
    const handle = await play(environment, name);
    const failure: unknown = await handle.result().catch((error: unknown) => error);
    expect((failure as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    return calls;
  });

describe('a cancel that meets another error', () => {
  it('ends the job before the claim is given back', async () => {
    const calls = await callsOf('build-cancelled-while-throttled');
    expect(calls.cancelled).toEqual(['run-1']);
    expect(calls.released).toMatchObject([{ failure: null }]);
  });

  it('ends the job before the claim is given back, also where the data plane has a defect until the next deploy', async () => {
    const calls = await callsOf('build-cancelled', { ...scenarios['build-cancelled'].script, defectiveCancels: 2 });
    expect(calls.cancelled).toEqual(['run-1']);
    expect(calls.released).toMatchObject([{ failure: null }]);
  });

  it('ends the load, and the ledger says that the warehouse lacks the rows', async () => {
    const calls = await callsOf('load-cancelled-while-throttled');
    expect(calls.cancelled).toEqual(['statement-1']);
    expect(calls.released.at(-1)?.failure?.reason).toContain('cancelled before the warehouse was loaded');
  });
});
