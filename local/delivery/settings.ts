import { z } from 'zod';
import { delivery, eventStream } from '../../model/stream.ts';

const settingsSchema = z.object({
  DELIVERY_STATE_DIR: z.string().min(1),
  DELIVERY_BUCKET: z.string().min(1),
  DELIVERY_PREFIX: z.string().min(1),
  DELIVERY_STREAM: z.string().default(eventStream.name),
  DELIVERY_BUFFER_SECONDS: z.coerce.number().positive().default(delivery.bufferSeconds),
  DELIVERY_BUFFER_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(delivery.bufferMebibytes * 1_048_576),
  DELIVERY_FIGURES_EVERY_MS: z.coerce.number().int().positive().default(5_000),
  AWS_ENDPOINT_URL: z.url(),
  /** Where figures go; without it they go nowhere. */
  AWS_ENDPOINT_URL_CLOUDWATCH: z.url().optional(),
});

export type DeliverySettings = z.output<typeof settingsSchema>;

/** Reads all settings; throws if one is missing or malformed. */
export const readSettings = (environment: Readonly<Record<string, string | undefined>>): DeliverySettings =>
  settingsSchema.parse(environment);
