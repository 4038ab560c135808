import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { OpenFindings } from '../../activities/ledger/open-findings.ts';
import { type AlertActivities, createAlertActivities } from '../../activities/sns/activities.ts';
import { ensureTopics, receiveAlerts } from '../../local/alerts.ts';
import { ensureLedger, ledgerTable } from '../../local/provision.ts';
import type { FoundFindings, FreshnessFinding } from '../../model/messages/freshness.ts';
import { access } from './access.ts';
import { LocalS3 } from './local-s3.ts';

const workflowsUrl = 'http://127.0.0.1:8233/namespaces/default/workflows';

let emulator: LocalS3;
let sns: SNSClient;
let sqs: SQSClient;
let queue: string;
let open: OpenFindings;
let activities: AlertActivities;
beforeAll(async () => {
  emulator = await LocalS3.start();
  const endpoint = emulator.url;
  [sns, sqs] = [new SNSClient({ ...access, endpoint }), new SQSClient({ ...access, endpoint })];
  const { queueUrl, arns } = await ensureTopics(sns, sqs);
  queue = queueUrl;
  const client = new DynamoDBClient({ ...access, endpoint });
  await ensureLedger(client);
  open = new OpenFindings(DynamoDBDocumentClient.from(client), ledgerTable);
  activities = createAlertActivities(open, sns, {
    topicArn: arns.team,
    workflowsUrl,
    runbooksUrl: 'https://wiki.example.com/runbooks',
  });
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => emulator.stop());

const missing = (interval: string): FreshnessFinding => ({
  ...{ product: 'silver.trips', interval, kind: 'not published', problem: `missing, due ${interval}T03:00Z` },
});
const watch = (findings: readonly FreshnessFinding[], complete = true): Promise<void> =>
  new MockActivityEnvironment({
    workflowExecution: { workflowId: 'watch-freshness-1', runId: 'r1' },
  }).run((found: FoundFindings) => activities.tellFindings(found), { findings, complete });
const heard = async () => {
  const told = await receiveAlerts(sqs, queue, 1);
  return told.map(({ NewStateValue, ...said }) => [NewStateValue, said] as const);
};
/** Without since when. */
const reasons = async () =>
  (await heard()).map(([, { NewStateReason }]) => NewStateReason.replace(/ \(found since [^)]*\)/g, ''));
const later = (hours: number): void => {
  vi.useFakeTimers({ now: Date.now() + hours * 3_600_000, toFake: ['Date'] });
};

describe('findings', () => {
  it('are told with what, since when, where and what to do, once a day, and when they are over', async () => {
    await watch([missing('2025-01-18')]);
    const [[state, said] = []] = await heard();
    expect(state).toBe('ALARM');
    expect(said).toEqual({
      AlarmName: 'P1-DataNotFresh: silver.trips not published',
      AlarmDescription: expect.stringMatching(
        /^Runs: http:\/\/127.*\/workflows\?query=WorkflowId%20%3D%20%22watch-freshness-1%22.*What to do: https:\/\/wiki\.example\.com\/runbooks\/P1-DataNotFresh\.md$/,
      ) as string,
      NewStateReason: expect.stringMatching(
        /^2025-01-18 missing, due 2025-01-18T03:00Z \(found since 20\S+Z\)$/,
      ) as string,
      StateChangeTime: expect.any(String) as string,
    });
    later(23);
    await watch([missing('2025-01-18')]);
    expect(await heard()).toEqual([]);
    later(25);
    await watch([missing('2025-01-18')]);
    expect(await reasons()).toEqual(['2025-01-18 missing, due 2025-01-18T03:00Z']);
    await watch([]);
    expect(await heard()).toEqual([['OK', expect.objectContaining({ NewStateReason: 'The watch finds it no more' })]]);
    await watch([]);
    expect(await heard()).toEqual([]);
  });

  it('of one kind and product are told together, and again when one more is found', async () => {
    await watch([missing('2025-01-18'), missing('2025-01-19')]);
    const [one, other] = ['2025-01-18', '2025-01-19'].map((date) => `${date} missing, due ${date}T03:00Z`);
    expect(await reasons()).toEqual([`${one}; ${other}`]);
    await watch([missing('2025-01-19')]);
    await watch([missing('2025-01-18'), missing('2025-01-19')]);
    expect(await heard()).toEqual([]);
    await watch([missing('2025-01-19'), missing('2025-01-20')]);
    expect(await reasons()).toEqual([
      '2025-01-20 missing, due 2025-01-20T03:00Z; beside 1 of which you were told before',
    ]);
    const claim = { kind: 'held for long', alarm: 'P1-ClaimHeld', runs: 'WorkflowId = "build/b"' } as const;
    await watch([{ ...missing('2025-01-18'), ...claim }]);
    const told = await heard();
    expect(told.map(([state]) => state).sort()).toEqual(['ALARM', 'OK']);
    expect(JSON.stringify(told)).toContain('query=WorkflowId%20%3D%20%22build%2Fb%22');
    await watch([]);
    await heard();
  });

  it('are not over because a watch could not look at everything', async () => {
    await watch([missing('2025-01-18')]);
    await heard();
    await watch([], false);
    expect(await heard()).toEqual([]);
    await watch([]);
    expect(await heard()).toHaveLength(1);
  });

  it('of a stopped schedule are told as one, and what was told before is not over for that', async () => {
    await watch([missing('2025-01-18')]);
    await heard();
    const alarm = 'P1-ScheduleStopped' as const;
    const stopped = { product: 'daily-batch', interval: null, kind: 'schedule stopped', alarm } as const;
    await watch([
      { ...stopped, problem: 'schedule daily-batch is paused' },
      { ...missing('2025-01-18'), alarm },
    ]);
    expect(await reasons()).toEqual(['schedule daily-batch is paused']);
    await watch([]);
    expect(await heard()).toHaveLength(2);
  });

  it('are told although others could not be, and those by the next watch', async () => {
    const silver = { product: 'silver.trips', interval: null, kind: 'old data', problem: '27 h old' } as const;
    // As a data plane of an earlier release has it.
    const { kind: _, ...gold } = { ...missing('2025-01-18'), product: 'gold.trips' };
    const both = [silver, gold as FreshnessFinding];
    const send = vi.spyOn(sns, 'send').mockRejectedValueOnce(new Error('Throttling'));
    await expect(watch(both)).rejects.toThrow('Throttling');
    send.mockRestore();
    expect(await heard()).toMatchObject([['ALARM', { AlarmName: 'P1-DataNotFresh: gold.trips not published' }]]);
    await watch(both);
    expect(await heard()).toMatchObject([['ALARM', { AlarmName: 'P1-DataNotFresh: silver.trips old data' }]]);
    expect((await open.list()).map(({ told }) => Object.keys(told))).toEqual([['2025-01-18'], ['silver.trips']]);
  });
});
