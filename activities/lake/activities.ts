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
} from './result.ts';

export function createLakeActivities(client: S3Client) {
  async function read<T>(uri: string, schema: z.ZodType<T>): Promise<T | null> {
    const { hostname, pathname } = new URL(uri);
    try {
      const object = await client.send(
        new GetObjectCommand({ Bucket: hostname, Key: decodeURIComponent(pathname.slice(1)) }),
      );
      return schema.parse(JSON.parse((await object.Body?.transformToString()) ?? ''));
    } catch (error) {
      if (error instanceof NoSuchKey) return null;
      // What nobody can read tells nothing, now and at any later attempt. The next job writes another.
      if (!(error instanceof SyntaxError || error instanceof ZodError)) throw error;
      log.warn('Unreadable result of a job: taken for none', { uri, problem: error.message });
      return null;
    }
  }

  return {
    /** What a job wrote about its build, or null when it ended before it could write anything. */
    async readBuildResult({ uri }: { uri: string }): Promise<BuildResult | null> {
      return read(uri, buildResultSchema);
    },

    /** The same of a maintenance. */
    async readMaintenanceResult({ uri }: { uri: string }): Promise<MaintenanceResult | null> {
      return read(uri, maintenanceResultSchema);
    },

    /** The same of a restore. */
    async readRestoreResult({ uri }: { uri: string }): Promise<RestoreResult | null> {
      return read(uri, restoreResultSchema);
    },
  };
}

export type LakeActivities = ReturnType<typeof createLakeActivities>;
