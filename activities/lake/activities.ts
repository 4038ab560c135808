import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { buildResultSchema, type BuildResult } from './result.ts';

export function createLakeActivities(client: S3Client) {
  return {
    /** What a job wrote about its build, or null when it ended before it could write anything. */
    async readBuildResult({ uri }: { uri: string }): Promise<BuildResult | null> {
      const { hostname, pathname } = new URL(uri);
      try {
        const object = await client.send(
          new GetObjectCommand({ Bucket: hostname, Key: decodeURIComponent(pathname.slice(1)) }),
        );
        return buildResultSchema.parse(JSON.parse((await object.Body?.transformToString()) ?? ''));
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw error;
      }
    },
  };
}

export type LakeActivities = ReturnType<typeof createLakeActivities>;
