import { EMRServerlessClient } from '@aws-sdk/client-emr-serverless';
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { S3Client } from '@aws-sdk/client-s3';
import { Worker } from '@temporalio/worker';
import { createEmrServerlessActivities } from '../activities/emr-serverless/activities.ts';
import { emrServerlessFailures } from '../activities/emr-serverless/failures.ts';
import { failureSorting } from '../activities/failures.ts';
import { createLakeActivities } from '../activities/lake/activities.ts';
import { lakeFailures } from '../activities/lake/failures.ts';
import { createRedshiftActivities } from '../activities/redshift/activities.ts';
import { redshiftFailures } from '../activities/redshift/failures.ts';
import { loadCatalogue } from '../products/catalogue.ts';
import { laneQueue, lanes } from '../workflows/messages.ts';
import { parseConfig } from './config.ts';
import { connectWorker, runUntilStopped } from './process.ts';

const config = parseConfig(process.env);
const { connection, namespace } = await connectWorker(config);
const activities = {
  ...createEmrServerlessActivities(new EMRServerlessClient(), config.emrServerless),
  ...createRedshiftActivities(new RedshiftDataClient(), loadCatalogue(), config.redshift),
  // Path-style addresses work with every bucket name and with endpoints that are an IP address.
  ...createLakeActivities(new S3Client({ forcePathStyle: true })),
};
const workers = await Promise.all(
  lanes.map((lane) =>
    Worker.create({
      connection,
      namespace,
      taskQueue: laneQueue(lane),
      activities,
      interceptors: { activity: [failureSorting([emrServerlessFailures, redshiftFailures, lakeFailures])] },
      // Waiting for a job costs nothing, so many jobs can be waited for at once.
      maxConcurrentActivityTaskExecutions: 500,
      shutdownGraceTime: config.shutdownGraceMs,
    }),
  ),
);
await runUntilStopped(connection, workers);
