import { z } from 'zod';
import type { BackfillRequest } from '../../workflows/backfill-messages.ts';

const requestSchema = z.strictObject({
  product: z.string(),
  start: z.string(),
  end: z.string(),
  mode: z.enum(['missing', 'failed', 'stale', 'all']).optional(),
  lane: z.enum(['late', 'backfill']).optional(),
  downstream: z.boolean().optional(),
  dryRun: z.boolean().optional(),
  reverse: z.boolean().optional(),
  maximumJobsAtOnce: z.int().min(1).max(50).optional(),
  approvalOverJobs: z.int().min(0).optional(),
  startedAtMs: z.number(),
  stage: z.object({ product: z.string(), startedAtMs: z.number() }).nullable(),
});

/** Checks what a person has written. Throws a RangeError that lists every problem with its place. */
export function checkRequest(request: BackfillRequest): void {
  const checked = requestSchema.safeParse(request);
  if (!checked.success)
    throw new RangeError(`The input of the backfill is not valid:\n${z.prettifyError(checked.error)}`);
}
