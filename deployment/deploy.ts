import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { loadCatalogue } from '../model/catalogue.ts';
import { applySchedules } from '../schedules/apply.ts';
import { declaredSchedules } from '../schedules/schedules.ts';
import { applyGlue } from './glue.ts';
import { publishJobs } from './spark-jobs.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { publishApplications, superviseStreams } from './stream-applications.ts';
import { withTemporal } from '../workers/clients.ts';
import { type Environment, readVariables } from '../workers/config.ts';
import { applyWarehouse } from './warehouse.ts';

/**
 * Brings an environment up to this checkout: Spark jobs, the stream's applications, warehouse tables, the Glue Data Catalog,
 * search attributes, schedules. AWS and Temporal are found through their own variables (`AWS_*`, `TEMPORAL_*`). Returns the version of the
 * jobs, which the workers must be started with.
 */
export async function deploy(environment: Environment): Promise<string> {
  const {
    TIDELINE_ARTIFACTS_BUCKET: bucket,
    TIDELINE_LAKE_BUCKET: lake,
    REDSHIFT_WORKGROUP: workgroup,
    REDSHIFT_DATABASE: database,
    REDSHIFT_ADMIN_SECRET_ARN: secretArn,
    TIDELINE_WORKER_ROLE: workerRole,
  } = readVariables(
    environment,
    'TIDELINE_ARTIFACTS_BUCKET',
    'TIDELINE_LAKE_BUCKET',
    'REDSHIFT_WORKGROUP',
    'REDSHIFT_DATABASE',
    'REDSHIFT_ADMIN_SECRET_ARN',
    'TIDELINE_WORKER_ROLE',
  );
  const s3 = new S3Client({ forcePathStyle: true });
  const version = await publishJobs(s3, bucket);
  const applications = await publishApplications(s3, environment);
  const catalogue = loadCatalogue();
  const warehouse = { client: new RedshiftDataClient(), workgroup, database, secretArn };
  await applyWarehouse(warehouse, catalogue, workerRole);
  await applyGlue(new GlueClient(), catalogue, `s3://${lake}`);
  await withTemporal(async (client, connection) => {
    await ensureSearchAttributes(connection, client.options.namespace);
    await applySchedules(client, declaredSchedules(catalogue));
    await superviseStreams(client, applications);
  });
  return version;
}
