import { z } from 'zod';
import type { Forced, IntervalRows } from '../../model/messages/builds.ts';

/** Who builds an interval at the moment. */
const claimSchema = z.object({ workflowId: z.string(), buildId: z.string(), since: z.iso.datetime() });
export type Claim = z.infer<typeof claimSchema>;

/** The transaction that brought an interval's rows into the warehouse. `statementId` is null where only the warehouse tells. */
const loadedSchema = z.object({ statementId: z.string().nullable(), rows: z.int(), at: z.iso.datetime() });
export type Loaded = z.infer<typeof loadedSchema>;
const forcedSchema = z.object({ missing: z.array(z.string()).readonly(), by: z.string(), why: z.string() });

/** What the newest build that published an interval says about it. */
const publishedSchema = z.object({
  buildId: z.string(),
  /** Builds of an interval are ordered by it: milliseconds since 1970 at which the build was asked for. */
  generation: z.int(),
  at: z.iso.datetime(),
  codeVersion: z.string(),
  /** Version of every input table that the rows were made from. */
  inputVersions: z.record(z.string(), z.int()),
  outputVersion: z.int(),
  /** Which raw files the rows were made from; null for what is made from tables. */
  sources: z.string().nullish(),
  /** Time of the newest event; absent where there is none, or an earlier release has built it. */
  newestEvent: z.iso.datetime().optional(),
  /** Events that are in no row of any interval; absent where nobody counts them. */
  orphanEvents: z.int().optional(),
  rowsIn: z.int(),
  rowsPublished: z.int(),
  rowsDuplicate: z.int(),
  rowsQuarantined: z.int(),
  qualityScore: z.number(),
  /** What it was made without, and who wanted that. */
  forced: forcedSchema.optional(),
  /** Null where it is known from the table alone: a table does not keep what a build cost. */
  jobRunId: z.string().nullable(),
  /** This interval's share of its job. */
  costUsd: z.number().nullable(),
  jobSeconds: z.number().nullable(),
  /** Null until the warehouse has the rows too; absent where it does not hold the product, or nobody knows. */
  loaded: loadedSchema.nullable().optional(),
});
export type Published = z.infer<typeof publishedSchema>;

/** How the last build ended that published nothing. `quarantined`: the audit held its rows back. */
const failureSchema = z.object({
  state: z.enum(['failed', 'quarantined']),
  reason: z.string(),
  buildId: z.string(),
  at: z.iso.datetime(),
  /** The failure's type, and the version of the jobs then; earlier releases have written neither. */
  kind: z.string().optional(),
  codeVersion: z.string().optional(),
});
export type BuildFailure = z.infer<typeof failureSchema>;

/** A date of a table that a stream keeps, as the warehouse had it at a time. */
const streamedSchema = z.object({
  /** In the stream's table. */
  rows: z.int(),
  /** Whether readers see the stream's rows of it. */
  isLive: z.boolean(),
  settled: z
    .object({ at: z.iso.datetime(), streamCount: z.int(), batchCount: z.int(), divergencePct: z.number() })
    .nullable(),
  at: z.iso.datetime(),
});

/** The ledger's item of one interval of one product. */
export const intervalRecordSchema = z.object({
  product: z.string(),
  interval: z.string(),
  claim: claimSchema.optional(),
  published: publishedSchema.optional(),
  /** Absent again once a later build has published. */
  failure: failureSchema.optional(),
  /** Of tables that a stream keeps, and of no others. */
  streamed: streamedSchema.optional(),
});
export type IntervalRecord = z.infer<typeof intervalRecordSchema>;

/** Sort keys of restore points; a name is unlike a version's number. */
const restorePointPrefix = 'restore-point/';
export const restorePointKey = (name: string): string => `${restorePointPrefix}${name}`;
export const restorePointName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be small letters, digits and hyphens, a letter first');

