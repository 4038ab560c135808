import { ValidationException } from '@aws-sdk/client-emr-serverless';
import {
  ResourceNotFoundException,
  ValidationException as StatementValidationException,
} from '@aws-sdk/client-redshift-data';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it, vi } from 'vitest';
import { heartbeating } from '../../activities/heartbeats.ts';
import { $metadata, activity, type Answer, emr, redshift } from './answering-services.ts';

/** A long poll, which the SDK ends with an error of its own when the activity is cancelled. */
const heldBack: Answer = (_, signal) =>
  new Promise((_resolve, reject) =>
    signal?.addEventListener('abort', () => {
      reject(Object.assign(new Error('Request aborted'), { name: 'AbortError' }));
    }),
  );

const forgotten = (): never => {
  const message = 'Query does not exist';
  throw new ResourceNotFoundException({ Message: message, message, ResourceId: 's', $metadata });
};

describe('a wait', () => {
  it('for a statement ends as cancelled when a person cancels it in the middle of a long poll', async () => {
    const environment = activity();
    const { awaitStatement } = redshift(heldBack);
    const waiting = environment.run(() => awaitStatement({ statementId: 's' }));
    environment.cancel('CANCELLED', ActivityCancellationDetails.fromProto({ isCancelled: true }));
    await expect(waiting).rejects.toMatchObject({ name: 'CancelledFailure' });
  });

  it('is left to the next attempt when its worker stops', async () => {
    const environment = activity();
    const { awaitStatement } = redshift(heldBack);
    const waiting = environment.run(() => awaitStatement({ statementId: 's' }));
    environment.cancel('WORKER_SHUTDOWN', ActivityCancellationDetails.fromProto({ isWorkerShutdown: true }));
    await expect(waiting).rejects.toMatchObject({ type: 'WaitInterrupted', nonRetryable: false });
  });

  it('for a statement that the service has forgotten ends as failed, so that the load is repeated', async () => {
    const { awaitStatement } = redshift(forgotten);
    expect(await activity().run(() => awaitStatement({ statementId: 's' }))).toMatchObject({
      meaning: 'failed',
    });
  });
});

describe('what a driver said at last', () => {
  it.each([
    [
      "Job failed, exit code 1: org.x.CastException: [CAST] the value 'rid_7'",
      'Job failed, exit code 1: org.x.CastException',
    ],
    ['Job failed, exit code 137\n  at org.x.Y(Y.java:3)', 'Job failed, exit code 137'],
  ])('is told without values of rows and traces: %s', async (stateDetails, details) => {
    const { awaitJobRun } = emr(() => ({ jobRun: { state: 'FAILED', stateDetails } }));
    expect(await activity().run(() => awaitJobRun({ jobRunId: 'j' }))).toMatchObject({ details });
  });
});

describe('a cancel of remote work that ends at the same moment', () => {
  it('reads back how the job run ended', async () => {
    const states = ['RUNNING', 'SUCCESS'];
    const { cancelJobRun } = emr((command) => {
      if (command === 'GetJobRunCommand') return { jobRun: { state: states.shift() } };
      throw new ValidationException({ message: 'The job run has already finished', $metadata });
    });
    expect(await activity().run(() => cancelJobRun({ jobRunId: 'j' }))).toMatchObject({
      meaning: 'done',
    });
  });

  it('reads back how the statement ended', async () => {
    const states = ['STARTED', 'FINISHED'];
    const { cancelStatement } = redshift((command) => {
      if (command === 'DescribeStatementCommand') return { Status: states.shift() };
      throw new StatementValidationException({ message: 'already in FINISHED state', $metadata });
    });
    expect(await activity().run(() => cancelStatement({ statementId: 's' }))).toMatchObject({
      meaning: 'done',
    });
  });
});

it('a cancel of a statement that Redshift has forgotten ends, as failed', async () => {
  const { cancelStatement } = redshift(forgotten);
  expect(await activity().run(() => cancelStatement({ statementId: 's' }))).toMatchObject({ meaning: 'failed' });
});

describe('an activity', () => {
  it('tells that it is alive as long as it runs, whatever it waits for', async () => {
    vi.useFakeTimers();
    try {
      let beats = 0;
      const environment = new MockActivityEnvironment({}, { interceptors: [heartbeating] });
      environment.on('heartbeat', () => (beats += 1));
      await environment.run(async () => vi.advanceTimersByTime(9_000));
      vi.advanceTimersByTime(9_000);
      expect(beats).toBe(3);
    } finally {
      vi.useRealTimers();
    }
  });
});
