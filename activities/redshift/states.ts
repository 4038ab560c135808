import { StatusString } from '@aws-sdk/client-redshift-data';

export type Meaning = 'wait' | 'done' | 'failed' | 'cancelled';

/** Every documented state, https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_DescribeStatement.html */
const meanings: Readonly<Record<Exclude<StatusString, 'ALL'>, Meaning>> = {
  [StatusString.SUBMITTED]: 'wait',
  [StatusString.PICKED]: 'wait',
  [StatusString.STARTED]: 'wait',
  [StatusString.FINISHED]: 'done',
  [StatusString.FAILED]: 'failed',
  [StatusString.ABORTED]: 'cancelled',
};

/** A state that is not documented yet waits. `known` lets the caller warn. */
export function meaningOf(status: string | undefined): { meaning: Meaning; known: boolean } {
  const meaning = meanings[status as Exclude<StatusString, 'ALL'>] as Meaning | undefined;
  return { meaning: meaning ?? 'wait', known: meaning !== undefined };
}
