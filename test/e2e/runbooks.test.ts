import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { DateTime } from 'luxon';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orchestratorOf } from '../../activities/orchestrator.ts';
import { newestVersion } from '../../activities/lake/delta-log.ts';
import { putInto } from '../../cli/laptop/land.ts';
import { sendLive } from '../../cli/laptop/live.ts';
import { openSession, type Session } from '../../cli/laptop/session.ts';
import { superviseStreams } from '../../deployment/stream-applications.ts';
import { streamParquet } from '../../local/generator/stream-parquet.ts';
import { startWorker } from '../../local/platform.ts';
import { buckets } from '../../local/provision.ts';
import { type Alarm, alarms } from '../../model/alarms.ts';
import { intervalKey, shiftInterval } from '../../model/intervals.ts';
import type { FreshnessReport } from '../../model/messages/freshness.ts';
import { pauseUpdate, streamStatusQuery } from '../../model/messages/streams.ts';
import { supervisionId } from '../../model/stream-applications.ts';
import { declaredSchedules } from '../../schedules/schedules.ts';
import { openLedger } from '../../workers/clients.ts';
import { Bell } from './bell.ts';
import { checkoutWith } from './checkout.ts';
import { untilBuilt } from './ledger-rows.ts';
import { Runbook } from './runbook.ts';
import { hourOfTrips, landTrips } from './trip-lines.ts';
import { plainRow, stream } from '../behaviour/stream-rows.ts';
import { buildJob } from '../wire/managed-flink-service.ts';
import { ended, restSchedules, watched } from './workflows.ts';

const needed = ['bronze/events', 'bronze/events_quarantine', 'silver/trips', 'gold/trips', 'public/trips_realtime'];
const checkout = checkoutWith({ only: needed });
const folder = mkdtempSync(join(tmpdir(), 'tideline-runbooks-'));

const now = DateTime.utc();
const today = intervalKey('date', now);
const yesterday = shiftInterval('date', today, -1);
const hour = (name: string): string => `${yesterday}T${name}`;
const next = (interval: string): string => shiftInterval(interval.includes('T') ? 'hour' : 'date', interval, 1);

let session: Session;
let bell: Bell;
const runbooks = new Map<string, Runbook>();
const runbook = (name: Alarm['name']): Runbook => runbooks.get(name)!;
beforeAll(async () => {
  session = await openSession({ root: checkout, folder, settings: { TIDELINE_LATE_APPROVAL_OVER_JOBS: '0' } });
  await session.platform.supervisor.end('data-plane');
  bell = new Bell(session.platform.alertsQueue);
  for (const { name } of alarms)
    runbooks.set(name, new Runbook(name, { checkout, environment: session.platform.environment }));
  await bell.hastenAll();
});
afterAll(async () => {
  await bell.stop();
  await session.close();
  await rm(folder, { recursive: true, force: true });
  await rm(checkout, { recursive: true, force: true });
});

const run = (workflow: string, workflowId: string, input: object): Promise<unknown> =>
  ended(session.client, workflow, workflowId, input);
const watch = (hours = 0): Promise<FreshnessReport> => watched(session.client, hours);
const land = (at: string, lines: readonly string[]): Promise<void> => landTrips(session.platform.s3, at, lines);
const isBuilt = (product: string, interval: string): Promise<void> =>
  untilBuilt(session.platform.environment.TIDELINE_LEDGER_TABLE ?? '', product, interval);
const waiting = () => orchestratorOf(session.client).waitingRestatements();

