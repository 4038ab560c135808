import { z } from 'zod';

/** Why a job did not do its work; null when it did. */
const jobErrorSchema = z
  .object({
    // A kind that a later release has added is a failure like another.
    kind: z
      .enum(['QUALITY_FAILED', 'CONSERVATION_BROKEN', 'BAD_INPUT', 'CONFLICT', 'SUPERSEDED', 'INTERNAL'])
      .catch('INTERNAL'),
    message: z.string(),
  })
  .nullable();

/**
 * What a build writes about itself, also when it fails. See spark-jobs/README.md. Jobs of the release before are read too:
 * a field that is new is optional.
 */
export const buildResultSchema = z.object({
  product: z.string(),
  buildId: z.string(),
  codeVersion: z.string(),
  status: z.enum(['published', 'unchanged', 'failed']),
  intervals: z.array(
    z.object({
      interval: z.string(),
      rowsIn: z.int().nonnegative(),
      rowsPublished: z.int().nonnegative(),
      rowsDuplicate: z.int().nonnegative(),
      rowsQuarantined: z.int().nonnegative(),
      changed: z.boolean(),
    }),
  ),
  /** Built, and not published: what was published of them stays as it is. Jobs of earlier releases had no such list. */
  heldBack: z.array(z.object({ interval: z.string(), reason: z.string() })).optional(),
  quality: z.object({
    score: z.number().min(0).max(1),
    checks: z.array(
      z.object({
        name: z.string(),
        column: z.string().nullable(),
        failedRows: z.int().nonnegative(),
        totalRows: z.int().nonnegative(),
        passed: z.boolean(),
      }),
    ),
  }),
  inputVersions: z.record(z.string(), z.int()),
  /** Per arrival hour, which raw files it was made from; empty for what is made from other tables. */
  sources: z.record(z.string(), z.string()).optional(),
  /** Per interval with events, the time of the newest; jobs of earlier releases did not tell it. */
  newestEvents: z.record(z.string(), z.iso.datetime()).optional(),
  /** Per interval, events that are in no row of any, where that is counted; jobs of earlier releases did not. */
  orphanEvents: z.record(z.string(), z.int().nonnegative()).optional(),
  outputVersion: z.int(),
  /** Dates of the partition column that this version changed. */
  changedPartitions: z.array(z.string()),
  exportManifest: z.string().nullable(),
  /** The first names of fields without a column; jobs of earlier releases did not say how many there are. */
  schemaDrift: z.array(z.string()),
  schemaDriftCount: z.int().nonnegative().optional(),
  error: jobErrorSchema,
});

export type BuildResult = z.infer<typeof buildResultSchema>;

/** What a maintenance writes about itself. */
export const maintenanceResultSchema = z.object({
  product: z.string(),
  /** The version that it has left; null where the product has no table yet. */
  version: z.int().nullable(),
  /** How many partitions had changed. */
  partitions: z.int().nonnegative(),
  /** Live files and their bytes. */
  filesBefore: z.int().nonnegative(),
  filesAfter: z.int().nonnegative(),
  bytesBefore: z.int().nonnegative(),
  bytesAfter: z.int().nonnegative(),
  /** Files that no version needed any more. */
  filesDeleted: z.int().nonnegative(),
  stagedFilesDeleted: z.int().nonnegative(),
  /** Every version that was the newest at this time or later can be read. */
  readableSince: z.iso.datetime().nullable(),
  error: jobErrorSchema,
});

/** What a restore writes about itself. */
export const restoreResultSchema = z.object({
  product: z.string(),
  /** The version whose rows the table has again, and the one that has them now. */
  restored: z.int().nonnegative(),
  version: z.int().nonnegative(),
  /** Dates of the partition column in which that changed rows. */
  changedPartitions: z.array(z.string()),
  /** What the warehouse has to load, and for which dates [start, end); null where it has not to. */
  exportManifest: z.string().nullable(),
  exportStart: z.iso.date(),
  exportEnd: z.iso.date(),
  error: jobErrorSchema,
});

export type RestoreResult = z.infer<typeof restoreResultSchema>;

export type MaintenanceResult = z.infer<typeof maintenanceResultSchema>;
