import { DateTime } from 'luxon';
import { intervalsIn, type IntervalRange, intervalStart } from '../../model/intervals.ts';
import type { SettledStream } from '../../model/product.ts';
import type { IntervalRecord } from '../ledger/records.ts';
import type { IntervalState, LedgerReader, SurveyedInterval } from './survey.ts';

/** Events of a date are late after 48 hours, and come by the late path, which restates what they change: from its start three days. */
const settlesWithinHours = 72;

/** `provisional`: readers see the stream's rows; `settling`: the batch's, which late events may still change; `final`. */
function stateOfStream(record: IntervalRecord | undefined, now: DateTime): IntervalState {
  const { streamed } = record ?? {};
  if (!streamed || !(streamed.isLive || streamed.settled)) return 'missing';
  if (streamed.isLive) return 'provisional';
  const age = now.diff(intervalStart(record?.interval ?? '')).as('hours');
  return age < settlesWithinHours ? 'settling' : 'final';
}

/** The state of the dates [start, end) of a stream's table, from the ledger alone. */
export async function surveyStream(
  ledger: Pick<LedgerReader, 'records'>,
  { key }: SettledStream,
  range: IntervalRange,
  now: DateTime = DateTime.utc(),
): Promise<SurveyedInterval[]> {
  const dates = intervalsIn('date', range);
  const records = await ledger.records(key, dates[0] ?? '', dates.at(-1) ?? '');
  const byDate = new Map(records.map((record) => [record.interval, record]));
  return dates.map((interval) => {
    const record = byDate.get(interval);
    return { product: key, interval, state: stateOfStream(record, now), record, changedInputs: [] };
  });
}

const count = (rows: number): string => rows.toLocaleString('en-US');

/** One paragraph that says whose rows of a date readers see, and since when. */
export function explainStream(
  { key, settledBy }: SettledStream,
  { interval, state, record }: SurveyedInterval,
): string {
  const subject = `${key} ${interval} is ${state}`;
  const command = `temporal workflow start --task-queue orchestration --type reconcile --input '{"product":"${key}","date":"${interval}"}'`;
  const { streamed } = record ?? {};
  const settled = streamed?.settled;
  if (!streamed || (!streamed.isLive && !settled))
    return `${subject}: the stream has written nothing of it that is merged; readers have it from ${settledBy}, as far as that has it.`;
  const held = `${count(streamed.rows)} rows in the table as of ${streamed.at.slice(0, 19)}Z`;
  if (streamed.isLive)
    return `${subject}: readers see the stream's rows, ${held}, until the batch settles the date, at 02:00 of the next. To do it now: ${command}`;
  const { at, streamCount, batchCount, divergencePct } = settled ?? {
    at: '',
    streamCount: 0,
    batchCount: 0,
    divergencePct: 0,
  };
  const told = `${settledBy} took the stream's place ${at.slice(0, 19)}Z: ${count(streamCount)} trips of the stream, ${count(batchCount)} of the batch, ${divergencePct.toFixed(3)} % apart; ${held}`;
  const settling = ' Late events still restate it.';
  return `${subject}: ${told}.${state === 'settling' ? settling : ''} What differed: SELECT * FROM streaming.divergence WHERE date = '${interval}'.`;
}
