import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { buildResultSchema } from './result.ts';

/** What a build's commit keeps about the build; see spark-jobs/README.md. */
const committedBuildSchema = buildResultSchema
  .pick({
    product: true,
    buildId: true,
    codeVersion: true,
    intervals: true,
    quality: true,
    inputVersions: true,
    sources: true,
    newestEvents: true,
  })
  .extend({
    generation: z.int(),
    sequence: z.int(),
    forced: z.object({ missing: z.array(z.string()), by: z.string(), why: z.string() }).optional(),
  });

const actionSchema = z.object({
  commitInfo: z
    .object({
      timestamp: z.number(),
      operation: z.string().optional(),
      operationParameters: z.record(z.string(), z.unknown()).optional(),
      userMetadata: z.string().optional(),
    })
    .optional(),
  add: z.object({ partitionValues: z.record(z.string(), z.string().nullable()), dataChange: z.boolean() }).optional(),
  remove: z
    .object({ partitionValues: z.record(z.string(), z.string().nullable()).optional(), dataChange: z.boolean() })
    .optional(),
});

/** One version of a Delta table, read from its log. `build` is null for maintenance. */
export interface TableCommit {
  readonly version: number;
  /** ISO-8601. */
  readonly at: string;
  readonly build: z.infer<typeof committedBuildSchema> | null;
  /** The version that the table was put back to; null for everything else. */
  readonly restored: number | null;
  /** Values of the partition column at which rows were added or removed. */
  readonly changedPartitions: readonly string[];
}

/** Parses a commit file. Throws a ZodError for what is no Delta commit. */
export function parseCommit(version: number, text: string): TableCommit {
  const actions = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => actionSchema.parse(JSON.parse(line)));
  const info = actions.find(({ commitInfo }) => commitInfo)?.commitInfo;
  const changes = actions.flatMap(({ add, remove }) => [add, remove]).filter((change) => change?.dataChange);
  const values = changes.flatMap((change) => Object.values(change?.partitionValues ?? {}));
  return {
    version,
    at: new Date(info?.timestamp ?? 0).toISOString(),
    build: parseBuild(info?.userMetadata),
    restored: info?.operation === 'RESTORE' ? z.int().parse(info.operationParameters?.version) : null,
    changedPartitions: [...new Set(values.filter((value) => value !== null))].sort(),
  };
}

/** Other tools write metadata of their own, which need not be JSON. */
function parseBuild(userMetadata: string | undefined): TableCommit['build'] {
  try {
    return committedBuildSchema.safeParse(JSON.parse(userMetadata ?? '')).data ?? null;
  } catch {
    return null;
  }
}

/** The versions of a product's table after `after` whose commits its log still holds, oldest first, by their keys. */
async function* commitKeys(
  client: S3Client,
  bucket: string,
  product: string,
  after: number,
): AsyncGenerator<[number, string]> {
  const prefix = `${product.replace('.', '/')}/_delta_log/`;
  // Keys are listed in order, and versions are written with leading zeros.
  const listed = { Bucket: bucket, Prefix: prefix, StartAfter: `${prefix}${String(after + 1).padStart(20, '0')}` };
  for await (const page of paginateListObjectsV2({ client }, listed)) {
    for (const { Key = '' } of page.Contents ?? []) {
      const version = /\/(\d{20})\.json$/.exec(Key)?.[1];
      if (version !== undefined) yield [Number(version), Key];
    }
  }
}

/** A log of hourly builds has ten thousand commits in a year. */
const readsAtOnce = 50;

/**
 * The commits of a product's table whose files its log still holds, oldest first; none when there is no table. Only those
 * after a version, and no more of them than `atMost`, where that is said.
 */
export async function readCommits(
  client: S3Client,
  bucket: string,
  product: string,
  { after = -1, atMost = Infinity }: { readonly after?: number; readonly atMost?: number } = {},
): Promise<TableCommit[]> {
  const read = async ([version, Key]: [number, string]): Promise<TableCommit> => {
    const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    return parseCommit(version, (await object.Body?.transformToString()) ?? '');
  };
  const keys: [number, string][] = [];
  for await (const key of commitKeys(client, bucket, product, after)) if (keys.push(key) >= atMost) break;
  const commits: TableCommit[] = [];
  for (let from = 0; from < keys.length; from += readsAtOnce)
    commits.push(...(await Promise.all(keys.slice(from, from + readsAtOnce).map(read))));
  return commits;
}

/** The newest version of a product's table; null when there is no table. */
export async function newestVersion(client: S3Client, bucket: string, product: string): Promise<number | null> {
  let newest: number | null = null;
  for await (const [version] of commitKeys(client, bucket, product, -1)) newest = version;
  return newest;
}

/** Dates in which a commit can have changed rows; those of a restore are all that any commit since the restored version has changed. */
export function datesChanged(commits: readonly TableCommit[], commit: TableCommit): readonly string[] {
  const { restored } = commit;
  if (restored === null) return commit.changedPartitions;
  const undone = commits.filter(({ version }) => version > restored && version <= commit.version);
  return [...new Set(undone.flatMap(({ changedPartitions }) => changedPartitions))].sort();
}

/** The commits that made a table what it is, in their order: without those that a restore has undone. */
export function standing(commits: readonly TableCommit[]): TableCommit[] {
  let newest = Infinity;
  const found = commits.toReversed().filter(({ version, restored }) => {
    if (version > newest) return false;
    newest = restored ?? newest;
    return true;
  });
  return found.reverse();
}
