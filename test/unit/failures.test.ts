import { ConflictException, JobRunState, ValidationException } from '@aws-sdk/client-emr-serverless';
import { BatchExecuteStatementException, StatusString } from '@aws-sdk/client-redshift-data';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { ZodError } from 'zod';
import { pollDelayMs } from '../../activities/emr-serverless/activities.ts';
import { emrServerlessFailures } from '../../activities/emr-serverless/failures.ts';
import { meaningOf as meaningOfJob } from '../../activities/emr-serverless/states.ts';
import { sortFailure } from '../../activities/failures.ts';
import { flinkFailures } from '../../activities/flink/failures.ts';
import { ledgerFailures } from '../../activities/ledger/failures.ts';
import { redshiftFailures } from '../../activities/redshift/failures.ts';
import { withoutValues } from '../../activities/redshift/load-errors.ts';
import { meaningOf as meaningOfStatement } from '../../activities/redshift/states.ts';
import { tokenHash } from '../../activities/tokens.ts';

const sort = (error: unknown, activity = 'submitJobRun') =>
  sortFailure(error, activity, 'build/silver.trips/2025-01-18', emrServerlessFailures);

describe('errors of a service', () => {
  it('that will not go away by themselves are final and say what to do', () => {
    const failure = sort(
      new ValidationException({ message: 'name is too long', $metadata: { requestId: 'r-1' } }),
    ) as ApplicationFailure;
    expect(failure.nonRetryable).toBe(true);
    expect(failure.message).toMatch(
      /submitJobRun for build\/silver\.trips\/2025-01-18: ValidationException: name is too long \(request r-1\).*correct the contract/,
    );
  });

  it('such as throttling and lost connections are retried', () => {
    for (const name of [
      'ThrottlingException',
      'InternalServerException',
      'ServiceQuotaExceededException',
      'TimeoutError',
      'ECONNREFUSED',
    ]) {
      const failure = sort(Object.assign(new Error('later'), { name })) as ApplicationFailure;
      expect(failure.nonRetryable).toBe(false);
      expect(failure.type).toBe(name);
    }
  });

  it('are waited out while an application stops, which takes no job until it has', () => {
    const stopping = 'Application cannot run jobs. Applications must be in one of the following statuses: [STARTED]';
    for (const error of [
      new ValidationException({ message: stopping, $metadata: {} }),
      new ConflictException({ message: 'conflict in the current state of the resource', $metadata: {} }),
    ])
      expect(sort(error)).toMatchObject({ nonRetryable: false, type: error.name });
  });

  it('of a token that was used with other parameters are final: no retry makes them those of the job that has it', () => {
    for (const message of [
      'Client token abc was used with other parameters',
      'Idempotency token already used with a different request',
      'The request does not match the one first sent with this client token',
    ])
      for (const error of [
        new ConflictException({ message, $metadata: {} }),
        new ValidationException({ message, $metadata: {} }),
      ]) {
        const failure = sort(error) as ApplicationFailure;
        expect(failure).toMatchObject({ nonRetryable: true, type: error.name });
        expect(failure.message).toMatch(/jobs or settings have changed.*start the build anew/);
      }
    const inProgress = 'A request with this client token is in progress';
    expect(sort(new ConflictException({ message: inProgress, $metadata: {} }))).toMatchObject({ nonRetryable: false });
  });

  it('are waited out by what waits, runs or has published: a wrong policy ends no build and frees no claim', () => {
    for (const activity of ['awaitJobRun', 'cancelJobRun']) {
      const denied = Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
      const failure = sort(denied, activity) as ApplicationFailure;
      expect(failure.nonRetryable).toBe(false);
      expect(failure.message).toContain('The worker’s role lacks this permission');
    }
    const denied = Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
    const gone = Object.assign(new Error('no such table'), { name: 'ResourceNotFoundException' });
    for (const activity of ['claimIntervals', 'planBackfill', 'recordPublished', 'releaseIntervals'])
      for (const error of [denied, gone])
        expect(sortFailure(error, activity, 'build', ledgerFailures), activity).toMatchObject({
          nonRetryable: false,
          message: expect.stringMatching(/The worker’s role lacks|The ledger’s table is not there/) as string,
        });
    expect(sortFailure(denied, 'explainInterval', 'explain', ledgerFailures)).toMatchObject({ nonRetryable: true });
  });

  it('are final where they are defects; one that an SDK met in an answer is none', () => {
    const defect = new TypeError('x is not a function');
    expect(sort(defect, 'awaitJobRun')).toMatchObject({ nonRetryable: true, type: 'TypeError' });
    const cutOff = Object.assign(new TypeError('Cannot read properties of undefined'), { $response: {} });
    expect(sort(cutOff, 'awaitJobRun')).toMatchObject({ nonRetryable: false });
  });

  it.each([
    ['cancelJobRun', emrServerlessFailures],
    ['cancelStatement', redshiftFailures],
    ['releaseIntervals', ledgerFailures],
    ['recordLoaded', ledgerFailures],
    ['lookAtApplication', flinkFailures],
  ])('are waited out as defects in %s, for the next deploy mends them', (activity, failures) => {
    expect(sortFailure(new ReferenceError('x is not defined'), activity, 'build', failures)).toMatchObject({
      nonRetryable: false,
      message: expect.stringContaining('defect of Tideline') as string,
    });
  });

  it('are retried where something cannot be read that another release wrote: the next deploy may read it', () => {
    expect(sort(new ZodError([]), 'claimIntervals')).toMatchObject({ nonRetryable: false });
  });

  it('keep the verdict that an activity has given already', () => {
    const verdict = ApplicationFailure.nonRetryable('no', 'BadInput');
    const cancelled = new CancelledFailure('stop');
    expect(sort(verdict)).toBe(verdict);
    expect(sort(cancelled)).toBe(cancelled);
  });
});

