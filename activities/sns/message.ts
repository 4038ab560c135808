import type { FindingKey } from '../ledger/open-findings.ts';

/** A person reads no more of them; the run that found them has more. */
const linesShown = 10;
/** "Less than 100 characters long": https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const longestSubject = 99;

/** What a message says. */
export interface Told extends FindingKey {
  readonly state: 'ALARM' | 'OK';
  readonly lines: readonly string[];
  /** ISO-8601. */
  readonly at: string;
  /** Address of the runs that it is about, or of the one that has found it. */
  readonly runs: string;
  readonly runbook: string;
}

/**
 * What SNS sends: to people a text, to everything else the fields of a CloudWatch alarm, so that what takes those can take
 * these too.
 */
export function messageOf({ alarm, product, kind, state, lines: all, at, runs, runbook }: Told) {
  const name = `${alarm}: ${product} ${kind}`;
  const more = all.length - linesShown;
  const lines = [...all.slice(0, linesShown), ...(more > 0 ? [`and ${more} more`] : [])];
  const advice = [`Runs: ${runs}`, `What to do: ${runbook}`];
  const fields = {
    AlarmName: name,
    AlarmDescription: advice.join('. '),
    OldStateValue: state === 'OK' ? 'ALARM' : 'OK',
    NewStateValue: state,
    NewStateReason: lines.join('; '),
    StateChangeTime: at,
  };
  return {
    Subject: `${state}: "${name}"`.slice(0, longestSubject),
    Message: JSON.stringify({
      default: JSON.stringify(fields),
      email: [name, '', ...lines, '', ...advice, ''].join('\n'),
    }),
    MessageStructure: 'json',
  } as const;
}
