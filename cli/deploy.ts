import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { loadCatalogue } from '../products/catalogue.ts';
import { applySchedules } from '../schedules/apply.ts';
import { schedules } from '../schedules/schedules.ts';
import { publishJobs } from './publish-jobs.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { withTemporal } from './temporal.ts';
import { applyWarehouse } from './warehouse.ts';

const environmentSchema = z.object({
  TIDELINE_ARTIFACTS_BUCKET: z.string().min(3),
  REDSHIFT_WORKGROUP: z.string().min(1),
  REDSHIFT_DATABASE: z.string().min(1),
  /** Name of the IAM role of the data-plane workers. */
  TIDELINE_WORKER_ROLE: z.string().min(1),
});

/**
 * Brings an environment up to this checkout: Spark jobs, warehouse tables, search attributes, schedules. AWS and Temporal
 * are found through their own variables (`AWS_*`, `TEMPORAL_*`). Returns the version of the jobs, which the workers must be
 * started with.
 */
export async function deploy(environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) throw new Error(`The environment is not complete:\n${z.prettifyError(parsed.error)}`);
  const { TIDELINE_ARTIFACTS_BUCKET: bucket, REDSHIFT_WORKGROUP: workgroup, REDSHIFT_DATABASE: database } = parsed.data;
  const version = await publishJobs(new S3Client({ forcePathStyle: true }), bucket);
  await applyWarehouse(
    { client: new RedshiftDataClient(), workgroup, database },
    loadCatalogue(),
    parsed.data.TIDELINE_WORKER_ROLE,
  );
  await withTemporal(async (client, connection) => {
    await ensureSearchAttributes(connection, client.options.namespace);
    await applySchedules(client, schedules);
  });
  return version;
}