/** A version of a table that somebody wants to be able to go back to, as the ledger keeps it. */
export const restorePointSchema = z
  .object({
    interval: z.string(),
    version: z.int(),
    why: z.string(),
    at: z.iso.datetime(),
    /** Then maintenance need not keep it any more. */
    expiresAt: z.iso.datetime(),
  })
  .transform(({ interval, ...point }) => ({ name: interval.slice(restorePointPrefix.length), ...point }));
export type RestorePoint = z.infer<typeof restorePointSchema>;

/** The newest version of a table in which a date of its partition column changed, and when. */
export const partitionRecordSchema = z.object({
  product: z.string(),
  interval: z.string(),
  changedVersion: z.int(),
  /** Ledgers of earlier releases do not have it: long ago. */
  changedAt: z.iso.datetime().default('1970-01-01T00:00:00.000Z'),
});

/** Sort key of the version up to which all of a table's commits have been recorded. */
export const recordedVersionKey = 'recorded-version';
export const recordedVersionSchema = z.object({ recordedVersion: z.int() });

/** A change of a date of a table's partition column. */
export interface PartitionChange {
  readonly version: number;
  /** ISO-8601. */
  readonly at: string;
}

/** Sort keys of partitions lie apart from those of intervals, which begin with a digit. */
const partitionPrefix = 'partition/';
export const partitionKey = (date: string): string => `${partitionPrefix}${date}`;
export const partitionDate = (sortKey: string): string => sortKey.slice(partitionPrefix.length);

/** A build that wants to be the only one of its intervals, or work that wants the whole table for itself. */
export interface Claimant {
  readonly product: string;
  /** Keys of intervals, or `wholeTable` before those that are told of, if any. */
  readonly intervals: readonly string[];
  readonly workflowId: string;
  readonly buildId: string;
}

/** Before the first and after the last sort key of an interval. */
export const allIntervals = ['0', ':'] as const;

/** A build that has published, as its job tells it or as its commit keeps it. */
export interface PublishedBuild {
  readonly product: string;
  readonly buildId: string;
  readonly generation: number;
  /** ISO-8601. */
  readonly at: string;
  readonly codeVersion: string;
  readonly inputVersions: Readonly<Record<string, number>>;
  readonly outputVersion: number;
  /** Per interval, which raw files it was made from. */
  readonly sources?: Readonly<Record<string, string>> | undefined;
  /** Per interval with events, the time of the newest. */
  readonly newestEvents?: Readonly<Record<string, string>> | undefined;
  /** Per interval, events that are in no row of any. */
  readonly orphanEvents?: Readonly<Record<string, number>> | undefined;
  /** Dates of the partition column that `outputVersion` changed. */
  readonly changedPartitions: readonly string[];
  readonly intervals: readonly IntervalRows[];
  readonly qualityScore: number;
  readonly forced?: Forced | undefined;
  readonly jobRunId: string | null;
  readonly costUsd: number | null;
  readonly jobSeconds: number | null;
  /** Null where the warehouse is still to be loaded. */
  readonly loaded?: null;
}

export function publishedOf(build: PublishedBuild, rows: IntervalRows): Published {
  const share = 1 / build.intervals.length;
  const newestEvent = build.newestEvents?.[rows.interval];
  const orphanEvents = build.orphanEvents?.[rows.interval];
  return {
    buildId: build.buildId,
    generation: build.generation,
    at: build.at,
    codeVersion: build.codeVersion,
    inputVersions: build.inputVersions,
    outputVersion: build.outputVersion,
    sources: build.sources?.[rows.interval] ?? null,
    ...(newestEvent !== undefined && { newestEvent }),
    ...(orphanEvents !== undefined && { orphanEvents }),
    rowsIn: rows.rowsIn,
    rowsPublished: rows.rowsPublished,
    rowsDuplicate: rows.rowsDuplicate,
    rowsQuarantined: rows.rowsQuarantined,
    qualityScore: build.qualityScore,
    ...(build.forced && { forced: build.forced }),
    jobRunId: build.jobRunId,
    costUsd: build.costUsd === null ? null : build.costUsd * share,
    jobSeconds: build.jobSeconds === null ? null : build.jobSeconds * share,
    ...(build.loaded === null && { loaded: null }),
  };
}
