import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../workers/config.ts';

const complete = {
  AWS_REGION: 'us-east-1',
  TIDELINE_RAW_BUCKET: 'raw-bucket',
  TIDELINE_LAKE_BUCKET: 'lake-bucket',
  TIDELINE_ARTIFACTS_BUCKET: 'artifacts-bucket',
  TIDELINE_JOBS_VERSION: 'a'.repeat(64),
  TIDELINE_BUILD_ID: '4f2a9c1',
  TIDELINE_LEDGER_TABLE: 'ledger',
  TIDELINE_ALERTS_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:ride-hailing-team-alerts',
  TIDELINE_WORKFLOWS_URL: 'https://temporal.example.com/namespaces/lakehouse/workflows',
  EMR_APPLICATION_ID: '00abc',
  EMR_BACKFILL_APPLICATION_ID: '00abd',
  EMR_EXECUTION_ROLE_ARN: 'arn:aws:iam::123456789012:role/jobs',
  EMR_MAINTENANCE_ROLE_ARN: 'arn:aws:iam::123456789012:role/maintenance',
  REDSHIFT_WORKGROUP: 'tideline',
  REDSHIFT_DATABASE: 'lakehouse',
  REDSHIFT_COPY_ROLE_ARN: 'arn:aws:iam::123456789012:role/copy',
};

describe('the configuration of a worker', () => {
  it('is read once, frozen, with defaults for what need not be said', () => {
    const config = parseConfig(complete);
    expect(config.job.jobsUri).toBe(`s3://artifacts-bucket/spark-jobs/${'a'.repeat(64)}`);
    expect(config.emrServerless.pollIntervalMs).toBe(5000);
    expect(config.emrServerless).toMatchObject({ applicationId: '00abc', backfillApplicationId: '00abd' });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('knows the prices of some regions and takes those of others', () => {
    expect(parseConfig(complete).emrServerless.prices.usdPerVcpuHour).toBe(0.052624);
    const elsewhere = { ...complete, AWS_REGION: 'eu-north-1', EMR_USD_PER_VCPU_HOUR: '0.06' };
    expect(() => parseConfig(elsewhere)).toThrow(
      /AWS_REGION: prices are known of us-east-1, not of "eu-north-1": set EMR_USD_PER_VCPU_HOUR and EMR_USD_PER_GB_HOUR/,
    );
    expect(parseConfig({ ...elsewhere, EMR_USD_PER_GB_HOUR: '0.007' }).emrServerless.prices).toEqual({
      usdPerVcpuHour: 0.06,
      usdPerMemoryGbHour: 0.007,
    });
  });

  it('serves metrics on this machine alone unless it is told another address', () => {
    const metrics = { ...complete, METRICS_PORT: '9464' };
    expect(parseConfig(complete).metricsAddress).toBeUndefined();
    expect(parseConfig(metrics).metricsAddress).toBe('127.0.0.1:9464');
    expect(parseConfig({ ...metrics, METRICS_HOST: '0.0.0.0' }).metricsAddress).toBe('0.0.0.0:9464');
    expect(parseConfig({ ...metrics, METRICS_HOST: '::' }).metricsAddress).toBe('[::]:9464');
    expect(() => parseConfig({ ...metrics, METRICS_HOST: 'any' })).toThrow('METRICS_HOST: must be an IP address');
  });

  it('names every variable that is missing or wrong, all at once', () => {
    const { REDSHIFT_WORKGROUP, EMR_BACKFILL_APPLICATION_ID, ...rest } = complete;
    const wrong = {
      ...rest,
      TIDELINE_WORKFLOWS_URL: 'temporal:8080',
      TIDELINE_RAW_BUCKET: 'Not A Bucket',
      EMR_POLL_INTERVAL_MS: 'often',
    };
    expect(() => parseConfig(wrong)).toThrow(
      /TIDELINE_RAW_BUCKET: must be an S3 bucket name[^]*EMR_BACKFILL_APPLICATION_ID[^]*EMR_POLL_INTERVAL_MS[^]*REDSHIFT_WORKGROUP[^]*TIDELINE_WORKFLOWS_URL: must be an address/,
    );
  });
});
