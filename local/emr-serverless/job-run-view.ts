import type { JobRun, JobRunAttemptSummary, JobRunSummary } from '@aws-sdk/client-emr-serverless';
import type { Names } from './identity.ts';
import type { AttemptRecord, RunRecord } from './records.ts';

const common = (run: RunRecord, attempt: AttemptRecord | undefined, names: Names) => ({
  applicationId: run.applicationId,
  arn: names.jobRun(run.applicationId, run.id),
  ...(run.request.name === undefined ? {} : { name: run.request.name }),
  mode: run.request.mode ?? 'BATCH',
  createdBy: names.userArn,
  executionRole: run.request.executionRoleArn,
  releaseLabel: run.releaseLabel,
  attempt: attempt?.attempt,
});

export const jobRunSummary = (run: RunRecord, names: Names): JobRunSummary => {
  const attempt = run.attempts.at(-1);
  return {
    ...common(run, attempt, names),
    id: run.id,
    type: 'SPARK',
    createdAt: new Date(run.createdAtMs),
    updatedAt: new Date(run.updatedAtMs),
    state: run.state,
    stateDetails: run.stateDetails,
    ...attemptTimes(attempt),
  };
};

export const attemptSummary = (run: RunRecord, attempt: AttemptRecord, names: Names): JobRunAttemptSummary => ({
  ...common(run, attempt, names),
  id: run.id,
  type: 'SPARK',
  jobCreatedAt: new Date(run.createdAtMs),
  createdAt: new Date(attempt.createdAtMs),
  updatedAt: new Date(attempt.updatedAtMs),
  state: attempt.state,
  stateDetails: attempt.stateDetails,
});

/** A run as the service shows it; state and times are those of the given attempt if it is not the newest. */
export const jobRunDetails = (run: RunRecord, attempt: AttemptRecord, names: Names): JobRun => {
  const { startedAtMs, endedAtMs } = attempt;
  const shown = attempt === run.attempts.at(-1) ? run : attempt;
  const endMs = endedAtMs ?? Date.now();
  return {
    ...common(run, attempt, names),
    jobRunId: run.id,
    createdAt: new Date(run.createdAtMs),
    updatedAt: new Date(shown.updatedAtMs),
    state: shown.state,
    stateDetails: shown.stateDetails,
    jobDriver: run.request.jobDriver,
    configurationOverrides: run.request.configurationOverrides,
    executionTimeoutMinutes: run.request.executionTimeoutMinutes,
    retryPolicy: run.request.retryPolicy,
    tags: run.tags,
    ...attemptTimes(attempt),
    ...(startedAtMs === undefined
      ? {}
      : {
          startedAt: new Date(startedAtMs),
          totalExecutionDurationSeconds: Math.round((endMs - startedAtMs) / 1000),
        }),
    ...(endedAtMs === undefined ? {} : { endedAt: new Date(endedAtMs) }),
    queuedDurationMilliseconds: run.queuedMs,
    totalResourceUtilization: run.utilization,
    billedResourceUtilization: run.billed,
  };
};

const attemptTimes = (attempt: AttemptRecord | undefined) =>
  attempt === undefined
    ? {}
    : { attemptCreatedAt: new Date(attempt.createdAtMs), attemptUpdatedAt: new Date(attempt.updatedAtMs) };
