import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import type { z } from 'zod';
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
      throw error;
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
