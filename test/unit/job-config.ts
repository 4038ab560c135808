import type { JobConfig } from '../../activities/catalogue/plan.ts';

export const jobConfig: JobConfig = {
  jobsUri: 's3://tideline-artifacts/spark-jobs/0000',
  lakeUri: 's3://tideline-lake',
  rawBucketUri: 's3://tideline-raw',
  buildsUri: 's3://tideline-artifacts/builds',
  submitParameters: '',
  timeoutMinutes: 60,
  earliestEvent: undefined,
};
