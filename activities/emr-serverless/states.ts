import { JobRunState } from '@aws-sdk/client-emr-serverless';
import { type Meaning, meaningIn } from '../states.ts';

/** Every documented state, https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/job-states.html */
const meanings: Readonly<Record<JobRunState, Meaning>> = {
  [JobRunState.SUBMITTED]: 'wait',
  [JobRunState.QUEUED]: 'wait',
  [JobRunState.PENDING]: 'wait',
  [JobRunState.SCHEDULED]: 'wait',
  [JobRunState.RUNNING]: 'wait',
  [JobRunState.CANCELLING]: 'wait',
  [JobRunState.SUCCESS]: 'done',
  [JobRunState.FAILED]: 'failed',
  [JobRunState.CANCELLED]: 'cancelled',
};

const queued: readonly (string | undefined)[] = [
  JobRunState.SUBMITTED,
  JobRunState.QUEUED,
  JobRunState.PENDING,
  JobRunState.SCHEDULED,
];
/** Whether a run waits for its driver. */
export const isQueued = (state: string | undefined): boolean => queued.includes(state);

/** What a state of a job run means. */
export const meaningOf = (state: string | undefined) => meaningIn(meanings, state);
