import { StatusString } from '@aws-sdk/client-redshift-data';
import { meaningIn, type Meaning as Common } from '../states.ts';

export type Meaning = Common | 'conflict';

/** Every documented state, https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_DescribeStatement.html */
const meanings: Readonly<Record<Exclude<StatusString, 'ALL'>, Common>> = {
  [StatusString.SUBMITTED]: 'wait',
  [StatusString.PICKED]: 'wait',
  [StatusString.STARTED]: 'wait',
  [StatusString.FINISHED]: 'done',
  [StatusString.FAILED]: 'failed',
  [StatusString.ABORTED]: 'cancelled',
};

/** What Redshift says when a transaction lost against another one: the same transaction may succeed at any other time. */
const conflict =
  /ERROR: 1023\b|serializable isolation violation|conflict with concurrent transaction|deadlock detected/i;

/** What a status of a statement means, with what the service says of one that failed. */
export function meaningOf(status: string | undefined, error = ''): { meaning: Meaning; known: boolean } {
  const { meaning, known } = meaningIn(meanings, status);
  return { meaning: meaning === 'failed' && conflict.test(error) ? 'conflict' : meaning, known };
}
