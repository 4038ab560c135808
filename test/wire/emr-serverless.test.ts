import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CancelJobRunCommand,
  DeleteApplicationCommand,
  GetApplicationCommand,
  GetDashboardForJobRunCommand,
  GetJobRunCommand,
  GetSessionCommand,
  ListJobRunAttemptsCommand,
  ListJobRunsCommand,
  ListTagsForResourceCommand,
  paginateListApplications,
  paginateListJobRuns,
  StartApplicationCommand,
  StartJobRunCommand,
  StopApplicationCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateApplicationCommand,
} from '@aws-sdk/client-emr-serverless';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApplication, runRequest, startRun, startRunWith } from './emr-serverless-runs.ts';
import { roleArn, startService, waitForRun, type Service } from './emr-serverless-service.ts';

// No run is given capacity here, so no Spark is started: these tests are about the API alone.
const environment = { EMR_SERVERLESS_MAX_CONCURRENT_RUNS: '0', AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };

let stateDir: string;
let service: Service;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'emr-serverless-'));
  service = await startService({ ...environment, EMR_SERVERLESS_STATE_DIR: stateDir });
});

afterAll(async () => {
  await service.stop();
  await rm(stateDir, { recursive: true });
});

describe('applications', () => {
  it('are created once per client token', async () => {
    const settings = { clientToken: 'create-once', name: 'once' };
    expect(await createApplication(service, settings)).toBe(await createApplication(service, settings));
    await expect(createApplication(service, { ...settings, name: 'twice' })).rejects.toMatchObject({
      name: 'ConflictException',
      $metadata: { httpStatusCode: 409 },
    });
  });

  it('show their settings with the defaults of the service', async () => {
    const applicationId = await createApplication(service, {
      name: 'tideline',
      tags: { team: 'data' },
      schedulerConfiguration: { maxConcurrentRuns: 1 },
    });
    const { application } = await service.client.send(new GetApplicationCommand({ applicationId }));
    expect(application).toMatchObject({
      applicationId,
      arn: `arn:aws:emr-serverless:us-east-1:000000000000:/applications/${applicationId}`,
      name: 'tideline',
      state: 'CREATED',
      tags: { team: 'data' },
      autoStartConfiguration: { enabled: true },
      autoStopConfiguration: { enabled: true, idleTimeoutMinutes: 15 },
      schedulerConfiguration: { maxConcurrentRuns: 1 },
    });
    expect(Date.now() - application!.createdAt!.getTime()).toBeLessThan(60_000);
  });

  it('start, stop and end, and are changed only while they are down', async () => {
    const applicationId = await createApplication(service);
    await service.client.send(new StartApplicationCommand({ applicationId }));
    await expect
      .poll(async () => (await service.client.send(new GetApplicationCommand({ applicationId }))).application?.state)
      .toBe('STARTED');
    const change = new UpdateApplicationCommand({ applicationId, schedulerConfiguration: { maxConcurrentRuns: 3 } });
    await expect(service.client.send(change)).rejects.toMatchObject({ name: 'ValidationException' });
    await service.client.send(new StopApplicationCommand({ applicationId }));
    await expect
      .poll(async () => (await service.client.send(new GetApplicationCommand({ applicationId }))).application?.state)
      .toBe('STOPPED');
    const { application } = await service.client.send(change);
    expect(application?.schedulerConfiguration).toEqual({ maxConcurrentRuns: 3 });
    await service.client.send(new DeleteApplicationCommand({ applicationId }));
    await expect(startRun(service, applicationId)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('are listed page by page, each exactly once', async () => {
    const created = new Set<string>();
    for (let index = 0; index < 5; index += 1) created.add(await createApplication(service));
    const listed: (string | undefined)[] = [];
    for await (const page of paginateListApplications({ client: service.client, pageSize: 2 }, {})) {
      expect(page.applications!.length).toBeLessThanOrEqual(2);
      listed.push(...page.applications!.map(({ id }) => id));
    }
    expect(new Set(listed).size).toBe(listed.length);
    for (const id of created) expect(listed).toContain(id);
  });

  it('and their runs carry tags', async () => {
    const applicationId = await createApplication(service);
    const { arn: resourceArn } = await service.client.send(new StartJobRunCommand(runRequest(applicationId)));
    await service.client.send(new TagResourceCommand({ resourceArn, tags: { a: '1', b: '2' } }));
    await service.client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }));
    const { tags } = await service.client.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual({ b: '2' });
  });
});

