import { join } from 'node:path';
import { buckets } from '../../local/provision.ts';
import { shiftInterval } from '../../model/intervals.ts';
import type { BuildOutcome } from '../../model/messages/builds.ts';
import { type OnProgress, runDay, runDays } from './days.ts';
import { landGenerated } from './land.ts';
import { surveyDates } from '../../activities/planning/overview.ts';
import { openLedger } from '../../workers/clients.ts';
import { writeReport } from './report.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';
import { statusGrid } from '../status-grid.ts';
import { cityDays, cityTable, heading, productTable, summarize } from './summary.ts';
import { readTrips, type Trips } from './taxi.ts';
import { createProgress, faint, type Progress, seconds } from '../terminal.ts';

/** The day that is generated when no trips are given: always the same, so that a second run finds it built. */
const generatedDay = { seed: 1, start: '2025-01-18', days: 1, tripsPerDay: 6_000 } as const;

export interface DemoOptions {
  readonly root: string;
  /** A file of New York taxi trips to build instead of a generated day. */
  readonly trips?: string;
  readonly shiftTo?: string;
  /** Folder for the published gold tables and a summary. */
  readonly report?: string;
}

interface Built {
  readonly outcomes: readonly BuildOutcome[];
  readonly start: string;
  readonly end: string;
}

/** Builds a day of trips from raw events to the warehouse on this machine, prints what came out, and stops everything. */
export async function demo(options: DemoOptions): Promise<void> {
  const began = Date.now();
  const progress = createProgress();
  const trips = options.trips === undefined ? undefined : await readTrips(options.trips, options.shiftTo);
  const opening = openLocal(options.root, progress, trips && { earliestEvent: trips.earliestEvent });
  const stopListening = closeOnSignal(opening);
  const session = await opening;
  try {
    const started = Date.now();
    let firstHour: number | undefined;
    const onProgress: OnProgress = (name, done, total, outcomes) => {
      firstHour ??= outcomes.some(({ intervals }) => intervals.some((rows) => rows.rowsPublished > 0))
        ? Date.now()
        : undefined;
      progress.tick(`${name} ${done}/${total}  ${faint(seconds(Date.now() - started))}`);
      if (done === total) progress.end();
    };
    const built = trips
      ? await buildTrips(session, trips, progress, onProgress)
      : await buildGenerated(session, progress, onProgress);
    const ended = Date.now();

    const summaries = summarize(built.outcomes);
    const cities = await cityDays(session.warehouse, built.start, built.end);
    const last = shiftInterval('date', built.end, -1);
    console.log(heading(built.start === last ? built.start : `${built.start} to ${last}`) + cityTable(cities));
    console.log(heading('Rows per product') + productTable(summaries));
    const ledger = openLedger(session.platform.environment.TIDELINE_LEDGER_TABLE ?? '');
    const { dates, intervals } = await surveyDates(ledger, session.catalogue, { to: built.end });
    console.log(`${heading('Ledger')}${statusGrid(dates, intervals)}`);
    console.log(heading('Times'));
    console.log(`  platform and workers up after ${seconds(started - began)}`);
    if (firstHour !== undefined) console.log(`  first published hour after    ${seconds(firstHour - began)}`);
    console.log(`  everything built in           ${seconds(ended - started)}`);
    if (options.report !== undefined) {
      await writeReport(session, options.report, {
        ...built,
        summaries,
        cities,
        seconds: { build: (ended - started) / 1000 },
      });
      console.log(`\n  Report: ${options.report}`);
    }
    console.log(`\n  Runs stay in the Web UI of the next start: npm start, then ${session.platform.webUi}`);
  } finally {
    stopListening();
    await session.close();
  }
}

interface OpenOptions extends Pick<SessionOptions, 'streams'> {
  /** By default that of this checkout. */
  readonly folder?: string;
  readonly earliestEvent?: string | undefined;
}

/** What the platform holds while one job and the applications of the stream are at work, another driver and that of backfills. */
const memoryOfTwoJobs = 7 * 2 ** 30;

/** Opens a session in the checkout's own folder and tells what it waits for. */
export async function openLocal(
  root: string,
  progress: Progress,
  { earliestEvent, ...options }: OpenOptions = {},
): Promise<Session> {
  return openSession({
    root,
    folder: join(root, '.tideline', 'local'),
    // Tests take others: of platforms that start at once each would find these free.
    wantedPorts: { temporal: 7233, webUi: 8233, postgres: 5439 },
    jobsAtOnce: process.availableMemory() >= memoryOfTwoJobs ? 2 : 1,
    ...options,
    ...(earliestEvent !== undefined && { settings: { TIDELINE_EARLIEST_EVENT: earliestEvent } }),
    onStep: (text) => {
      progress.step(`Starting ${text}`);
    },
    onRecovered: (text) => {
      progress.step(text);
    },
  });
}

/** Ctrl-C or a plain kill stops the platform, also one that is still starting, before this process ends. Returns how to stop listening. */
export function closeOnSignal(opening: Promise<Session>): () => void {
  const stop = (signal: NodeJS.Signals): void => {
    console.log(`\n${signal}: stopping …`);
    void opening
      .then((session) => session.close())
      .then(
        () => process.exit(130),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  return () => process.off('SIGINT', stop).off('SIGTERM', stop);
}

/** Lands and builds the generated day with progress, for those who want it only as a start. */
export async function buildDemoDay(session: Session, progress: Progress): Promise<void> {
  await buildGenerated(session, progress, (name, done, total) => {
    progress.tick(`${name} ${done}/${total}`);
    if (done === total) progress.end();
  });
}

async function buildGenerated(session: Session, progress: Progress, onProgress: OnProgress): Promise<Built> {
  progress.step(`Landing the events of ${generatedDay.start}`);
  const landed = await landGenerated(session.platform.s3, buckets.raw, generatedDay);
  progress.tick(
    landed ? `${landed.lines.toLocaleString('en-US')} lines in ${landed.files} files` : 'landed before: reused',
  );
  progress.end();
  progress.step(`Running the schedules’ workflows of that day; Web UI: ${session.platform.webUi}`);
  const outcomes = await runDay(session.client, session.catalogue, generatedDay.start, onProgress);
  return { outcomes, start: generatedDay.start, end: shiftInterval('date', generatedDay.start, 1) };
}

async function buildTrips(session: Session, trips: Trips, progress: Progress, onProgress: OnProgress): Promise<Built> {
  progress.step(
    `Landing ${trips.count.toLocaleString('en-US')} trips of ${trips.dates.start} to ${shiftInterval('date', trips.dates.end, -1)}`,
  );
  const landed = await trips.land(session.platform.s3, buckets.raw);
  progress.tick(
    `${landed.lines.toLocaleString('en-US')} events in ${landed.files} files, ${trips.rejected.length} rows rejected`,
  );
  progress.end();
  for (const { line, reason } of trips.rejected.slice(0, 10)) console.log(faint(`  line ${line}: ${reason}`));
  progress.step(`Building every day; Web UI: ${session.platform.webUi}`);
  const outcomes = await runDays(session.client, session.catalogue, landed.hours, trips.dates, onProgress);
  return { outcomes, ...trips.dates };
}
