import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DateTime } from 'luxon';
import { play } from '../../local/generator/play.ts';
import { StandInStream } from '../../local/generator/stand-in-stream.ts';
import type { StreamRow } from '../../local/generator/stream-parquet.ts';
import { buckets } from '../../local/provision.ts';
import { streamOf } from '../../model/catalogue.ts';
import { intervalKey, intervalStart, shiftInterval } from '../../model/intervals.ts';
import type { Merged, Reconciliation } from '../../model/messages/realtime.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { query } from '../../activities/redshift/query.ts';
import { runDays } from './days.ts';
import { closeOnSignal, openLocal } from './demo.ts';
import { putInto } from './land.ts';
import { producerOn } from './live.ts';
import type { Session } from './session.ts';
import { heading } from './summary.ts';
import { type Cell, createProgress, faint, type Progress, seconds, table } from '../terminal.ts';

const tripsPerDay = 2_000;
const commitEveryMs = 5_000;
/** Of so many trips the stream misses one, and has another's fare otherwise: what a night is to find. */
const planted = { missing: 200, otherFare: 90 } as const;

/** A day that is over is played into the stream; its trips are to be seen while it runs, and the night puts them right. */
export async function liveDemo(root: string, speed: number): Promise<void> {
  const progress = createProgress();
  const folder = join(root, '.tideline', 'live');
  // A date is settled once: each demo begins on a platform of its own.
  await rm(folder, { recursive: true, force: true });
  const opening = openLocal(root, progress, undefined, folder);
  const stopListening = closeOnSignal(opening);
  const session = await opening;
  try {
    const date = shiftInterval('date', intervalKey('date', DateTime.utc()), -1);
    const began = Date.now();
    await playDay(session, date, speed, progress);
    const { client, catalogue, platform } = session;
    // What it holds is delivered when it stops.
    await platform.supervisor.end('delivery');
    progress.step(`The night of ${date}: hourly builds, daily batch, reconciliation; Web UI: ${platform.webUi}`);
    const hour = shiftInterval('hour', intervalKey('hour', DateTime.utc()), 1);
    const dates = { start: date, end: shiftInterval('date', date, 1) };
    await runDays(client, catalogue, { start: `${date}T00`, end: hour }, dates, (name, done, total) => {
      progress.tick(`${name} ${done}/${total}`);
      if (done === total) progress.end();
    });
    const reconciled = await run<Reconciliation>(session, 'reconcile', { date });
    await tell(session, date, reconciled);
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

/** Sends a day's events at so many times their pace, while merges bring what has ended into the warehouse. */
async function playDay(session: Session, date: string, speed: number, progress: Progress): Promise<void> {
  const { platform, catalogue } = session;
  const stream = streamOf(catalogue, undefined);
  const trips = new StandInStream(stream, putInto(platform.s3, buckets.lake), plantedIn());
  const producer = producerOn(platform);
  const start = intervalStart(date);
  const began = Date.now();
  const clock = (): DateTime => start.plus({ milliseconds: (Date.now() - began) * speed });
  const ended = new AbortController();
  progress.step(
    `Playing ${date}, ${speed} times as fast as in life; look at it: psql ${platform.postgresUrl} -c "SELECT data_state, count(*) FROM public.trips GROUP BY 1"`,
  );
  const merging = (async () => {
    while (!ended.signal.aborted) {
      await delay(commitEveryMs, undefined, { signal: ended.signal }).catch(() => undefined); // The day's end ends the wait.
      await trips.commit(clock().toJSDate());
      await mergeAt(session, clock(), progress);
    }
  })();
  const options = { seed: 3, start: date, days: 1, tripsPerDay, arrivedBefore: `${shiftInterval('date', date, 1)}T04` };
  const played = await play(options, {
    speed,
    put: (lines) => producer.put(lines),
    onEvent: (event) => {
      trips.add(event);
    },
  });
  ended.abort();
  await merging;
  await trips.commit(clock().toJSDate(), { all: true });
  await mergeAt(session, clock(), progress);
  progress.end();
  progress.step(`${played.lines.toLocaleString('en-US')} lines were sent, ${played.duplicates} of them again`);
}

async function mergeAt(session: Session, at: DateTime, progress: Progress): Promise<void> {
  // Nothing is of the future: the day is over, whatever its clock says when it is played slowly.
  const firedAt = DateTime.min(at, DateTime.utc()).toISO() ?? '';
  const { merged } = await run<Merged>(session, 'mergeRealtime', { firedAt });
  const [row] = await query(session.warehouse, 'SELECT COUNT(*) AS trips, MAX(end_time) AS newest FROM public.trips');
  const newest = String(row?.newest ?? '').slice(11, 16);
  progress.tick(
    `${at.toFormat('HH:mm')}  ${Number(row?.trips).toLocaleString('en-US')} trips in public.trips, ${merged} new or changed, the newest ended ${newest}`,
  );
}

/** What the stream is to have otherwise than the batch, so that the night has something to find. */
function plantedIn(): (row: StreamRow) => StreamRow | null {
  const numbers = new Map<string, number>();
  return (row) => {
    const trip = String(row.trip_id);
    const number = numbers.get(trip) ?? numbers.size + 1;
    numbers.set(trip, number);
    if (number % planted.missing === 0) return null;
    if (number % planted.otherFare !== 0 || row.fare_amount === null) return row;
    return { ...row, fare_amount: Math.round(Number(row.fare_amount) * 90) / 100 };
  };
}

async function tell({ warehouse }: Session, date: string, told: Reconciliation): Promise<void> {
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
  console.log(
    faint(
      `  Planted: every ${planted.missing}th trip is missing in the stream, every ${planted.otherFare}th has nine tenths of its fare.`,
    ),
  );
  const states = await query(
    warehouse,
    'SELECT data_state, COUNT(*) AS trips FROM public.trips WHERE trip_date = CAST(:date AS DATE) GROUP BY data_state',
    { date },
  );
  console.log(
    `\n  public.trips of ${date}: ${states.map(({ data_state, trips }) => `${trips} ${data_state}`).join(', ')}`,
  );
}