describe('job runs', () => {
  it('are started once per client token, and a token with other parameters is a conflict', async () => {
    const applicationId = await createApplication(service);
    const first = await startRun(service, applicationId, { clientToken: 'token-1', name: 'a' });
    expect(await startRun(service, applicationId, { clientToken: 'token-1', name: 'a' })).toBe(first);
    expect(await startRun(service, applicationId, { clientToken: 'token-2', name: 'a' })).not.toBe(first);
    await expect(startRun(service, applicationId, { clientToken: 'token-1', name: 'b' })).rejects.toMatchObject({
      name: 'ConflictException',
    });
  });

  it('start their application and wait for capacity', async () => {
    const applicationId = await createApplication(service);
    const jobRunId = await startRun(service, applicationId);
    const run = await waitForRun(service.client, applicationId, jobRunId, ['PENDING']);
    expect(run).toMatchObject({ attempt: 1, mode: 'BATCH', executionRole: roleArn, releaseLabel: 'emr-spark-8.0.0' });
    const { application } = await service.client.send(new GetApplicationCommand({ applicationId }));
    expect(application?.state).toBe('STARTED');
  });

  it('are refused if the application is down and does not start by itself', async () => {
    const applicationId = await createApplication(service, { autoStartConfiguration: { enabled: false } });
    await expect(startRun(service, applicationId)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('are cancelled while they wait, and only once', async () => {
    const applicationId = await createApplication(service);
    const jobRunId = await startRun(service, applicationId);
    await service.client.send(new CancelJobRunCommand({ applicationId, jobRunId }));
    expect((await waitForRun(service.client, applicationId, jobRunId)).state).toBe('CANCELLED');
    await expect(service.client.send(new CancelJobRunCommand({ applicationId, jobRunId }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  it('are listed newest first, page by page, by state and time', async () => {
    const applicationId = await createApplication(service);
    const started: string[] = [];
    for (let index = 0; index < 5; index += 1) started.unshift(await startRun(service, applicationId));
    await service.client.send(new CancelJobRunCommand({ applicationId, jobRunId: started[2] }));
    const list = async (filter: object): Promise<(string | undefined)[]> => {
      const ids: (string | undefined)[] = [];
      const pages = paginateListJobRuns({ client: service.client, pageSize: 2 }, { applicationId, ...filter });
      for await (const page of pages) ids.push(...page.jobRuns!.map(({ id }) => id));
      return ids;
    };
    expect(await list({})).toEqual(started);
    expect(await list({ states: ['CANCELLED'] })).toEqual([started[2]]);
    expect(await list({ createdAtAfter: new Date(Date.now() + 60_000) })).toEqual([]);
    const bogus = new ListJobRunsCommand({ applicationId, nextToken: 'bogus' });
    await expect(service.client.send(bogus)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('have attempts and a place where their logs are', async () => {
    const applicationId = await createApplication(service);
    const jobRunId = await startRun(service, applicationId);
    const { jobRunAttempts } = await service.client.send(new ListJobRunAttemptsCommand({ applicationId, jobRunId }));
    expect(jobRunAttempts).toMatchObject([{ id: jobRunId, attempt: 1 }]);
    const { url } = await service.client.send(new GetDashboardForJobRunCommand({ applicationId, jobRunId }));
    expect(url).toContain(jobRunId);
  });

  it.each([
    ['--archives s3://bucket/environment.tar.gz', '--archives'],
    ['--conf spark.jars.packages=io.delta:delta-spark_2.13:4.0.1', 'spark.jars.packages'],
    ['--jars /usr/share/aws/iceberg/lib/iceberg-spark3-runtime.jar', 'iceberg-spark3-runtime.jar'],
    ['--conf "spark.app.name=unbalanced', 'unbalanced'],
    ['--py-files ./local.zip', './local.zip'],
  ])('are refused loudly with parameters that cannot be honoured: %s', async (parameters, named) => {
    const applicationId = await createApplication(service);
    await expect(startRunWith(service, applicationId, parameters)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(named) as string,
    });
  });

  it('survive a restart of the server, with their order and tokens', async () => {
    const applicationId = await createApplication(service, { name: 'restarted' });
    const jobRunId = await startRun(service, applicationId, { clientToken: 'before' });
    await service.stop();
    service = await startService({ ...environment, EMR_SERVERLESS_STATE_DIR: stateDir });
    expect(await startRun(service, applicationId, { clientToken: 'before' })).toBe(jobRunId);
    const run = await waitForRun(service.client, applicationId, jobRunId, ['PENDING']);
    expect(run.jobDriver).toEqual({ sparkSubmit: { entryPoint: 's3://bucket/main.py' } });
  });
});

describe('the server', () => {
  it('does not know what was never created', async () => {
    const applicationId = await createApplication(service);
    for (const command of [
      service.client.send(new GetApplicationCommand({ applicationId: '00none' })),
      service.client.send(new GetJobRunCommand({ applicationId, jobRunId: '00none' })),
      startRun(service, '00none'),
    ]) {
      await expect(command).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
        $metadata: { httpStatusCode: 404 },
      });
    }
  });

  it('checks limits and patterns of the service model', async () => {
    const applicationId = await createApplication(service);
    await expect(startRun(service, applicationId, { executionRoleArn: 'me' })).rejects.toThrow("'executionRoleArn'");
    await expect(startRun(service, applicationId, { name: 'x'.repeat(257) })).rejects.toThrow("'name'");
    await expect(createApplication(service, { type: 'HIVE' })).rejects.toThrow('HIVE');
  });

  it('names the operations that it does not have', async () => {
    await expect(
      service.client.send(new GetSessionCommand({ applicationId: 'a', sessionId: 'b' })),
    ).rejects.toMatchObject({ name: 'UnsupportedOperationException', message: expect.stringContaining('GetSession') });
  });

  it('has met no defect of its own', () => {
    expect(service.defects).toEqual([]);
  });
});
