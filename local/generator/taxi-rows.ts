import { DateTime } from 'luxon';
import { z } from 'zod';
import { parseCsv, type CsvRecord } from './csv.ts';

export const TAXI_COLUMNS = [
  'pickup',
  'dropoff',
  'passengers',
  'distance',
  'fare',
  'tip',
  'tolls',
  'total',
  'color',
  'payment',
  'pickup_zone',
  'dropoff_zone',
  'pickup_borough',
  'dropoff_borough',
] as const;
type TaxiColumn = (typeof TAXI_COLUMNS)[number];

const ZONE = 'America/New_York';
const LOCAL_FORMAT = 'yyyy-MM-dd HH:mm:ss';

/** A New York wall-clock time as UTC, and whether the change of clocks made it nonexistent or ambiguous. */
export interface NewYorkTime {
  readonly instantMs: number;
  readonly clockChange: 'nonexistent' | 'ambiguous' | null;
}

/**
 * Reads a wall-clock time of New York. In spring the hour from 2 to 3 does not exist: such a time is read as if the
 * clock had not been moved yet (2:30 EST, which is 3:30 EDT). In autumn the hour from 1 to 2 comes twice: the first is
 * taken. Returns undefined for anything that is not a time.
 */
export function readNewYorkTime(text: string): NewYorkTime | undefined {
  const time = DateTime.fromFormat(text, LOCAL_FORMAT, { zone: ZONE, locale: 'en-US' });
  if (!time.isValid) return undefined;
  const [first = time] = time.getPossibleOffsets().toSorted((a, b) => a.toMillis() - b.toMillis());
  if (time.toFormat(LOCAL_FORMAT) !== text) return { instantMs: time.toMillis(), clockChange: 'nonexistent' };
  return { instantMs: first.toMillis(), clockChange: time.getPossibleOffsets().length > 1 ? 'ambiguous' : null };
}

const localTime = z.string().transform((text, context) => {
  const time = readNewYorkTime(text);
  if (time !== undefined) return time;
  context.addIssue({ code: 'custom', message: `not a time like 2019-03-01 00:03:29: "${text}"` });
  return z.NEVER;
});
const number = z.string().regex(/^-?\d+(\.\d+)?$/, 'not a number');
const cents = number.transform((text) => Math.round(Number(text) * 100)).refine((value) => value >= 0, 'below zero');
const optionalText = z.string().transform((text) => (text === '' ? null : text));

const rowSchema = z
  .object({
    pickup: localTime,
    dropoff: localTime,
    passengers: number.transform(Number).refine((value) => Number.isInteger(value) && value >= 0, 'not a count'),
    distance: number.transform(Number).refine((value) => value >= 0, 'below zero'),
    fare: cents,
    tip: cents,
    tolls: cents,
    total: cents,
    color: z.enum(['yellow', 'green']),
    payment: optionalText,
    pickup_zone: optionalText,
    dropoff_zone: optionalText,
    pickup_borough: optionalText,
    dropoff_borough: optionalText,
  })
  .refine((row) => row.dropoff.instantMs >= row.pickup.instantMs, { path: ['dropoff'], error: 'before the pickup' });

export type TaxiRow = z.output<typeof rowSchema> & { readonly line: number };

export interface RejectedRow {
  readonly line: number;
  /** Every problem of the row, each with its column. */
  readonly reason: string;
  readonly fields: readonly string[];
}

/** Something noticed on a row that was taken all the same. */
export interface RowNote {
  readonly line: number;
  readonly column: TaxiColumn;
  readonly note: 'empty' | 'nonexistent local time' | 'ambiguous local time';
}

export interface TaxiFile {
  readonly rows: readonly TaxiRow[];
  readonly rejected: readonly RejectedRow[];
  readonly notes: readonly RowNote[];
}

export class NotATaxiFile extends Error {
  override readonly name = 'NotATaxiFile';
}

/** Reads every row of the file; each ends up in `rows` or in `rejected`, never nowhere. */
export function readTaxiRows(text: string): TaxiFile {
  const [header, ...records] = parseCsv(text);
  const missing = TAXI_COLUMNS.filter((column) => !header?.fields.includes(column));
  if (header === undefined || missing.length > 0) throw new NotATaxiFile(`missing columns: ${missing.join(', ')}`);

  const file = { rows: [] as TaxiRow[], rejected: [] as RejectedRow[], notes: [] as RowNote[] };
  for (const record of records) {
    const row = readRow(header.fields, record);
    if ('reason' in row) file.rejected.push(row);
    else {
      file.rows.push(row);
      file.notes.push(...notesOn(row));
    }
  }
  return file;
}

function readRow(header: readonly string[], { line, fields }: CsvRecord): TaxiRow | RejectedRow {
  if (fields.length !== header.length) {
    return { line, fields, reason: `${fields.length} fields instead of ${header.length}` };
  }
  const parsed = rowSchema.safeParse(Object.fromEntries(header.map((column, index) => [column, fields[index]])));
  if (parsed.success) return { ...parsed.data, line };
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  return { line, fields, reason: problems.join('; ') };
}

function notesOn(row: TaxiRow): RowNote[] {
  return TAXI_COLUMNS.flatMap((column): RowNote[] => {
    const value = row[column];
    if (value === null) return [{ line: row.line, column, note: 'empty' }];
    const clockChange = typeof value === 'object' ? value.clockChange : null;
    return clockChange === null ? [] : [{ line: row.line, column, note: `${clockChange} local time` }];
  });
}
