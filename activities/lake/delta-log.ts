import { GetObjectCommand, NoSuchKey, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { restoredVersion } from './restored-version.ts';
import { buildResultSchema } from '../../model/results.ts';

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
    orphanEvents: true,
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

/** A commit as its own file has it: a restore to a timestamp does not name the version. */
type OwnCommit = Omit<TableCommit, 'restored'> & { readonly restored: number | null | 'not named' };

/** Delta's own writers name a version by a number, delta-rs by its digits. */
const restoredVersionSchema = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]).nullish();

/** A file of a table's log that is no Delta commit; the message names it. */
export class UnreadableLog extends Error {
  override readonly name = 'UnreadableLog';
}

/** Parses a commit file. Throws a ZodError or SyntaxError for what is no Delta commit. */
export function parseCommit(version: number, text: string): OwnCommit {
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
    restored:
      info?.operation === 'RESTORE'
        ? (restoredVersionSchema.parse(info.operationParameters?.version) ?? 'not named')
        : null,
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

const logOf = (product: string): string => `${product.replace('.', '/')}/_delta_log/`;
/** Versions are written with leading zeros, so that keys are listed in their order. */
const commitKey = (product: string, version: number): string =>
  `${logOf(product)}${String(version).padStart(20, '0')}.json`;

async function textOf(client: S3Client, bucket: string, Key: string): Promise<string> {
  const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
  return (await object.Body?.transformToString()) ?? '';
}

/** Null where there is no such object. */
const textIfThere = (client: S3Client, bucket: string, key: string): Promise<string | null> =>
  textOf(client, bucket, key).catch((error: unknown) => {
    if (error instanceof NoSuchKey) return null;
    throw error;
  });

/** The versions of a product's table after `after` whose commits its log still holds, oldest first, by their keys. */
async function* commitKeys(
  client: S3Client,
  bucket: string,
  product: string,
  after: number,
): AsyncGenerator<[number, string]> {
  const StartAfter = commitKey(product, after + 1).slice(0, -'.json'.length);
  const listed = { Bucket: bucket, Prefix: logOf(product), StartAfter };
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
 * after a version, and no more of them than `atMost`, where that is said. Throws UnreadableLog.
 */
export async function readCommits(
  client: S3Client,
  bucket: string,
  product: string,
  { after = -1, atMost = Infinity }: { readonly after?: number; readonly atMost?: number } = {},
): Promise<TableCommit[]> {
  const older = async (version: number): Promise<string> =>
    (await textIfThere(client, bucket, commitKey(product, version))) ?? '';
  const read = async ([version, key]: [number, string]): Promise<TableCommit> => {
    const text = await textOf(client, bucket, key);
    try {
      const { restored, ...commit } = parseCommit(version, text);
      return { ...commit, restored: restored === 'not named' ? await restoredVersion(version, text, older) : restored };
    } catch (error) {
      if (!(error instanceof z.ZodError || error instanceof SyntaxError)) throw error;
      const problem = error instanceof z.ZodError ? z.prettifyError(error) : error.message;
      throw new UnreadableLog(`s3://${bucket}/${key} is no Delta commit: ${problem}`, { cause: error });
    }
  };
  const keys: [number, string][] = [];
  for await (const key of commitKeys(client, bucket, product, after)) if (keys.push(key) >= atMost) break;
  const commits: TableCommit[] = [];
  for (let from = 0; from < keys.length; from += readsAtOnce)
    commits.push(...(await Promise.all(keys.slice(from, from + readsAtOnce).map(read))));
  return commits;
}

/** The newest version of a product's table; null when there is no table. A log is looked at from its last checkpoint on. */
export async function newestVersion(client: S3Client, bucket: string, product: string): Promise<number | null> {
  const checkpoint = await checkpointedVersion(client, bucket, product);
  let newest = checkpoint;
  for await (const [version] of commitKeys(client, bucket, product, checkpoint ?? -1)) newest = version;
  return newest;
}

/** The version of a table's newest checkpoint; null before the first. */
async function checkpointedVersion(client: S3Client, bucket: string, product: string): Promise<number | null> {
  const text = await textIfThere(client, bucket, `${logOf(product)}_last_checkpoint`);
  return text === null ? null : z.object({ version: z.int() }).parse(JSON.parse(text)).version;
}

/**
 * The newest commits of a table up to `version`, as far back as a restore among them went; with `version` itself a restore,
 * all that it has undone, and what it went back to.
 */
export async function readUndone(
  client: S3Client,
  bucket: string,
  product: string,
  version: number,
): Promise<TableCommit[]> {
  let commits: TableCommit[] = [];
  for (let [oldest, known] = [version, version + 1]; oldest < known;) {
    const found = await readCommits(client, bucket, product, { after: oldest - 1, atMost: known - oldest });
    const before = found.filter((commit) => commit.version < known);
    commits = [...before, ...commits];
    [oldest, known] = [Math.min(oldest, ...before.flatMap(({ restored }) => restored ?? [])), oldest];
  }
  return commits;
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
