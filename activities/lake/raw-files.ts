import { createHash } from 'node:crypto';
import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';

/** A raw file: its name in its hour's folder, its size, and what changes whenever its content does. */
export type RawFile = readonly [name: string, bytes: number, etag: string];

/** Equal for equal files, and as the jobs compute it (spark-jobs/tideline_jobs/bronze_lines.py). */
export function fingerprint(files: readonly RawFile[]): string {
  const listed = files.map(([name, bytes, etag]) => `${name} ${bytes} ${etag}`.replaceAll('"', '')).sort();
  return createHash('sha256').update(listed.join('\n')).digest('hex').slice(0, 16);
}

/** What lies under the raw prefix for some dates. */
export interface RawListing {
  /** Per arrival hour, the files that builds read. */
  readonly byHour: ReadonlyMap<string, readonly RawFile[]>;
  /** Keys that no build reads. */
  readonly foreign: readonly string[];
}

/** Lists the raw files of dates, by their names alone. */
export async function listRawFiles(client: S3Client, rawUri: string, dates: readonly string[]): Promise<RawListing> {
  const { hostname, pathname } = new URL(rawUri);
  const byHour = new Map<string, RawFile[]>();
  const foreign: string[] = [];
  for (const date of dates) {
    const [year = '', month = '', day = ''] = date.split('-');
    const prefix = `${pathname.slice(1)}/year=${year}/month=${month}/day=${day}/`;
    for await (const page of paginateListObjectsV2({ client }, { Bucket: hostname, Prefix: prefix })) {
      for (const { Key = '', Size = 0, ETag = '' } of page.Contents ?? []) {
        const [, hour, name] = /^hour=(\d{2})\/([^/]+\.gz)$/.exec(Key.slice(prefix.length)) ?? [];
        if (hour !== undefined && name !== undefined) {
          const key = `${date}T${hour}`;
          byHour.set(key, [...(byHour.get(key) ?? []), [name, Size, ETag]]);
          // A console writes an empty object for a folder.
        } else if (!Key.endsWith('/')) foreign.push(Key);
      }
    }
  }
  return { byHour, foreign };
}
