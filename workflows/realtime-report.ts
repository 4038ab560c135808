import { markdownTable } from './markdown.ts';
import type { Merged, Reconciliation, StreamComparison, StreamDate } from '../model/messages/realtime.ts';

/** What readers see of a date, and since when. */
function stateOf({ isLive, settled }: StreamDate): string {
  if (isLive) return 'provisional';
  return settled ? `settled ${settled.at.slice(0, 16)}Z, ${percent(settled.divergencePct)} apart` : 'the batch’s';
}

const percent = (share: number): string => `${share.toFixed(3)} %`;

/** A merge's figures, and the dates of its table, as the Web UI draws them (markdown). */
export function mergeTable(
  { files, rows, late, merged, purged, foreign, refused }: Merged,
  dates: readonly StreamDate[],
): string {
  const held = dates.filter((date) => date.isLive || date.rows > 0);
  return [
    markdownTable(
      ['files', 'rows', 'merged', 'of closed dates', 'left the table'],
      ['files', 'rows', 'merged', 'of closed dates', 'left the table'],
      [[files, rows, merged, late, purged]],
    ),
    ...(held.length === 0 ? [] : ['', datesTable(held)]),
    ...(foreign > 0 ? ['', `${foreign} other objects lie in the stream's folders: no merge reads them.`] : []),
    ...refused.map((file) => `- **not merged**: ${file}`),
  ].join('\n');
}

const datesTable = (dates: readonly StreamDate[]): string =>
  markdownTable(
    ['date', 'rows', 'readers see'],
    ['rows'],
    dates.map((date) => [date.date, date.rows, stateOf(date)]),
  );

const hours = (seconds: number): string => (seconds / 3600).toFixed(1);
const clock = (at: string | null): string => (at === null ? 'not yet' : `${at.slice(11, 19)}Z`);

/** How far a stream's rows of a date are apart from the batch's. */
export function comparisonTable(told: StreamComparison): string {
  const figures = ['stream', 'batch', 'missing', 'extra', 'differing', '% apart'];
  const { streamRows, batchRows, missing, extra, differing, differingPct } = told;
  return markdownTable(figures, figures, [[streamRows, batchRows, missing, extra, differing, differingPct.toFixed(3)]]);
}

/** Both sides of a date by city, when it became exact, and some of the trips that differed. */
export function reconciliationTable(told: Reconciliation): string {
  if (!told.wasNeeded) return 'The stream never had this date: readers have it from the batch.';
  const { settled, cities } = told;
  const figures = ['trips', 'fares', 'hours', 'missing', 'extra', 'differing', '% apart'];
  const rows = cities.map((city) => [
    city.city,
    `${city.streamCount} / ${city.batchCount}`,
    `${city.streamFare} / ${city.batchFare}`,
    `${hours(city.streamSeconds)} / ${hours(city.batchSeconds)}`,
    city.missingInStream,
    city.missingInBatch,
    city.differing,
    apartOf(city).toFixed(2),
  ]);
  const summary = settled
    ? `Stream ${settled.streamCount} trips, batch ${settled.batchCount} (counts ${percent(countsApart(settled))} apart): ${percent(settled.divergencePct)} of trips differ, accuracy ${percent(100 - settled.divergencePct)} (99.5 % is expected).`
    : '';
  return [
    summary,
    `Begun ${clock(told.begunAt)}, overwritten ${clock(told.overwrittenAt)}, exact ${clock(told.exactAt)}.`,
    '',
    'Stream / batch by city:',
    '',
    markdownTable(['city', ...figures], figures, rows),
    ...(told.trips.length > 0 ? ['', `Trips: ${told.trips.join('; ')}. All are in streaming.divergence.`] : []),
  ].join('\n');
}

const countsApart = ({ streamCount, batchCount }: NonNullable<Reconciliation['settled']>): number =>
  batchCount === 0 ? 0 : (100 * Math.abs(streamCount - batchCount)) / batchCount;

/** Trips of a city that one side lacks, or has otherwise, in per cent of those of the batch. */
export function apartOf({ batchCount, missingInStream, missingInBatch, differing }: Reconciliation['cities'][number]) {
  const apart = missingInStream + missingInBatch + differing;
  if (apart === 0) return 0;
  return batchCount === 0 ? 100 : (100 * apart) / batchCount;
}
