import { join } from 'node:path';
import { z } from 'zod';
import { awsSettings } from '../aws-settings.ts';

const ROOT = join(import.meta.dirname, '..', '..', '.tideline');

const whole = (fallback: number) => z.coerce.number().int().min(0).default(fallback);

const environmentSchema = z.object({
  MANAGED_FLINK_PORT: whole(0),
  MANAGED_FLINK_STATE_DIR: z.string().default(join(ROOT, 'managed-flink')),
  MANAGED_FLINK_LOG_DIR: z.string().default(join(ROOT, 'managed-flink', 'logs')),
  /** The service's own bucket: checkpoints and snapshots. It is made when it is not there. */
  MANAGED_FLINK_BUCKET: z.string().default('managed-flink-state'),
  MANAGED_FLINK_FIGURES_EVERY_MS: z.coerce.number().int().min(100).default(10_000),
  /** Heap of a TaskManager that operators share, and what RocksDB may take beside it; the rest of a JVM's size is fixed. */
  MANAGED_FLINK_TASK_HEAP_MB: z.coerce.number().int().min(64).default(320),
  MANAGED_FLINK_MANAGED_MEMORY_MB: z.coerce.number().int().min(32).default(128),
  FLINK_DIR: z.string().default(join(ROOT, 'tools', 'flink')),
  ...awsSettings,
});

export type Settings = Readonly<z.infer<typeof environmentSchema>>;

/** Reads the whole configuration of the service; throws if a variable is missing or malformed. */
export const readSettings = (environment: Readonly<Record<string, string | undefined>>): Settings =>
  environmentSchema.parse(environment);
