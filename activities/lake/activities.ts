import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { log } from '@temporalio/activity';
import { ZodError, type z } from 'zod';
import {
  type BuildResult,
  buildResultSchema,
  type MaintenanceResult,
  maintenanceResultSchema,
  type RestoreResult,
  restoreResultSchema,
} from '../../model/results.ts';

/** What a job run wrote. An earlier run of the same build may have written in the same place. */
export interface WrittenResult {
  readonly uri: string;
  /** When the run was created, ISO-8601; what was written before is another run's. */
  readonly since?: string;
}

/** S3 tells the second in which an object was written. */
const isOlder = (written: Date | undefined, since: string | undefined): boolean =>
  since !== undefined && (written?.getTime() ?? Infinity) < Math.floor(Date.parse(since) / 1000) * 1000;

export function createLakeActivities(client: S3Client) {
  async function read<T>({ uri, since }: WrittenResult, schema: z.ZodType<T>): Promise<T | null> {
    const { hostname, pathname } = new URL(uri);
    try {
      const object = await client.send(
        new GetObjectCommand({ Bucket: hostname, Key: decodeURIComponent(pathname.slice(1)) }),
      );
      const text = await object.Body?.transformToString();
      return isOlder(object.LastModified, since) ? null : schema.parse(JSON.parse(text ?? ''));
    } catch (error) {
      if (error instanceof NoSuchKey) return null;
      // What nobody can read tells nothing, now and at any later attempt. The next job writes another.
      if (!(error instanceof SyntaxError || error instanceof ZodError)) throw error;
      log.warn('Unreadable result of a job: taken for none', { uri, problem: error.message });
      return null;
    }
  }

  return {
    /** What a job run wrote about its build, or null when it ended before it could write anything. */
    async readBuildResult(written: WrittenResult): Promise<BuildResult | null> {
      return read(written, buildResultSchema);
    },

    /** The same of a maintenance. */
    async readMaintenanceResult(written: WrittenResult): Promise<MaintenanceResult | null> {
      return read(written, maintenanceResultSchema);
    },

    /** The same of a restore. */
    async readRestoreResult(written: WrittenResult): Promise<RestoreResult | null> {
      return read(written, restoreResultSchema);
    },
  };
}

export type LakeActivities = ReturnType<typeof createLakeActivities>;
