import { readFile } from 'node:fs/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { taxiTrips } from '../../local/generator/taxi-trips.ts';
import { type WriteSummary, writeRawLines } from '../../local/generator/write-raw.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { type IntervalRange, shiftInterval } from '../../model/intervals.ts';
import { putInto } from './land.ts';

export interface Trips {
  readonly count: number;
  readonly rejected: readonly { readonly line: number; readonly reason: string }[];
  /** Dates on which trips start, half-open. */
  readonly dates: IntervalRange;
  /** Set when the trips are older than the contracts allow by default. */
  readonly earliestEvent: string | undefined;
  /** Lands the events of all trips; tells the hours [start, end) in which they arrived. */
  land(client: S3Client, bucket: string): Promise<WriteSummary & { hours: IntervalRange }>;
}

/** Reads a file of New York taxi trips. Throws an Error that says what is wrong with the file when no trip can be read. */
export async function readTrips(file: string, shiftTo: string | undefined): Promise<Trips> {
  const trips = taxiTrips(await readFile(file, 'utf8'), shiftTo === undefined ? {} : { shiftTo });
  const covered = trips.coveredDates();
  const [first] = covered;
  const last = covered.at(-1);
  if (first === undefined || last === undefined) {
    const reasons = trips.rejected.slice(0, 5).map(({ line, reason }) => `line ${line}: ${reason}`);
    throw new Error(`${file} has no trip that can be read. ${reasons.join('; ')}`);
  }
  // The contract takes events from this date on, unless a run says otherwise.
  const earliestEvent = loadCatalogue().get('bronze.events').source?.earliestEvent ?? '';
  return {
    count: trips.tripCount,
    rejected: trips.rejected,
    dates: { start: first, end: shiftInterval('date', last, 1) },
    earliestEvent: first <= earliestEvent ? shiftInterval('date', first, -1) : undefined,
    async land(client, bucket) {
      const summary = await writeRawLines(trips.lines(), { put: putInto(client, bucket) });
      if (summary.firstHour === null || summary.lastHour === null) throw new Error(`${file} made no events.`);
      return { ...summary, hours: { start: summary.firstHour, end: shiftInterval('hour', summary.lastHour, 1) } };
    },
  };
}
