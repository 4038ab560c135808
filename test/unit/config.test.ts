import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../workers/config.ts';

const complete = {
  TIDELINE_RAW_BUCKET: 'raw-bucket',
  TIDELINE_LAKE_BUCKET: 'lake-bucket',
  TIDELINE_ARTIFACTS_BUCKET: 'artifacts-bucket',
  TIDELINE_JOBS_VERSION: 'a'.repeat(64),
  TIDELINE_BUILD_ID: '4f2a9c1',
  TIDELINE_LEDGER_TABLE: 'ledger',
  EMR_APPLICATION_ID: '00abc',
  EMR_EXECUTION_ROLE_ARN: 'arn:aws:iam::123456789012:role/jobs',
  REDSHIFT_WORKGROUP: 'tideline',
  REDSHIFT_DATABASE: 'lakehouse',
  REDSHIFT_COPY_ROLE_ARN: 'arn:aws:iam::123456789012:role/copy',
};

describe('the configuration of a worker', () => {
  it('is read once, frozen, with defaults for what need not be said', () => {
    const config = parseConfig(complete);
    expect(config.job.jobsUri).toBe(`s3://artifacts-bucket/spark-jobs/${'a'.repeat(64)}`);
    expect(config.emrServerless.pollIntervalMs).toBe(5000);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('names every variable that is missing or wrong, all at once', () => {
    const { REDSHIFT_WORKGROUP, ...rest } = complete;
    const wrong = { ...rest, TIDELINE_RAW_BUCKET: 'Not A Bucket', EMR_POLL_INTERVAL_MS: 'often' };
    expect(() => parseConfig(wrong)).toThrow(
      /TIDELINE_RAW_BUCKET: must be an S3 bucket name[^]*EMR_POLL_INTERVAL_MS[^]*REDSHIFT_WORKGROUP/,
    );
  });
});
