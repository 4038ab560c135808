import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { Context } from '@temporalio/activity';
import { runsUrl } from '../../model/alarms.ts';
import type { FoundFindings, FreshnessFinding } from '../../model/messages/freshness.ts';
import { findingKey, type FindingKey, type OpenFinding, type OpenFindings } from '../ledger/open-findings.ts';
import { messageOf } from './message.ts';

export interface AlertsConfig {
  /** Where the watch's findings go. */
  readonly topicArn: string;
  /** Address of the page of Temporal's Web UI that lists a namespace's runs. */
  readonly workflowsUrl: string;
}

/** What is not over is told again after a day. */
const toldAgainAfterMs = 86_400_000;

const keyOf = ({ alarm = 'P1-DataNotFresh', product, kind }: FreshnessFinding): FindingKey => ({
  alarm,
  product,
  kind,
});
const subjectOf = ({ interval, subject = '' }: FreshnessFinding): string => interval ?? subject;
/** What a stopped schedule has not built is told with the schedule. */
const isOwn = ({ alarm, kind }: FreshnessFinding): boolean =>
  alarm !== 'P1-ScheduleStopped' || kind === 'schedule stopped';

export function createAlertActivities(
  open: Pick<OpenFindings, 'list' | 'put' | 'remove'>,
  client: Pick<SNSClient, 'send'>,
  { topicArn, workflowsUrl }: AlertsConfig,
) {
  const send = async (key: FindingKey, since: string, findings: readonly FreshnessFinding[]): Promise<void> => {
    const { workflowId = '', runId = '' } = Context.current().info.workflowExecution ?? {};
    const own = `WorkflowId = "${workflowId}" AND RunId = "${runId}"`;
    const query = findings.find(({ runs }) => runs !== undefined)?.runs ?? own;
    const runs = runsUrl(workflowsUrl, query);
    const message = messageOf({ ...key, since, findings, at: new Date().toISOString(), runs });
    await client.send(new PublishCommand({ TopicArn: topicArn, ...message }));
  };

  const tell = async (
    key: FindingKey,
    found: readonly FreshnessFinding[],
    known: OpenFinding | undefined,
    complete: boolean,
  ): Promise<void> => {
    const now = new Date();
    const { since = now.toISOString(), told = {} } = known ?? {};
    const subjects = found.map(subjectOf);
    const untold = subjects.filter((subject) => {
      const at = told[subject];
      return at === undefined || now.getTime() - Date.parse(at) >= toldAgainAfterMs;
    });
    if (untold.length > 0) await send(key, since, found);
    const kept = Object.entries(told).filter(([subject]) => !complete || subjects.includes(subject));
    const tellsNow = untold.length > 0 ? subjects.map((subject) => [subject, now.toISOString()] as const) : [];
    await open.put({ ...key, since, told: Object.fromEntries([...kept, ...tellsNow]) });
  };

  return {
    /**
     * Tells people what a watch has found: of one kind and product in one message, each finding once a day, and when none is
     * left. What was told is written down after it was sent: where that fails, it is told twice rather than never.
     */
    async tellFindings({ findings, complete }: FoundFindings): Promise<void> {
      const known = new Map((await open.list()).map((finding) => [findingKey(finding), finding]));
      const found = Map.groupBy(findings.filter(isOwn), (finding) => findingKey(keyOf(finding)));
      for (const [name, [first, ...others]] of found)
        if (first) await tell(keyOf(first), [first, ...others], known.get(name), complete);
      for (const [name, finding] of known) {
        if (found.has(name) || !complete) continue;
        await send(finding, finding.since, []);
        await open.remove(finding);
      }
    },
  };
}

export type AlertActivities = ReturnType<typeof createAlertActivities>;
