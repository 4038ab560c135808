import { ownTables } from '../../model/catalogue.ts';
import { isSettled, type Product, type SettledStream, type Stream } from '../../model/product.ts';
import { keyOf, keysOf, targetOf } from './dialect.ts';

const { settledDates, liveDates, mergedFiles, guards } = ownTables;

/** A file of a stream, by its key in the bucket. */
export interface StreamFile {
  readonly folder: string;
  readonly file: string;
}

/** A statement of a merge, with what the rows that it changes are. */
export interface Step {
  readonly counts?: 'rows' | 'late' | 'merged' | 'purged';
  readonly sql: string;
}

/** Longer than the folders of a stream are looked through. */
const keptNotesDays = 7;
/** Of which files a statement notes so many: it may have 100 KB. */
const filesAStatement = 400;
/** The stream's state reaches no further back; and a clock that is a day ahead is wrong. */
const openDays = { before: 4, after: 1 } as const;
/** An earlier event of a trip may move its start into the date before. */
const neighbours = 2;

export const namesOf = ({ columns }: Stream): string => columns.map(({ name }) => name).join(', ');

/**
 * Merges the rows of files into a stream's table: one transaction, so that each file is merged once. Of each key the highest
 * version counts, in whatever order files come. What is of closed dates is left out where the batch settles them; rows that
 * are older than the retention leave.
 */
export function mergeSteps(stream: Stream, settling: Product | undefined, files: readonly StreamFile[]): Step[] {
  const { table } = stream.warehouse;
  const [keys, columns] = [keysOf(stream), namesOf(stream)];
  const same = (other: string): string => keys.map((key) => `${other}.${key} = merged_rows.${key}`).join(' AND ');
  const settled = settling && isSettled(stream) ? { stream, settling } : undefined;
  return [
    { sql: guardSql },
    { sql: `DELETE FROM ${stream.files.table}` },
    // Files of an application of before lack the columns that are new, which stand at the end.
    {
      counts: 'rows',
      sql: `COPY ${stream.files.table} FROM :manifest IAM_ROLE :iam_role FORMAT AS PARQUET MANIFEST FILLRECORD`,
    },
    { sql: `CREATE TEMP TABLE merged_rows (LIKE ${table})` },
    {
      sql: `
INSERT INTO merged_rows (${columns})
SELECT ${columns}
FROM (
    SELECT told.*, ROW_NUMBER() OVER (PARTITION BY ${keys.join(', ')} ORDER BY version DESC, processing_time DESC) AS age
    FROM (${stream.fromFiles}) AS told
) AS aged
WHERE age = 1`,
    },
    {
      sql: `
DELETE FROM merged_rows USING ${table} AS known
WHERE ${same('known')}${settled ? " AND known.source = 'stream'" : ''}
    AND (
        known.version > merged_rows.version
        OR (known.version = merged_rows.version AND known.processing_time >= merged_rows.processing_time)
    )`,
    },
    ...(settled ? closedSteps(settled.stream, settled.settling) : []),
    { counts: 'merged', sql: `MERGE INTO ${table} USING merged_rows ON ${same(table)} REMOVE DUPLICATES` },
    ...(settled ? [{ sql: liveSql(stream) }] : []),
    { counts: 'purged', sql: retentionSql(stream) },
    ...noteFiles(files).map((sql) => ({ sql })),
    // Ends the transaction where another has merged one of the files meanwhile: Redshift lets the later of two go on.
    {
      sql: `
SELECT 1 / CASE
    WHEN EXISTS (SELECT 1 FROM ${mergedFiles} WHERE product = :product GROUP BY file HAVING COUNT(*) > 1)
    THEN 0 ELSE 1 END AS once`,
    },
    {
      sql: `DELETE FROM ${mergedFiles} WHERE product = :product AND merged_at < DATEADD(day, -${keptNotesDays}, GETDATE())`,
    },
    // Sessions may outlive a batch.
    ...(settled ? [{ sql: 'DROP TABLE closed_rows' }] : []),
    { sql: 'DROP TABLE merged_rows' },
  ];
}

const mergedDate = ({ timeColumn }: Stream): string => `CAST(merged_rows.${timeColumn} AS DATE)`;

/**
 * Takes out of the merge what readers have from the batch. Closed are dates that the batch has settled, that are over and were
 * loaded while the stream had nothing of them, or that lie too far from `at`, the time of the merge; so is a trip that the
 * batch has in a date that is not live.
 */
