import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CreateApplicationCommand, StartJobRunCommand } from '@aws-sdk/client-emr-serverless';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planBuild, planMaintenance, planRestore } from '../../activities/catalogue/plan.ts';
import type { SparkJob } from '../../activities/emr-serverless/activities.ts';
import { publishJobs } from '../../deployment/spark-jobs.ts';
import { partKey } from '../../local/generator/raw-parts.ts';
import { buckets } from '../../local/provision.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { intervalStart } from '../../model/intervals.ts';
import { Interceptor } from '../crash/interceptor.ts';
import { hourOfTrips } from '../e2e/trip-lines.ts';
import { jobConfig } from '../unit/job-config.ts';
import { compare, grantsOf, templateOf } from '../unit/stack.ts';
import { logKey, roleArn, startService, waitForRun, type Service } from './emr-serverless-service.ts';
import { LocalS3 } from './local-s3.ts';
import { s3RightsFor } from './rights.ts';

const catalogue = loadCatalogue();
const template = templateOf();
const hour = '2025-01-18T03';

/** Buckets by the names that they have in the stack. */
const names: Readonly<Record<string, string>> = {
  [buckets.raw]: 'Raw',
  [buckets.lake]: 'Lake',
  [buckets.artifacts]: 'Artifacts',
};

let s3: LocalS3;
let interceptor: Interceptor;
let service: Service;
let folder: string;
/** What the jobs of each role have needed. */
const needed = new Map<string, Set<string>>();

/** Runs a job as workers do, and notes what it asks of S3, with what the service asks for it. */
async function run(applicationId: string, job: SparkJob): Promise<void> {
  const role = job.role === 'maintenance' ? 'MaintenanceRole' : 'JobRole';
  const rights = needed.get(role) ?? new Set();
  needed.set(role, rights);
  interceptor.observe((call) => {
    // The local service's drivers warm up by asking for a bucket that nobody has.
    if (!/^\w+ \/warm-up\b/.test(call.operation)) for (const right of s3RightsFor(call, names)) rights.add(right);
  });
  const { jobRunId = '' } = await service.client.send(
    new StartJobRunCommand({
      applicationId,
      executionRoleArn: roleArn,
      jobDriver: {
        sparkSubmit: {
          entryPoint: job.entryPoint,
          entryPointArguments: [...job.arguments],
          sparkSubmitParameters: job.submitParameters,
        },
      },
      configurationOverrides: {
        monitoringConfiguration: { s3MonitoringConfiguration: { logUri: `s3://${buckets.artifacts}/logs` } },
      },
    }),
  );
  expect((await waitForRun(service.client, applicationId, jobRunId)).stateDetails, job.name).toBe(
    'Job completed successfully',
  );
  // Its logs follow its end.
  await s3.get(buckets.artifacts, logKey(applicationId, jobRunId, 'stderr'));
  interceptor.clear();
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'job-rights-'));
  s3 = await LocalS3.start();
  for (const bucket of Object.values(buckets)) await s3.createBucket(bucket);
  const lines = gzipSync(`${hourOfTrips(hour, 'a').join('\n')}\n`);
  await s3.put(buckets.raw, partKey('raw/events', intervalStart(hour).toMillis(), 0), lines);
  const version = await publishJobs(s3.client, buckets.artifacts);
  interceptor = new Interceptor(s3.url);
  service = await startService({
    EMR_SERVERLESS_STATE_DIR: folder,
    AWS_ENDPOINT_URL: await interceptor.listen(),
  });
  const { applicationId = '' } = await service.client.send(
    new CreateApplicationCommand({
      type: 'SPARK',
      releaseLabel: 'emr-spark-8.0.0',
      initialCapacity: { DRIVER: { workerCount: 1, workerConfiguration: { cpu: '1vCPU', memory: '2GB' } } },
    }),
  );
  const config = { ...jobConfig, jobsUri: `s3://${buckets.artifacts}/spark-jobs/${version}` };
  const generation = Date.now();
  const bronze = { product: 'bronze.events', generation };
  const plans = [
    planBuild(catalogue, config, { ...bronze, start: hour, end: '2025-01-18T04' }),
    // Exported for the warehouse.
    planBuild(catalogue, config, { product: 'gold.dim_city', start: '2025-01-18', end: '2025-01-19', generation }),
    planRestore(catalogue, config, { ...bronze, version: 1, generation: generation + 1 }),
    planMaintenance(catalogue, config, bronze),
  ];
  for (const { job } of plans) await run(applicationId, job);
}, 1_200_000);

afterAll(async () => {
  await service.stop();
  interceptor.close();
  await s3.stop();
  rmSync(folder, { recursive: true });
});

describe('the rights of a Spark job', () => {
  it.each(['JobRole', 'MaintenanceRole'])('that runs as %s are those for what it asks for, and no others', (role) => {
    const { refused, unused } = compare(grantsOf(template, role), [...(needed.get(role) ?? [])]);
    expect(refused).toEqual([]);
    // An upload is given up only where it fails.
    expect(unused.map(({ action, resource }) => `${action} ${resource}`)).toEqual(['s3:AbortMultipartUpload Lake/*']);
  });

  it('meets no defect of the server', () => {
    expect(service.defects).toEqual([]);
  });
});