describe('states', () => {
  it('of a job run are all known', () => {
    for (const state of Object.values(JobRunState)) expect(meaningOfJob(state).known).toBe(true);
    expect(meaningOfJob('QUEUED').meaning).toBe('wait');
  });

  it('of a statement are all known', () => {
    for (const status of Object.values(StatusString))
      if (status !== 'ALL') expect(meaningOfStatement(status).known).toBe(true);
  });

  it('of a load that lost against another transaction is no failure of the load', () => {
    for (const error of [
      'Query #4 failed with ERROR: 1023\n  Detail: Serializable isolation violation on table in Redshift',
      'ERROR: could not complete because of conflict with concurrent transaction',
      'ERROR: deadlock detected',
    ])
      expect(meaningOfStatement('FAILED', error)).toEqual({ meaning: 'conflict', known: true });
    expect(meaningOfStatement('FAILED', 'ERROR: division by zero').meaning).toBe('failed');
  });

  it('of a batch that could not be started are waited out', () => {
    const failed = new BatchExecuteStatementException({ Message: 'x', message: 'x', StatementId: 's', $metadata: {} });
    const failure = sortFailure(failed, 'submitLoad', 'build', redshiftFailures) as ApplicationFailure;
    expect(failure.nonRetryable).toBe(false);
  });

  it('of the warehouse are told without the values of rows', () => {
    const detail = '\n  Detail: Failing row contains (trip-1, rider-7).\n  Where: COPY trips, line 1: "trip-1"';
    expect(withoutValues(`ERROR: null value in column "city_id" of relation "trips"${detail}`)).toBe(
      'ERROR: null value in column "city_id" of relation "trips"',
    );
    expect(withoutValues('ERROR: invalid input syntax for type integer: "rider-7"')).toBe(
      'ERROR: invalid input syntax for type integer',
    );
    const spectrum = 'ERROR: Spectrum Scan Error\n  Detail:\n  code: 15001\n  context:   Column type: INT';
    expect(withoutValues(spectrum)).toBe('ERROR: Spectrum Scan Error; context:   Column type: INT');
  });

  it('that nobody has documented yet wait', () => {
    expect(meaningOfJob('HIBERNATING')).toEqual({ meaning: 'wait', known: false });
    expect(meaningOfStatement(undefined)).toEqual({ meaning: 'wait', known: false });
  });
});

describe('polling', () => {
  it('slows down with the number of jobs that are waited for, within the share of the quota', () => {
    const config = { pollIntervalMs: 5_000, pollsPerSecond: 8 };
    expect(pollDelayMs(config, 1)).toBe(5_000);
    expect(pollDelayMs(config, 40)).toBe(5_000);
    expect(pollDelayMs(config, 300)).toBe(37_500);
  });
});

describe('a client token', () => {
  it('is the same for the same step, another for another, and fits AWS', () => {
    expect(tokenHash('build/1')).toBe(tokenHash('build/1'));
    expect(tokenHash('build/1')).not.toBe(tokenHash('build/2'));
    expect(tokenHash('build/1')).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
  });
});
