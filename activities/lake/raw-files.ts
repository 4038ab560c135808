import { createHash } from 'node:crypto';
import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { DateTime } from 'luxon';

/** A raw file: its name in its hour's folder, its size, and what changes whenever its content does. */
export type RawFile = readonly [name: string, bytes: number, etag: string];

/** What jobs read (spark-jobs/tideline_jobs/kinds/raw_lines/lines.py): other names Spark skips, or takes for patterns. */
const rawFile = /^hour=([01]\d|2[0-3])\/((?![_.])[^/*?{}[\]\\]+\.gz)$/;

/** Equal for equal files, and as the jobs compute it (spark-jobs/tideline_jobs/kinds/raw_lines/lines.py). */
export function fingerprint(files: readonly RawFile[]): string {
  const listed = files.map(([name, bytes, etag]) => `${name} ${bytes} ${etag}`.replaceAll('"', '')).sort();
  return createHash('sha256').update(listed.join('\n')).digest('hex').slice(0, 16);
}

/** What lies under the raw prefix for some dates, and beside the folders that lead to them. */
export interface RawListing {
  /** Per arrival hour, the files that builds read. */
  readonly byHour: ReadonlyMap<string, readonly RawFile[]>;
  /** Keys, and folders beside those of years, months and dates, that no build reads. */
  readonly foreign: readonly string[];
}

/** Where a folder of raw files lies. */
function under(rawUri: string, folder: string): { Bucket: string; Prefix: string } {
  const { hostname, pathname } = new URL(rawUri);
  return { Bucket: hostname, Prefix: `${pathname.slice(1)}/${folder}` };
}

/** What lies in a folder of the raw prefix, such as `year=2025/month=01/`; `name` is the rest of its key. */
async function* listFolder(client: S3Client, rawUri: string, folder: string) {
  const { Bucket, Prefix: prefix } = under(rawUri, folder);
  for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix: prefix }))
    for (const { Key = '', Size = 0, ETag = '', LastModified } of page.Contents ?? [])
      yield { key: Key, name: Key.slice(prefix.length), bytes: Size, etag: ETag, writtenAt: LastModified };
}

const folderOf = (date: string): string => {
  const [year = '', month = '', day = ''] = date.split('-');
  return `year=${year}/month=${month}/day=${day}/`;
};

/** Whether a folder is that of a year, a month or a date which there is. */
function isOfCalendar(folder: string): boolean {
  const [, ...parts] = /^year=(\d{4})\/(?:month=(\d{2})\/(?:day=(\d{2})\/)?)?$/.exec(folder) ?? [];
  return DateTime.fromISO(parts.filter(Boolean).join('-')).isValid;
}

/** What lies in a folder beside those of the calendar, such as what a delivery has written whose prefix was lost. */
async function listBeside(client: S3Client, rawUri: string, folder: string): Promise<string[]> {
  const { Bucket, Prefix: prefix } = under(rawUri, folder);
  const root = prefix.length - folder.length;
  const beside: string[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix: prefix, Delimiter: '/' })) {
    const folders = (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix);
    beside.push(...folders.filter((each) => !isOfCalendar(each.slice(root))));
    beside.push(...(page.Contents ?? []).map(({ Key = '' }) => Key).filter((key) => key !== prefix));
  }
  return beside;
}

/** The folders in which those of dates lie, from the prefix down: no more of them, whatever is stored. */
function parentsOf(dates: readonly string[]): Set<string> {
  const parents = dates.map((date) => {
    const [year = '', month = ''] = folderOf(date).split('/');
    return ['', `${year}/`, `${year}/${month}/`];
  });
  return new Set(parents.flat());
}

/** Lists the raw files of dates, by their names alone. */
export async function listRawFiles(client: S3Client, rawUri: string, dates: readonly string[]): Promise<RawListing> {
  const byHour = new Map<string, RawFile[]>();
  const foreign: string[] = [];
  for (const folder of parentsOf(dates)) foreign.push(...(await listBeside(client, rawUri, folder)));
  for (const date of dates) {
    for await (const { key, name: path, bytes, etag } of listFolder(client, rawUri, folderOf(date))) {
      const [, hour, name] = rawFile.exec(path) ?? [];
      if (hour !== undefined && name !== undefined) {
        const interval = `${date}T${hour}`;
        byHour.set(interval, [...(byHour.get(interval) ?? []), [name, bytes, etag]]);
        // A console writes an empty object for a folder.
      } else if (!key.endsWith('/')) foreign.push(key);
    }
  }
  return { byHour, foreign };
}

/** When the newest object was written in the folders of these hours; null where there is none. */
export async function newestWritten(client: S3Client, rawUri: string, hours: readonly string[]): Promise<Date | null> {
  let newest: Date | null = null;
  for (const hour of hours) {
    const folder = `${folderOf(hour.slice(0, 10))}hour=${hour.slice(11)}/`;
    for await (const { writtenAt } of listFolder(client, rawUri, folder))
      if (writtenAt && (newest === null || writtenAt > newest)) newest = writtenAt;
  }
  return newest;
}
