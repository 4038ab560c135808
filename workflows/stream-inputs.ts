import { z } from 'zod';
import type {
  DesiredApplication,
  Request,
  RewindRequest,
  SuperviseStreamInput,
  Supervision,
} from '../model/messages/streams.ts';
import { noFailedStarts } from './stream-step.ts';

const text = z.string().min(1);

/** What the signal `redeploy` takes. */
export const desiredApplication = z.strictObject({
  application: z.string().regex(/^[a-zA-Z0-9_.-]{1,128}$/),
  description: z.string(),
  code: z.string().regex(/^s3:\/\/[^/]+\/.+$/, 'write the jar as s3://bucket/key'),
  roleArn: text,
  logStreamArn: text,
  parallelism: z.int().min(1),
  checkpointIntervalMs: z.int().min(1),
  properties: z.record(text, text),
}) satisfies z.ZodType<DesiredApplication>;
/** What the updates `pause`, `resume` and, with a snapshot, `rewind` take. */
export const streamRequest = z.strictObject({ by: text, why: text }) satisfies z.ZodType<Request>;
export const rewindRequest = streamRequest.extend({ snapshot: text }) satisfies z.ZodType<RewindRequest>;

/** As the run before has carried it, which may have known less, or after a deploy back more. */
const supervision = z.object({
  paused: streamRequest.nullable(),
  rewind: rewindRequest.nullable(),
  refused: z
    .object({
      ...{ desired: desiredApplication, why: z.string() },
      ...{ isInPlace: z.boolean().exactOptional(), cannotRollBack: z.boolean().exactOptional() },
    })
    .nullable(),
  proven: desiredApplication.exactOptional(),
  provenSnapshot: text.nullable().exactOptional(),
  goesOnFrom: z.object({ snapshot: text.nullable(), runsSince: z.number().nullable() }).exactOptional(),
  failedStarts: z.int(),
  startsAgainAt: z.number(),
  onProbationSince: z.number().nullable(),
  runsSince: z.number().exactOptional(),
  failsSince: z.number().nullable().exactOptional(),
  happenings: z.array(z.strictObject({ at: z.string(), what: z.string() })),
}) satisfies z.ZodType<Supervision>;

/** What `superviseStream` takes. */
export const superviseStreamInput = z.strictObject({
  desired: desiredApplication,
  everySeconds: z.number().positive().exactOptional(),
  probationMinutes: z.number().positive().exactOptional(),
  carried: supervision.exactOptional(),
}) satisfies z.ZodType<SuperviseStreamInput>;

/** What a supervision knows that carries nothing on. */
export const nothingYet = (): Supervision => ({
  paused: null,
  rewind: null,
  refused: null,
  ...noFailedStarts,
  onProbationSince: null,
  happenings: [],
});
