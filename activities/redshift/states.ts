import { StatusString } from '@aws-sdk/client-redshift-data';

export type Meaning = 'wait' | 'done' | 'failed' | 'conflict' | 'cancelled';

/** Every documented state, https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_DescribeStatement.html */
const meanings: Readonly<Record<Exclude<StatusString, 'ALL'>, Exclude<Meaning, 'conflict'>>> = {
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

/** A state that is not documented yet waits. `known` lets the caller warn. */
export function meaningOf(status: string | undefined, error = ''): { meaning: Meaning; known: boolean } {
  const meaning = meanings[status as Exclude<StatusString, 'ALL'>] as Meaning | undefined;
  const told = meaning === 'failed' && conflict.test(error) ? 'conflict' : meaning;
  return { meaning: told ?? 'wait', known: meaning !== undefined };
}
