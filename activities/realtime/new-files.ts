import type { S3Client } from '@aws-sdk/client-s3';
import { DateTime } from 'luxon';
import { intervalKey, intervalsIn, shiftInterval } from '../../model/intervals.ts';
import { ownTables } from '../../model/catalogue.ts';
import type { Stream } from '../../model/product.ts';
import { type CommittedFile, listStreamFiles } from '../lake/stream-files.ts';
import { query, type Warehouse } from '../redshift/query.ts';

/** The stream's own state reaches back as far: no file is committed into an older folder. */
const lookBackHours = 72;
const { mergedFiles } = ownTables;

export interface NewFiles {
  readonly files: readonly CommittedFile[];
  readonly foreign: readonly string[];
  /** Whether there is no file at all. */
  readonly isIdle: boolean;
}

/**
 * The files of a stream's folders that no merge has noted, in the order of their names. Of folders of which as many files
 * are noted as there are, no names are asked for: a stream writes tens of thousands of files a day.
 */
export async function newFiles(
  s3: S3Client,
  warehouse: Warehouse,
  lakeUri: string,
  stream: Stream,
  at: string,
): Promise<NewFiles> {
  const now = DateTime.fromISO(at, { zone: 'utc' });
  const first = intervalKey('date', now.minus({ hours: lookBackHours }));
  const dates = intervalsIn('date', { start: first, end: shiftInterval('date', intervalKey('date', now), 1) });
  const { files, foreign } = await listStreamFiles(s3, `${lakeUri}/${stream.files.folder}`, dates);
  // The warehouse sleeps where nobody asks it anything.
  if (files.length === 0) return { files: [], foreign, isIdle: true };
  const byFolder = Map.groupBy(files, ({ folder }) => folder);
  const noted = await query(
    warehouse,
    `SELECT folder, COUNT(*) AS files FROM ${mergedFiles} WHERE product = :product AND folder >= :first GROUP BY folder`,
    { product: stream.key, first: `${stream.files.folder}/dt=${first}` },
  );
  const counts = new Map(noted.map(({ folder, files: count }) => [String(folder), Number(count)]));
  const found: CommittedFile[] = [];
  for (const [folder, inFolder] of byFolder) {
    const count = counts.get(folder) ?? 0;
    if (count === inFolder.length) continue;
    const merged = count === 0 ? new Set<string>() : await mergedIn(warehouse, stream, folder);
    found.push(...inFolder.filter(({ file }) => !merged.has(file)));
  }
  return { files: found, foreign, isIdle: false };
}

async function mergedIn(warehouse: Warehouse, stream: Stream, folder: string): Promise<ReadonlySet<string>> {
  const rows = await query(warehouse, `SELECT file FROM ${mergedFiles} WHERE product = :product AND folder = :folder`, {
    product: stream.key,
    folder,
  });
  return new Set(rows.map(({ file }) => String(file)));
}
