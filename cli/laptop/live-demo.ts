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
import { comparedStreams } from '../../model/catalogue.ts';
import { pauseUpdate } from '../../model/messages/streams.ts';
import { type StreamApplication, streamApplications, supervisionId } from '../../model/stream-applications.ts';
import { createStreamHealthActivities } from '../../activities/cloudwatch/stream-health.ts';
import { query } from '../../activities/redshift/query.ts';
import { BesideTheStream, planted } from './beside-the-stream.ts';
import { runDays } from './days.ts';
import { closeOnSignal, openLocal } from './demo.ts';
import { putInto } from './land.ts';
import { producerOn } from './live.ts';
import type { Session } from './session.ts';
import { heading } from './summary.ts';
import { type Cell, createProgress, faint, type Progress, seconds, table } from '../terminal.ts';

const tripsPerDay = 2_000;
const mergeEveryMs = 5_000;
/** It takes seconds. */
const mostReadingMs = 10 * 60_000;
/** As often the local service publishes figures. */
const figuresEverySeconds = 10;

/** A day that is over is played into the stream; its trips are to be seen while it runs, and the night puts them right. */
export async function liveDemo(root: string, speed: number): Promise<void> {
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
    const beside = await playDay(session, date, speed, progress);
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
    await tell(session, date, reconciled, beside.trips);
    for (const { key: product } of comparedStreams(catalogue)) {
      const told = await run<StreamComparison>(session, 'compareStream', { product, date });
      console.log(
        `  ${product}: ${told.streamRows} windows of the stream, ${told.batchRows} of the batch, of which ${told.missing + told.differing} are otherwise by events that came late or beside the stream`,
      );
    }
    console.log(`\n  ${seconds(Date.now() - began)} in all. Everything that ran is in the Web UI until this ends.`);
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
async function playDay(session: Session, date: string, speed: number, progress: Progress): Promise<BesideTheStream> {
  const { platform } = session;
  const producer = producerOn(platform);
  const beside = new BesideTheStream();
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
  const played = await play(options, { speed, put: (lines) => producer.put(beside.withoutPlanted(lines)) });
  ended.abort();
  await merging;
  await untilRead(session, progress);
  progress.end();
  await beside.land(putInto(platform.s3, buckets.raw));
  progress.step(`${played.lines.toLocaleString('en-US')} lines were sent, ${played.duplicates} of them again`);
  return beside;
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

async function tell(
  { warehouse }: Session,
  date: string,
  told: Reconciliation,
  besideTheStream: ReadonlySet<string>,
): Promise<void> {
  const rows = told.cities.map((city): Cell[] => [
    city.city,
    city.streamCount,
    city.batchCount,
    city.streamFare,
    city.batchFare,
    city.missingInStream,
    city.missingInBatch,
    city.differing,
  ]);
  const names = ['city', 'stream', 'batch', 'fares, stream', 'fares, batch', 'missing', 'extra', 'differing'];
  console.log(`${heading(`${date}, the stream beside the batch`)}${table(names, rows)}`);
  const { settled } = told;
  if (settled)
    console.log(
      `\n  ${settled.streamCount} trips of the stream, ${settled.batchCount} of the batch: ${settled.divergencePct.toFixed(3)} % apart`,
    );
  const kinds = await query(
    warehouse,
    `SELECT kind, TRIM(columns) AS columns, COUNT(*) AS trips FROM streaming.divergence
     WHERE date = CAST(:date AS DATE) GROUP BY kind, TRIM(columns) ORDER BY 1, 2`,
    { date },
  );
  console.log(
    heading('What differed') +
      table(
        ['kind', 'columns', 'trips'],
        kinds.map(({ kind, columns, trips }): Cell[] => [String(kind), String(columns), Number(trips)]),
      ),
  );
  const differing = await query(
    warehouse,
    'SELECT trip_id FROM streaming.divergence WHERE date = CAST(:date AS DATE)',
    { date },
  );
  const unexplained = differing.filter(({ trip_id }) => !besideTheStream.has(String(trip_id)));
  console.log(
    faint(
      `  Planted: one trip in ${planted.trips} came as a file beside the stream, and so did the payments of one in ${planted.payments}.`,
    ),
  );
  console.log(`  ${differing.length - unexplained.length} of ${differing.length} that differ are of those trips.`);
  if (unexplained.length > 0) process.exitCode = 1;
  const states = await query(
    warehouse,
    'SELECT data_state, COUNT(*) AS trips FROM public.trips WHERE trip_date = CAST(:date AS DATE) GROUP BY data_state',
    { date },
  );
  console.log(
    `\n  public.trips of ${date}: ${states.map(({ data_state, trips }) => `${trips} ${data_state}`).join(', ')}`,
  );
}
