import { type Alarm, runbookOf } from '../../model/alarms.ts';
import type { FreshnessFinding } from '../../model/messages/freshness.ts';
import type { OpenFinding } from '../ledger/open-findings.ts';

/** A person reads no more of them; the run that found them has all. */
const findingsTold = 10;
/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const longestSubject = 100;

const lineOf = ({ interval, problem }: FreshnessFinding): string => [interval, problem].filter(Boolean).join(' ');

/** What a message says. */
export interface Told extends Omit<OpenFinding, 'told'> {
  /** None where they are over. */
  readonly findings: readonly FreshnessFinding[];
  /** ISO-8601. */
  readonly at: string;
  /** Address of the runs that they are about, or of the one that has found them. */
  readonly runs: string;
}

/**
 * What SNS sends: to people a text, to everything else the fields of a CloudWatch alarm, so that whatever takes those takes
 * these too.
 */
export function messageOf({ alarm, product, kind, since, findings, at, runs }: Told) {
  const name = `${alarm}: ${product} ${kind}`;
  const state = findings.length > 0 ? 'ALARM' : 'OK';
  const more = findings.length - findingsTold;
  const lines = findings.slice(0, findingsTold).map(lineOf);
  if (more > 0) lines.push(`and ${more} more`);
  if (state === 'OK') lines.push('This is over');
  const advice = [`Since ${since}`, `Runs: ${runs}`, `What to do: ${runbookOf({ name: alarm as Alarm['name'] })}`];
  const fields = {
    AlarmName: name,
    AlarmDescription: advice.join('. '),
    NewStateValue: state,
    NewStateReason: lines.join('; '),
    StateChangeTime: at,
  };
  return {
    Subject: `${state} ${name}`.slice(0, longestSubject),
    Message: JSON.stringify({
      default: JSON.stringify(fields),
      email: [name, '', ...lines, '', ...advice, ''].join('\n'),
    }),
    MessageStructure: 'json',
  } as const;
}
