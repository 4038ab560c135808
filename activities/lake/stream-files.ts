import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';

/** A file that a stream has committed: its folder and its key, both in the bucket, and its size. */
export interface CommittedFile {
  readonly folder: string;
  readonly file: string;
  readonly bytes: number;
}

export interface StreamListing {
  readonly files: readonly CommittedFile[];
  /** Keys that no merge reads. */
  readonly foreign: readonly string[];
}

/**
 * A file of an hour: what begins with `.` or `_` is one that is not committed yet, or none of the stream's; what has other
 * signs in its name could mean something else in SQL.
 */
const committed = /^(dt=\d{4}-\d{2}-\d{2}\/hh=\d{2})\/[A-Za-z0-9-][\w.=-]*\.parquet$/;

/**
 * What a stream has written into the folders of dates, by their names alone: after an outage files are committed into
 * folders of hours ago.
 */
export async function listStreamFiles(
  client: S3Client,
  streamUri: string,
  dates: readonly string[],
): Promise<StreamListing> {
  const { hostname: Bucket, pathname } = new URL(streamUri);
  const root = `${pathname.slice(1)}/`;
  const files: CommittedFile[] = [];
  const foreign: string[] = [];
  for (const date of dates) {
    for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix: `${root}dt=${date}/` }))
      for (const { Key: file = '', Size: bytes = 0 } of page.Contents ?? []) {
        const [, folder] = committed.exec(file.slice(root.length)) ?? [];
        if (folder !== undefined && bytes > 0) files.push({ folder: `${root}${folder}`, file, bytes });
        // A console writes an empty object for a folder.
        else if (!file.endsWith('/')) foreign.push(file);
      }
  }
  return { files, foreign };
}