describe('a person who follows the runbook ends', () => {
  it('P0-WorkersGone: the data plane has no worker', async () => {
    await bell.expect('P0-WorkersGone', 'ALARM');
    const queue = 'data-plane-scheduled';
    runbook('P0-WorkersGone').follow('task-queue describe', {
      orchestration: `${queue} --task-queue-type-legacy activity`,
    });
    runbook('P0-WorkersGone').follow('worker deployment describe');
    await startWorker(session.platform, checkout, session.workerEnvironment, 'data-plane');
    // They are counted once a minute: that it is over, the last test sees.
    await bell.watchOver('P0-WorkersGone', 60);
  });

  it('P1-WatchSilent: the watch does not run', async () => {
    await bell.expect('P1-WatchSilent', 'ALARM');
    const book = runbook('P1-WatchSilent');
    expect(book.follow('workflow list')).not.toContain('watch-freshness');
    book.follow('schedules apply');
    book.follow('schedule describe');
    book.follow('toggle --unpause', { '…': 'it was paused' });
    runbook('P1-ScheduleStopped').follow('schedule trigger');
    await bell.expect('P1-WatchSilent', 'OK');
    await bell.watchOver('P1-WatchSilent', 3_600);
    await session.client.schedule.getHandle('watch-freshness').pause('this test looks itself');
  });

  it('P1-ScheduleStopped: hourly bronze is paused', async () => {
    await session.client.schedule.getHandle('hourly-bronze').pause('for a while');
    await watch();
    const { NewStateReason, AlarmDescription } = await bell.expect('P1-ScheduleStopped: hourly-bronze', 'ALARM');
    expect(NewStateReason).toMatch(
      /^schedule hourly-bronze is paused: nothing new is built of bronze\.events \(found since/,
    );
    expect(AlarmDescription).toMatch(/^Runs: http.*docs\/runbooks\/P1-ScheduleStopped\.md$/);
    const book = runbook('P1-ScheduleStopped');
    expect(book.follow('schedule describe')).toContain('for a while');
    book.follow('toggle --unpause', { '…': 'it was paused' });
    expect(book.follow('schedules plan')).toContain('= hourly-bronze');
    book.follow('schedules apply');
    await watch();
    await bell.expect('P1-ScheduleStopped: hourly-bronze', 'OK');
    await restSchedules(session.client, declaredSchedules(session.catalogue));
  });

  it('P1-DataQualityDegraded, and P2-CostAboveBudget: an hour is broken', async () => {
    const broken = hour('10');
    const lines = hourOfTrips(broken, 'ten');
    await land(broken, [...lines, ...Array.from({ length: 25 }, () => 'no event')]);
    await run('hourlyBronze', 'hourly', { firedAt: `${hour('12')}:20:00Z` });
    await bell.expect('P1-DataQualityDegraded', 'ALARM');
    await bell.expect('P2-CostAboveBudget', 'ALARM');
    const book = runbook('P1-DataQualityDegraded');
    book.follow('status');
    expect(book.follow('explain', { '2025-01-18T03': broken })).toContain(`${broken} is quarantined`);
    await land(broken, lines);
    await watch();
    await isBuilt('bronze.events', broken);
    book.follow('backfill', { START: broken, END: next(broken) });
    await isBuilt('gold.trips', yesterday);
    await bell.expect('P1-DataQualityDegraded', 'OK');
    runbook('P2-CostAboveBudget').follow('workflow list', { '> 5': '> 0.000001' });
    await bell.expect('P2-CostAboveBudget', 'OK');
  });

  it('P1-RestatementWaits: late events want many dates built again', async () => {
    await land(hour('11'), hourOfTrips(hour('11'), 'eleven'));
    await watch();
    await isBuilt('bronze.events', hour('11'));
    await expect.poll(waiting, { timeout: 60_000, interval: 500 }).toHaveLength(1);
    await watch(2);
    await bell.expect('P1-RestatementWaits', 'ALARM');
    const book = runbook('P1-RestatementWaits');
    const [{ workflowId } = { workflowId: '' }] = await waiting();
    expect(book.follow('--type status', { 'restate/…': workflowId })).toContain('waiting for approval');
    book.follow('--name approve', { 'restate/…': workflowId });
    await expect.poll(waiting, { timeout: 60_000, interval: 500 }).toEqual([]);
    await watch(2);
    await bell.expect('P1-RestatementWaits', 'OK');
  });

  it('P1-DatesHeldBack: trips cost more than any can', async () => {
    await land(hour('12'), hourOfTrips(hour('12'), 'twelve', 5_000));
    await run('hourlyBronze', 'hourly', { firedAt: `${hour('14')}:20:00Z` });
    await expect.poll(waiting, { timeout: 60_000, interval: 500 }).toHaveLength(1);
    const [{ workflowId } = { workflowId: '' }] = await waiting();
    runbook('P1-RestatementWaits').follow('workflow cancel', { 'restate/…': workflowId });
    await run('buildProduct', 'build/held-back', { product: 'silver.trips', start: yesterday, end: today });
    await bell.expect('P1-DatesHeldBack', 'ALARM');
    const book = runbook('P1-DatesHeldBack');
    book.follow('status');
    expect(book.follow('explain', { '2025-01-18': yesterday })).toContain('fare_amount');
    await land(hour('12'), hourOfTrips(hour('12'), 'twelve'));
    await watch();
    await isBuilt('bronze.events', hour('12'));
    book.follow('backfill', { START: yesterday, END: today });
    await isBuilt('gold.trips', yesterday);
    runbook('P1-RestatementWaits').follow('--mode stale', { PRODUCT: 'silver.trips', START: yesterday, END: today });
    await bell.expectQuiet('P1-DatesHeldBack');
  });

  it('P2-BatchProcessingDelayed: no batch has come for longer than a day', async () => {
    // What was built up to today reaches into tomorrow.
    await watch(51);
    await bell.expect('P2-BatchProcessingDelayed', 'ALARM');
    const book = runbook('P2-BatchProcessingDelayed');
    book.follow('status');
    book.follow('workflow list');
    book.follow('backfill', { START: today, END: next(next(next(today))) });
    const { batchLatencyHours } = await watch(51);
    expect(batchLatencyHours).toBeLessThan(26);
    await bell.expect('P2-BatchProcessingDelayed', 'OK');
  });

  it('P1-DataNotFresh: an hour was never built', async () => {
    // The hour in which the schedules were made is the first that is anybody's to build, and is due in less than three.
    const { findings } = await watch(3);
    const missing = findings.find(({ kind }) => kind === 'not published')?.interval ?? '';
    await bell.expect('P1-DataNotFresh: bronze.events not published', 'ALARM');
    const book = runbook('P1-DataNotFresh');
    book.follow('workflow show', { 'watch-freshness-…': 'watch' });
    expect(book.follow('explain', { 'PRODUCT INTERVAL': `bronze.events ${missing}` })).toContain(
      'no build has published it',
    );
    book.follow('backfill PRODUCT', { PRODUCT: 'bronze.events', START: missing, END: next(next(next(missing))) });
    await watch(3);
    await bell.expect('P1-DataNotFresh: bronze.events not published', 'OK');
  });

  it('P1-ClaimHeld: a build that has ended without a word holds an hour', async () => {
    const interval = intervalKey('hour', DateTime.utc());
    const ledger = openLedger(session.platform.environment.TIDELINE_LEDGER_TABLE ?? '');
    const holder = 'build/held-back';
    await ledger.claim({ product: 'bronze.events', intervals: [interval], workflowId: holder, buildId: 'lost' });
    await watch(26);
    await bell.expect('P1-ClaimHeld: bronze.events', 'ALARM');
    const book = runbook('P1-ClaimHeld');
    expect(book.follow('workflow describe', { 'build/…': holder })).not.toContain('RUNNING');
    book.follow('--type status', { 'build/…': holder });
    buildAgain('bronze.events', interval);
    await isBuilt('bronze.events', interval);
    await watch(26);
    await bell.expect('P1-ClaimHeld: bronze.events', 'OK');
  });

  it('P0-BuildFailed: somebody has written into the log of a table', async () => {
    const { s3 } = session.platform;
    const version = await newestVersion(s3, buckets.lake, 'silver.trips');
    const Key = `silver/trips/_delta_log/${String((version ?? -1) + 1).padStart(20, '0')}.json`;
    await putInto(s3, buckets.lake)(Key, Buffer.from('no commit'));
    await run('buildProduct', 'build/broken', { product: 'silver.trips', start: yesterday, end: today });
    await bell.expect('P0-BuildFailed', 'ALARM');
    const book = runbook('P0-BuildFailed');
    expect(book.follow('explain', { '2025-01-18': yesterday })).toContain(`${yesterday} is failed`);
    expect(book.follow('workflow list')).toContain('build/broken');
    book.follow('workflow show', { 'build/<product>/<intervals>': 'build/broken' });
    await s3.send(new DeleteObjectCommand({ Bucket: buckets.lake, Key }));
    buildAgain('silver.trips', yesterday);
    await isBuilt('silver.trips', yesterday);
    await bell.expectQuiet('P0-BuildFailed');
  });

  it('P0-KinesisIngestionStopped, and P1-KinesisNearItsLimit: nobody sends, then somebody does', async () => {
    await bell.expect('P0-KinesisIngestionStopped', 'ALARM');
    const book = runbook('P0-KinesisIngestionStopped');
    book.follow('dashboard');
    expect(book.follow('describe-stream-summary')).toMatch(/"StreamStatus": "ACTIVE"[^]*"OpenShardCount": 4/);
    const stopped = new AbortController();
    const failed: unknown[] = [];
    const feeding = sendLive(session.platform, stopped.signal, {
      onSent: () => undefined,
      onFailed: (error) => failed.push(error),
    });
    await bell.expect('P0-KinesisIngestionStopped', 'OK');
    await bell.expect('P1-KinesisNearItsLimit', 'ALARM');
    expect(runbook('P1-KinesisNearItsLimit').follow('list-shards')).toContain('shardId-000000000003');
    stopped.abort();
    await feeding;
    expect(failed).toEqual([]);
    await bell.expect('P1-KinesisNearItsLimit', 'OK');
  });

  it('P1-StreamingLatencyHigh: the stream has written nothing for half an hour', async () => {
    const merged = async (minutesAgo: number): Promise<void> => {
      const made = DateTime.utc().minus({ minutes: minutesAgo });
      const row = plainRow(`made ${minutesAgo} minutes ago`, made.toISO(), { emitted_at: made.toISO() });
      const key = `${stream.files.folder}/dt=${made.toISODate()}/hh=${made.toFormat('HH')}/part-${minutesAgo}.parquet`;
      await putInto(session.platform.s3, buckets.lake)(key, await streamParquet(stream, [row]));
      await run('mergeRealtime', `merge-${minutesAgo}`, {});
    };
    await merged(30);
    await bell.expect('P1-StreamingLatencyHigh', 'ALARM');
    const book = runbook('P1-StreamingLatencyHigh');
    expect(book.follow('workflow list')).toContain('merge-30');
    book.follow('dashboard');
    expect(book.follow('explain public.trips_realtime', { '2025-01-18': today })).toContain('is provisional');
    await merged(1);
    await bell.expect('P1-StreamingLatencyHigh', 'OK');
  });

  it('P1-StreamDown: nobody watches over an application, and somebody has paused it', async () => {
    await bell.expect('P1-StreamDown', 'ALARM');
    const book = runbook('P1-StreamDown');
    expect(book.follow('stream status')).toContain('trip-sessions is not supervised');
    await putInto(session.platform.s3, buckets.artifacts)('flink-jobs/counting.jar', buildJob('one'));
    await deployStream();
    await bell.expect('P1-StreamDown', 'OK');
    const pause = { by: 'a test', why: 'for a while' };
    await supervision().executeUpdate(pauseUpdate, { args: [pause] });
    await bell.expect('P1-StreamDown', 'ALARM');
    expect(book.follow('stream status')).toContain('trip-sessions is paused by a test: for a while');
    expect(book.follow('describe-application')).toContain('"ApplicationStatus": "READY"');
    book.follow('--name resume', { '…': 'it is mended' });
    await bell.expect('P1-StreamDown', 'OK');
    const back = new Runbook('rewind-stream', { checkout, environment: session.platform.environment });
    const [, snapshot = ''] = /"SnapshotName": "(stop-[^"]+)"/.exec(back.follow('list-application-snapshots')) ?? [];
    back.follow('--name rewind', { SNAPSHOT: snapshot, '…': 'to see it' });
    const status = () => back.follow('stream status');
    await expect
      .poll(status, { timeout: 60_000, interval: 2_000 })
      .toMatch(/Goes back to .*\n.*Started from|Started from .*\n.*Goes back/);
  });

  it('P1-StreamUpdateRefused: what was deployed of an application does not start', async () => {
    await deployStream({ broken: 'main' });
    await bell.expect('P1-StreamUpdateRefused', 'ALARM');
    const book = runbook('P1-StreamUpdateRefused');
    expect(book.follow('stream status')).toMatch(
      /the update is refused: UpdateApplication failed: .*broken before it started/,
    );
    book.follow('--name resume', { '…': 'it is mended' });
    await deployStream();
    await bell.expect('P1-StreamUpdateRefused', 'OK');
  });

  it('P1-StreamBatchDivergence: the stream has told of a trip that the batch does not know', async () => {
    const { s3 } = session.platform;
    const file = await streamParquet(stream, [plainRow('ghost', `${hour('12')}:00:00Z`)]);
    await putInto(s3, buckets.lake)(`${stream.files.folder}/dt=${yesterday}/hh=12/part-1.parquet`, file);
    await run('mergeRealtime', 'merge', { firedAt: `${hour('13')}:00:00Z` });
    // Most of the date's hours nobody has sent.
    await run('dailyBatch', 'night', { date: yesterday, force: true });
    await run('reconcile', 'reconcile', { date: yesterday });
    await bell.expect('P1-StreamBatchDivergence', 'ALARM');
    const book = runbook('P1-StreamBatchDivergence');
    expect(book.follow('explain public.trips_realtime', { '2025-01-18': yesterday })).toContain(
      '1 trips of the stream',
    );
    expect(book.follow('explain gold.trips', { '2025-01-18': yesterday })).toContain(
      `gold.trips ${yesterday} is published`,
    );
    expect(book.follow('workflow list')).toContain('merge');
    await bell.expectQuiet('P1-StreamBatchDivergence');
  });

  it('P1-StreamLagging, and P1-StreamCheckpointsFailing: the service tells that an application is behind, and cannot keep its state', async () => {
    // Of one on probation only what is told since counts, and of counters only how they grow.
    const state = async () => (await supervision().query(streamStatusQuery)).state;
    await expect.poll(state, { timeout: 180_000, interval: 1_000 }).toBe('running');
    // As the service does it, again and again: of each minute only the worst counts.
    const behind = (ms: number) => () =>
      tellOfStream('millisBehindLatest', ms, { Id: 'ride_hailing_events', Flow: 'Input' });
    await bell.expect('P1-StreamLagging', 'ALARM', behind(900_000));
    const book = runbook('P1-StreamLagging');
    expect(book.follow('stream status')).toContain('900.0 s');
    book.follow('dashboard');
    book.follow('describe-stream-summary');
    let failed = 0;
    await bell.expect('P1-StreamCheckpointsFailing', 'ALARM', () =>
      tellOfStream('numberOfFailedCheckpoints', (failed += 1)),
    );
    runbook('P1-StreamCheckpointsFailing').follow('stream status');
    // Another version begins to count anew.
    await deployStream({ perSecond: '50' });
    await bell.expect('P1-StreamCheckpointsFailing', 'OK');
    await bell.expect('P1-StreamLagging', 'OK', behind(100));
  });

  it('P0-WorkersGone, at last, and has left out no command but those for other cases', async () => {
    await bell.expect('P0-WorkersGone', 'OK');
    expect(bell.untold).toEqual([]);
    expect(new Set(Runbook.left([...runbooks.values()]))).toEqual(
      new Set([
        'npm run lake -- backfill …',
        'temporal workflow cancel --workflow-id build/…',
        'temporal schedule describe --schedule-id …',
        'temporal schedule toggle --unpause --schedule-id …',
        'temporal schedule describe',
        'temporal workflow update execute --workflow-id daily-batch-… --name proceed --input \'{"by":"your name","why":"…"}\'',
        'temporal workflow update execute --workflow-id backfill/… --name pause',
        'npm run lake -- explain',
        'aws kinesisanalyticsv2 stop-application --application-name trip-sessions --force',
      ]),
    );
  });
});

