import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { Context } from '@temporalio/activity';
import { runbookOf, runsUrl } from '../../model/alarms.ts';
import {
  findingKeyOf,
  findingName,
  type FoundFindings,
  type FreshnessFinding,
} from '../../model/messages/freshness.ts';
import type { FindingKey, OpenFinding, OpenFindings } from '../ledger/open-findings.ts';
import { messageOf } from './message.ts';

export interface AlertsConfig {
  /** Where the watch's findings go. */
  readonly topicArn: string;
  /** Address of the page of Temporal's Web UI that lists a namespace's runs. */
  readonly workflowsUrl: string;
  /** Address, or folder of the checkout, under which people find an alarm's runbook. */
  readonly runbooksUrl: string;
}

/** What is not over is told again after a day; a watch may come some seconds earlier than the day before. */
const toldAgainAfterMs = 23.5 * 3_600_000;
/** A link has room for so many queries. */
const mostQueries = 5;

const subjectOf = ({ interval, subject, product }: FreshnessFinding): string => interval ?? subject ?? product;
/** What a stopped schedule has not built is told with the schedule. */
const isOwn = ({ alarm, kind }: FreshnessFinding): boolean =>
  alarm !== 'P1-ScheduleStopped' || kind === 'schedule stopped';

export function createAlertActivities(
  open: Pick<OpenFindings, 'list' | 'put' | 'remove'>,
  client: Pick<SNSClient, 'send'>,
  { topicArn, workflowsUrl, runbooksUrl }: AlertsConfig,
) {
  const send = async (
    key: FindingKey,
    state: 'ALARM' | 'OK',
    lines: readonly string[],
    queries: readonly string[] = [],
  ): Promise<void> => {
    const { workflowId = '', runId = '' } = Context.current().info.workflowExecution ?? {};
    const own = `WorkflowId = "${workflowId}" AND RunId = "${runId}"`;
    const [first = own, ...others] = new Set(queries);
    const query = [first, ...others.slice(0, mostQueries - 1)];
    const runs = runsUrl(workflowsUrl, query.length > 1 ? query.map((each) => `(${each})`).join(' OR ') : first);
    const runbook = runbookOf({ name: key.alarm }, runbooksUrl);
    const message = messageOf({ ...key, state, lines, at: new Date().toISOString(), runs, runbook });
    await client.send(new PublishCommand({ TopicArn: topicArn, ...message }));
  };

  /** Tells of those that were not told for a day. What was told is written down after it was sent: twice rather than never. */
  async function tell(key: FindingKey, found: readonly FreshnessFinding[], known: OpenFinding['told']): Promise<void> {
    const now = new Date();
    const isRecent = ({ at }: { at: string }): boolean => now.getTime() - Date.parse(at) < toldAgainAfterMs;
    const due = found.filter((finding) => {
      const told = known[subjectOf(finding)];
      return told === undefined || !isRecent(told);
    });
    if (due.length === 0) return;
    const sinceOf = (finding: FreshnessFinding): string => known[subjectOf(finding)]?.since ?? now.toISOString();
    const lines = due.map((finding) =>
      [finding.interval, finding.problem, `(found since ${sinceOf(finding).slice(0, 16)}Z)`].filter(Boolean).join(' '),
    );
    const before = found.length - due.length;
    if (before > 0) lines.push(`beside ${before} of which you were told before`);
    await send(
      key,
      'ALARM',
      lines,
      due.flatMap(({ runs = [] }) => runs),
    );
    const told = due.map(
      (finding) => [subjectOf(finding), { since: sinceOf(finding), at: now.toISOString() }] as const,
    );
    // What is found no more, and comes again within the day, is not told again.
    const recent = Object.entries(known).filter(([, each]) => isRecent(each));
    await open.put({ ...key, told: Object.fromEntries([...recent, ...told]) });
  }

  return {
    /**
     * Tells people what a watch has found: each finding once a day, those of one kind and product in one message, and when
     * none is found any more. What cannot be told of one kind keeps no other from being told.
     */
    async tellFindings({ findings, complete }: FoundFindings): Promise<void> {
      const known = new Map((await open.list()).map((finding) => [findingName(finding), finding]));
      const found = Map.groupBy(findings.filter(isOwn), (finding) => findingName(findingKeyOf(finding)));
      // Under whichever alarm: what its schedule was stopped for is not over.
      const isStill = ({ product, kind }: FindingKey): boolean =>
        findings.some((finding) => finding.product === product && findingKeyOf(finding).kind === kind);
      const over = complete ? [...known.values()].filter((finding) => !isStill(finding)) : [];
      const told = await Promise.allSettled([
        ...[...found].flatMap(([name, [first, ...others]]) =>
          first ? tell(findingKeyOf(first), [first, ...others], known.get(name)?.told ?? {}) : [],
        ),
        ...over.map(async (finding) => {
          await send(finding, 'OK', ['The watch finds it no more']);
          await open.remove(finding);
        }),
      ]);
      const failed = told.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
      if (failed[0]) throw failed[0];
    },
  };
}

export type AlertActivities = ReturnType<typeof createAlertActivities>;
