import { ownTables } from '../../model/catalogue.ts';
import { shiftInterval } from '../../model/intervals.ts';
import { bookkeeping, type Product, type SettledStream } from '../../model/product.ts';
import { keyOf, targetOf } from './dialect.ts';
import { guardSql, namesOf } from './merge-sql.ts';

const { settledDates, liveDates, divergence, reconciliations } = ownTables;

/** Of so many trips of a date the differences are kept. */
const mostKept = 1000;
/** For how many days a backup is kept, and the values of trips that differed: they are of persons. */
const keptDays = 7;

export const backupOf = ({ warehouse }: SettledStream, date: string): string =>
  `${warehouse.table}_backup_${date.replaceAll('-', '')}`;

/**
 * Lets the batch's rows of a date [start_date, end_date) take the place of the stream's, in one transaction: compares both
 * sides, keeps what differs and the provisional rows, replaces the date, and rolls all of it back unless the rows are then
 * those of the batch. A run of a date that is settled already replaces it again, and neither compares nor keeps anything:
 * the first has told what the stream had.
 */
export function reconcileStatements(
  stream: SettledStream,
  settling: Product,
  date: string,
  isSettled = false,
): string[] {
  const { table } = stream.warehouse;
  const [key, columns, backup] = [keyOf(stream), namesOf(stream), backupOf(stream, date)];
  const batch = targetOf(settling).table;
  const inDate = `${stream.timeColumn} >= :start_date AND ${stream.timeColumn} < :end_date`;
  const provisional = `NOT EXISTS (SELECT 1 FROM ${settledDates} WHERE date = :start_date)`;
  const inBatch = `${settling.partitionColumn ?? ''} = :start_date`;
  return [
    guardSql,
    `CREATE TEMP TABLE batch_rows (LIKE ${table})`,
    `INSERT INTO batch_rows (${columns}) SELECT ${columns} FROM (${stream.fromBatch}) AS settled WHERE ${inDate}`,
    comparison(stream, inDate, provisional),
    `
INSERT INTO ${divergence} (date, city_id, trip_id, kind, columns, stream_values, batch_values)
SELECT CAST(:start_date AS DATE), city_id, ${key}, kind, columns, stream_values, batch_values
FROM compared
ORDER BY city_id, ${key}
LIMIT ${mostKept}`,
    sides(table, inDate, provisional),
    ...(isSettled
      ? []
      : [
          `CREATE TABLE IF NOT EXISTS ${backup} (LIKE ${table})`,
          `INSERT INTO ${backup} (${columns}) SELECT ${columns} FROM ${table} WHERE source = 'stream' AND ${inDate}`,
        ]),
    `DELETE FROM ${table} WHERE ${inDate}`,
    // Trips of which the stream has missed the first event, and which it has in the next date.
    `DELETE FROM ${table} USING batch_rows WHERE batch_rows.${key} = ${table}.${key}`,
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM batch_rows`,
    `
INSERT INTO ${settledDates} (date, settled_at, stream_count, batch_count, divergence_pct)
SELECT CAST(:start_date AS DATE), GETDATE(), stream_count, batch_count,
    CASE WHEN apart = 0 THEN 0 WHEN batch_count = 0 THEN 100 ELSE CAST(100 AS DOUBLE PRECISION) * apart / batch_count END
FROM (
    SELECT
        COALESCE(SUM(stream_count), 0) AS stream_count,
        COALESCE(SUM(batch_count), 0) AS batch_count,
        COALESCE(SUM(missing_in_stream + missing_in_batch + differing), 0) AS apart
    FROM ${reconciliations}
    WHERE date = :start_date
) AS summed
WHERE ${provisional}`,
    `DELETE FROM ${liveDates} WHERE date = :start_date`,
    `DELETE FROM ${divergence} WHERE date < CAST(:start_date AS DATE) - ${keptDays}`,
    // Ends the transaction, and with it all of the above, where the sides differ.
    `
SELECT 1 / CASE
    WHEN (SELECT COUNT(*) FROM ${table} WHERE ${inDate}) = (SELECT COUNT(*) FROM ${batch} WHERE ${inBatch})
        AND (SELECT COALESCE(SUM(fare_amount), 0) FROM ${table} WHERE ${inDate})
        = (SELECT COALESCE(SUM(fare_amount), 0) FROM ${batch} WHERE ${inBatch})
    THEN 1 ELSE 0 END AS equal`,
    'DROP TABLE compared',
    'DROP TABLE batch_rows',
  ];
}

/** The trips of the date in which the sides differ, with their values as texts. */
function comparison(stream: SettledStream, inDate: string, provisional: string): string {
  const key = keyOf(stream);
  const told = new Set<string>([...bookkeeping, key]);
  const names = stream.columns.map(({ name }) => name).filter((name) => !told.has(name));
  const differs = (name: string): string =>
    `CASE WHEN live.${name} = batch.${name} OR (live.${name} IS NULL AND batch.${name} IS NULL) THEN 0 ELSE 1 END = 1`;
  const both = `live.${key} IS NOT NULL AND batch.${key} IS NOT NULL`;
  const each = (text: (name: string) => string): string =>
    names.map((name) => `CASE WHEN ${both} AND ${differs(name)} THEN ${text(name)} ELSE '' END`).join('\n        || ');
  const value = (side: string) => (name: string) =>
    `'${name}=' || COALESCE(CAST(${side}.${name} AS VARCHAR(256)), 'null') || ' '`;
  return `
CREATE TEMP TABLE compared AS
SELECT
    COALESCE(live.${key}, batch.${key}) AS ${key},
    COALESCE(batch.city_id, live.city_id, 'unknown') AS city_id,
    CASE
        WHEN live.${key} IS NULL THEN 'missing_in_stream'
        WHEN batch.${key} IS NULL THEN 'missing_in_batch'
        ELSE 'differs'
    END AS kind,
    ${each((name) => `'${name} '`)} AS columns,
    ${each(value('live'))} AS stream_values,
    ${each(value('batch'))} AS batch_values
FROM (SELECT * FROM ${stream.warehouse.table} WHERE ${inDate}) AS live
FULL JOIN batch_rows AS batch ON batch.${key} = live.${key}
WHERE ${provisional}
    AND (live.${key} IS NULL OR batch.${key} IS NULL OR ${names.map(differs).join(' OR ')})`;
}

/** Both sides of the date by city: trips, fares, durations, and how many differ in which way. */
function sides(table: string, inDate: string, provisional: string): string {
  const of = (side: 'stream' | 'batch', from: string): string => `
    SELECT
        COALESCE(city_id, 'unknown') AS city_id,
        ${['stream', 'batch']
          .flatMap((name) => [
            `${name === side ? 1 : 0} AS ${name}_count`,
            `${name === side ? 'COALESCE(fare_amount, 0)' : '0'} AS ${name}_fare`,
            `${name === side ? 'COALESCE(duration_seconds, 0)' : '0'} AS ${name}_seconds`,
          ])
          .join(', ')},
        0 AS missing_in_stream, 0 AS missing_in_batch, 0 AS differing
    FROM ${from}`;
  const sum = (name: string): string => `SUM(${name})`;
  const figures = ['stream_count', 'batch_count', 'stream_fare', 'batch_fare', 'stream_seconds', 'batch_seconds'];
  const kinds = ['missing_in_stream', 'missing_in_batch', 'differing'];
  return `
INSERT INTO ${reconciliations} (date, city_id, ${[...figures, ...kinds].join(', ')})
SELECT CAST(:start_date AS DATE), city_id, ${[...figures, ...kinds].map(sum).join(', ')}
FROM (${of('stream', `${table} WHERE ${inDate}`)}
    UNION ALL${of('batch', 'batch_rows')}
    UNION ALL
    SELECT
        city_id, 0, 0, 0, 0, 0, 0,
        CASE WHEN kind = 'missing_in_stream' THEN 1 ELSE 0 END,
        CASE WHEN kind = 'missing_in_batch' THEN 1 ELSE 0 END,
        CASE WHEN kind = 'differs' THEN 1 ELSE 0 END
    FROM compared
) AS counted
WHERE ${provisional}
GROUP BY city_id`;
}

/** The backups of a stream's table that are over by a date, among tables of its schema. */
export function oldBackups({ warehouse }: SettledStream, tables: readonly string[], today: string): string[] {
  const [schema = '', table = ''] = warehouse.table.split('.');
  return tables.flatMap((name) => {
    const [, year, month, day] = new RegExp(`^${table}_backup_(\\d{4})(\\d{2})(\\d{2})$`).exec(name) ?? [];
    if (year === undefined) return [];
    return shiftInterval('date', `${year}-${month}-${day}`, keptDays) < today ? [`${schema}.${name}`] : [];
  });
}
