import { EMRServerlessClient } from '@aws-sdk/client-emr-serverless';
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { S3Client } from '@aws-sdk/client-s3';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createEmrServerlessActivities } from '../../activities/emr-serverless/activities.ts';
import { createLakeActivities } from '../../activities/lake/activities.ts';
import { createRedshiftActivities } from '../../activities/redshift/activities.ts';
import { loadCatalogue } from '../../model/catalogue.ts';

export type Answer = (command: string, signal: AbortSignal | undefined) => unknown;

/** A client that answers from memory; whatever it throws is what the service says. */
function answering<C extends object>(client: C, answer: Answer): C {
  const send = async (command: object, options?: { abortSignal?: AbortSignal }) =>
    answer(command.constructor.name, options?.abortSignal);
  return Object.assign(client, { send });
}

export const redshift = (answer: Answer) =>
  createRedshiftActivities(answering(new RedshiftDataClient({ region: 'eu-west-1' }), answer), loadCatalogue(), {
    workgroup: 'tideline',
    database: 'tideline',
    copyRoleArn: 'arn:aws:iam::000000000000:role/copy',
    longPollSeconds: 30,
  });

export const emrConfig = {
  applicationId: 'a',
  backfillApplicationId: 'b',
  executionRoleArn: 'r',
  maintenanceRoleArn: 'm',
  prices: { usdPerVcpuHour: 0.05, usdPerMemoryGbHour: 0.006 },
  logUri: 'u',
  pollIntervalMs: 1,
  pollsPerSecond: 1_000,
};

export const emr = (answer: Answer) =>
  createEmrServerlessActivities(answering(new EMRServerlessClient({ region: 'eu-west-1' }), answer), emrConfig);

export const lake = (answer: Answer) => createLakeActivities(answering(new S3Client({ region: 'eu-west-1' }), answer));

export const $metadata = {};
export const activity = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
