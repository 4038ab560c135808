import { JobRunState } from '@aws-sdk/client-emr-serverless';

/** What a state of a job run means for the one who waits. */
export type Meaning = 'wait' | 'done' | 'failed' | 'cancelled';

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

/** A state that is not documented yet waits: it is no reason to start the job again. `known` lets the caller warn. */
export function meaningOf(state: string | undefined): { meaning: Meaning; known: boolean } {
  const meaning = meanings[state as JobRunState] as Meaning | undefined;
  return { meaning: meaning ?? 'wait', known: meaning !== undefined };
}
