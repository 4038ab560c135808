import { z } from 'zod';

/** What a Spark job writes about itself, also when it fails. See spark-jobs/README.md. */
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
  outputVersion: z.int(),
  /** Dates of the partition column that this version changed. */
  changedPartitions: z.array(z.string()),
  exportManifest: z.string().nullable(),
  schemaDrift: z.array(z.string()),
  error: z
    .object({
      kind: z.enum(['QUALITY_FAILED', 'CONSERVATION_BROKEN', 'BAD_INPUT', 'CONFLICT', 'INTERNAL']),
      message: z.string(),
    })
    .nullable(),
});

export type BuildResult = z.infer<typeof buildResultSchema>;
