import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DateTime } from 'luxon';
import { play } from '../../local/generator/play.ts';
import { buckets } from '../../local/provision.ts';
import { intervalKey, shiftInterval } from '../../model/intervals.ts';
import type { Merged, Reconciliation, StreamComparison } from '../../model/messages/realtime.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { pauseUpdate } from '../../model/messages/streams.ts';
import { type StreamApplication, streamApplications, supervisionId } from '../../model/stream-applications.ts';
import { createStreamHealthActivities } from '../../activities/cloudwatch/stream-health.ts';
import { query } from '../../activities/redshift/query.ts';
import { BesideTheStream } from './beside-the-stream.ts';
import { runDays } from './days.ts';
import { closeOnSignal, openLocal } from './demo.ts';
import { putInto } from './land.ts';
import { producerOn } from './live.ts';
import { liveProblems } from './live-check.ts';
import { tellSurge, tellTrips, surge } from './live-night.ts';
import { LiveTruth } from './live-truth.ts';
import type { Session } from './session.ts';
import { createProgress, type Progress, seconds } from '../terminal.ts';

export interface LiveDemoOptions {
  /** So many times faster than in life. */
  readonly speed: number;
  readonly tripsPerDay: number;
}

const mergeEveryMs = 5_000;
/** It takes seconds. */
const mostReadingMs = 10 * 60_000;
/** As often the local service publishes figures. */
const figuresEverySeconds = 10;

/**
 * A day that is over is played into the stream; its trips are to be seen while it runs, and the night puts them right. Gives what
 * of all that is not as it must be.
 */
export async function liveDemo(root: string, options: LiveDemoOptions): Promise<string[]> {
  const progress = createProgress();
  const folder = join(root, '.tideline', 'live');
  // A date is settled once: each demo begins on a platform of its own.
  await rm(folder, { recursive: true, force: true });
  const opening = openLocal(root, progress, { folder, streams: true });
  const stopListening = closeOnSignal(opening);
  const session = await opening;
  try {
    // The first hours of the date after it are played too: without them no time would pass in which trips fall silent.
    const date = shiftInterval('date', intervalKey('date', DateTime.utc()), -2);
    const began = Date.now();
    const truth = await playDay(session, date, options, progress);
    const { client, catalogue, platform } = session;
    // What it holds is delivered when it stops.
    await platform.supervisor.end('delivery');
    // All is read. Two applications that ask the emulator for more take from the night's jobs what two cores have.
    for (const { name } of streamApplications)
      await client.workflow
        .getHandle(supervisionId(name))
        .executeUpdate(pauseUpdate, { args: [{ by: 'the demo', why: 'the day is over' }] });
    progress.step(`The night of ${date}: hourly builds, daily batch, reconciliation; Web UI: ${platform.webUi}`);
    const hour = shiftInterval('hour', intervalKey('hour', DateTime.utc()), 1);
    const dates = { start: date, end: shiftInterval('date', date, 1) };
    await runDays(client, catalogue, { start: `${date}T00`, end: hour }, dates, (name, done, total) => {
      progress.tick(`${name} ${done}/${total}`);
      if (done === total) progress.end();
    });
    const reconciled = await run<Reconciliation>(session, 'reconcile', { date });
    const trips = await tellTrips(session, date, reconciled, truth);
    const compared = await run<StreamComparison>(session, 'compareStream', { product: surge, date });
    const windows = await tellSurge(session, compared, truth);
    const problems = liveProblems({ ...trips, ...windows });
    console.log(`\n  ${seconds(Date.now() - began)} in all. Everything that ran is in the Web UI until this ends.`);
    return problems;
  } finally {
    stopListening();
    await session.close();
  }
}

const run = <T>({ client }: Session, type: string, input: object): Promise<T> =>
  client.workflow.execute(type, {
    workflowId: `${type}/live/${Date.now()}`,
    taskQueue: orchestrationQueue,
    args: [input],
  }) as Promise<T>;

/**
 * Sends a day's events at so many times their pace, but for what is to come beside the stream, while merges bring what its
 * application has written into the warehouse.
 */
async function playDay(
  session: Session,
  date: string,
  { speed, tripsPerDay }: LiveDemoOptions,
  progress: Progress,
): Promise<LiveTruth> {
  const { platform } = session;
  const producer = producerOn(platform);
  const beside = new BesideTheStream();
  const truth = new LiveTruth(beside);
  const ended = new AbortController();
  progress.step(
    `Playing ${date}, ${speed} times as fast as in life; look at it: psql ${platform.postgresUrl} -c "SELECT data_state, count(*) FROM public.trips GROUP BY 1"`,
  );
  const merging = (async () => {
    while (!ended.signal.aborted) {
      await delay(mergeEveryMs, undefined, { signal: ended.signal }).catch(() => undefined); // The day's end ends the wait.
      await mergeNow(session, progress);
    }
  })();
  const options = { seed: 3, start: date, days: 2, tripsPerDay, arrivedBefore: `${shiftInterval('date', date, 1)}T06` };
  const played = await play(options, {
    speed,
    put: (lines) => producer.put(beside.withoutPlanted(lines)),
    onEvent: (event) => {
      truth.sent(event);
    },
  });
  ended.abort();
  await merging;
  await untilRead(session, progress);
  progress.end();
  await beside.land(putInto(platform.s3, buckets.raw));
  progress.step(`${played.lines.toLocaleString('en-US')} lines were sent, ${played.duplicates} of them again`);
  return truth;
}

/** Merges until the applications have read all that was sent, and their files have all been merged. */
async function untilRead(session: Session, progress: Progress): Promise<void> {
  const figures = createStreamHealthActivities(new CloudWatchClient(), figuresEverySeconds);
  const since = Date.now();
  const isReadBy = async ({ name }: StreamApplication): Promise<boolean> =>
    (await figures.readStreamHealth({ application: name, since })).behindMs?.last === 0;
  const isRead = async (): Promise<boolean> => (await Promise.all(streamApplications.map(isReadBy))).every(Boolean);
  // What it had read by a checkpoint is in the files of the next one at the latest.
  const { FLINK_CHECKPOINT_INTERVAL_MS: intervalMs } = session.platform.environment;
  let quietMs = 0;
  while (quietMs < 2 * Number(intervalMs)) {
    if (Date.now() - since > mostReadingMs)
      throw new Error('The applications have not read the stream to its end: npm run lake -- stream status says why.');
    await delay(mergeEveryMs);
    const merged = await mergeNow(session, progress);
    quietMs = merged === 0 && (await isRead()) ? quietMs + mergeEveryMs : 0;
  }
}

/** Gives how many rows were new, or changed. */
async function mergeNow(session: Session, progress: Progress): Promise<number> {
  let merged = 0;
  for (const product of session.catalogue.streams.keys())
    merged += (await run<Merged>(session, 'mergeRealtime', { product })).merged;
  const [row] = await query(session.warehouse, 'SELECT COUNT(*) AS trips, MAX(end_time) AS newest FROM public.trips');
  const newest = String(row?.newest ?? '').slice(11, 16);
  progress.tick(
    `${Number(row?.trips).toLocaleString('en-US')} trips in public.trips, ${merged} rows new or changed, the newest trip ended ${newest}`,
  );
  return merged;
}