function closedSteps(stream: SettledStream, settling: Product): Step[] {
  const { table } = stream.warehouse;
  const [key, columns, date] = [keyOf(stream), namesOf(stream), mergedDate(stream)];
  const batchDate = settling.partitionColumn ?? '';
  // The keys that readers have from the batch, in dates that rows may still be of or shortly before.
  const hadByBatch = `
        SELECT ${key}
        FROM ${targetOf(settling).table}
        WHERE ${batchDate} < CAST(:at AS DATE)
            AND ${batchDate} >= CAST(:at AS DATE) - ${openDays.before + neighbours}
            AND ${batchDate} NOT IN (SELECT date FROM ${liveDates})`;
  return [
    { sql: `CREATE TEMP TABLE closed_rows (LIKE ${table})` },
    {
      counts: 'late',
      sql: `
INSERT INTO closed_rows (${columns})
SELECT ${columns}
FROM merged_rows
WHERE ${date} < CAST(:at AS DATE) - ${openDays.before}
    OR ${date} > CAST(:at AS DATE) + ${openDays.after}
    OR ${date} IN (SELECT date FROM ${settledDates})
    OR (
        ${date} < CAST(:at AS DATE)
        AND ${date} NOT IN (SELECT date FROM ${liveDates})
        AND EXISTS (
            SELECT 1
            FROM meta.loads
            WHERE product = '${settling.key}' AND start_date <= ${date} AND end_date > ${date}
        )
    )
    OR ${key} IN (${hadByBatch})`,
    },
    // A trip whose start has moved into a closed date is the batch's now; where the batch lacks it, it stays as it was known.
    {
      sql: `
DELETE FROM ${table}
WHERE source = 'stream'
    AND ${key} IN (SELECT ${key} FROM closed_rows)
    AND ${key} IN (${hadByBatch})`,
    },
    { sql: `DELETE FROM merged_rows USING closed_rows WHERE closed_rows.${key} = merged_rows.${key}` },
  ];
}

/** A date becomes live with its first row. */
const liveSql = (stream: Stream): string => `
INSERT INTO ${liveDates} (date)
SELECT DISTINCT ${mergedDate(stream)}
FROM merged_rows
WHERE ${mergedDate(stream)} NOT IN (SELECT date FROM ${liveDates})`;

/** Removes what is old enough and, where the batch settles dates, settled: `public.trips` reads that from the batch's table. */
const retentionSql = (stream: Stream): string => `
DELETE FROM ${stream.warehouse.table}
WHERE ${stream.timeColumn} < DATEADD(hour, -${stream.retentionHours}, CAST(:at AS TIMESTAMP))${
  isSettled(stream) ? `\n    AND CAST(${stream.timeColumn} AS DATE) IN (SELECT date FROM ${settledDates})` : ''
}`;

/** First, so that of two that write a stream's table the second one waits, or fails, before it has done anything. */
export const guardSql = `UPDATE ${guards} SET build_id = :build_id WHERE product = :product`;

/** Writes down that a file was not merged, and why: no merge tries it again. */
export const refuseSql = ({ folder, file }: StreamFile, problem: string): string =>
  `INSERT INTO ${mergedFiles} (product, folder, file, merged_at, problem)
   VALUES (:product, ${quoted(folder)}, ${quoted(file)}, GETDATE(), '${problem.replaceAll(/[^\w .,:=/()-]/g, ' ').slice(0, 1000)}')`;

const allowed = /^[\w./=-]{1,1024}$/;

/** Throws an Error for a key that could mean something in SQL. */
function quoted(text: string): string {
  if (!allowed.test(text)) throw new Error(`"${text}" is no file of a stream: its key must match ${allowed}`);
  return `'${text}'`;
}

function noteFiles(files: readonly StreamFile[]): string[] {
  const statements: string[] = [];
  for (let from = 0; from < files.length; from += filesAStatement) {
    const rows = files
      .slice(from, from + filesAStatement)
      .map(({ folder, file }) => `(:product, ${quoted(folder)}, ${quoted(file)}, GETDATE())`);
    statements.push(`INSERT INTO ${mergedFiles} (product, folder, file, merged_at) VALUES ${rows.join(', ')}`);
  }
  return statements;
}