const supervision = () => session.client.workflow.getHandle(supervisionId('trip-sessions'));

/** Has a job that only counts stand for the trips, supervised every second. */
const deployStream = (properties: Readonly<Record<string, string>> = {}): Promise<void> =>
  superviseStreams(
    session.client,
    [
      {
        ...{ application: 'trip-sessions', description: 'Counts', parallelism: 1, checkpointIntervalMs: 1_000 },
        code: `s3://${buckets.artifacts}/flink-jobs/counting.jar`,
        roleArn: session.platform.environment.FLINK_TRIP_SESSIONS_ROLE_ARN ?? '',
        logStreamArn: 'arn:aws:logs:us-east-1:000000000000:log-group:/aws/managed-flink/trip-sessions:log-stream:job',
        properties: { output: join(folder, 'counted'), perSecond: '100', ...properties },
      },
    ],
    { everySeconds: 1 },
  );

/** As the service tells it of an application. */
const tellOfStream = async (MetricName: string, Value: number, more: Readonly<Record<string, string>> = {}) => {
  const dimensions = Object.entries({ Application: 'trip-sessions', ...more });
  const Dimensions = dimensions.map(([Name, value]) => ({ Name, Value: value }));
  const MetricData = [{ MetricName, Value, Dimensions, Timestamp: new Date() }];
  await new CloudWatchClient().send(new PutMetricDataCommand({ Namespace: 'AWS/KinesisAnalytics', MetricData }));
};

/** As the runbook of failed builds has it, to which others refer. */
function buildAgain(product: string, interval: string): void {
  const [start, end] = [`"start":"${interval}"`, `"end":"${next(interval)}"`];
  const filled = { 'silver.trips': product, '"start":"2025-01-18"': start, '"end":"2025-01-19"': end };
  runbook('P0-BuildFailed').follow('workflow start', filled);
}
