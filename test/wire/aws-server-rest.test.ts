import * as emr from '@aws-sdk/client-emr-serverless';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAwsServer, operation, type AwsServer } from '../../local/wire/index.ts';
import { access } from './access.ts';

const createdAt = new Date('2025-01-18T03:04:05.678Z');
const roleArn = 'arn:aws:iam::000000000000:role/tideline-job';
const defects: unknown[] = [];
const onDefect = (error: unknown): void => {
  defects.push(error);
};

describe('a REST-JSON service', () => {
  let server: AwsServer;
  let client: emr.EMRServerlessClient;
  const inputs: unknown[] = [];

  beforeAll(async () => {
    server = await createAwsServer({
      service: 'emr-serverless',
      protocol: 'restJson1',
      errors: emr.errorTypeRegistries,
      onDefect,
      operations: [
        operation<emr.StartJobRunRequest, emr.StartJobRunResponse>(emr.StartJobRun$, (input) => {
          inputs.push(input);
          const arn = `arn:aws:emr-serverless:us-east-1:000000000000:/applications/${input.applicationId}/jobruns/1`;
          return { applicationId: input.applicationId, jobRunId: '1', arn };
        }),
        operation<emr.ListJobRunsRequest, emr.ListJobRunsResponse>(emr.ListJobRuns$, (input) => {
          inputs.push(input);
          return { jobRuns: [] };
        }),
        operation<emr.ListTagsForResourceRequest, emr.ListTagsForResourceResponse>(
          emr.ListTagsForResource$,
          ({ resourceArn }) => ({ tags: { arn: resourceArn } }),
        ),
        operation<emr.GetApplicationRequest, emr.GetApplicationResponse>(emr.GetApplication$, () => {
          throw new TypeError('a defect');
        }),
      ],
    });
    client = new emr.EMRServerlessClient({ ...access, endpoint: server.url, maxAttempts: 1 });
  });

  afterAll(async () => {
    client.destroy();
    await server.close();
  });

  it('reads labels and body', async () => {
    const answer = await client.send(
      new emr.StartJobRunCommand({
        applicationId: 'app1',
        clientToken: 'token-1',
        executionRoleArn: roleArn,
        jobDriver: {
          sparkSubmit: { entryPoint: 's3://bucket/main.py', entryPointArguments: ['a', 'é "b"'] },
        },
      }),
    );
    expect(answer.jobRunId).toBe('1');
    expect(inputs.at(-1)).toEqual({
      applicationId: 'app1',
      clientToken: 'token-1',
      executionRoleArn: roleArn,
      jobDriver: { sparkSubmit: { entryPoint: 's3://bucket/main.py', entryPointArguments: ['a', 'é "b"'] } },
    });
  });

  it('reads numbers, lists and timestamps from the query', async () => {
    await client.send(
      new emr.ListJobRunsCommand({
        applicationId: 'app1',
        maxResults: 7,
        states: ['RUNNING', 'SUCCESS'],
        createdAtAfter: createdAt,
      }),
    );
    expect(inputs.at(-1)).toEqual({
      applicationId: 'app1',
      maxResults: 7,
      states: ['RUNNING', 'SUCCESS'],
      createdAtAfter: new Date('2025-01-18T03:04:05.678Z'),
    });
  });

  it('reads a label that contains slashes', async () => {
    const resourceArn = 'arn:aws:emr-serverless:us-east-1:000000000000:/applications/00abc';
    const answer = await client.send(new emr.ListTagsForResourceCommand({ resourceArn }));
    expect(answer.tags).toEqual({ arn: resourceArn });
  });

  it('tells all broken limits, patterns and enums at once', async () => {
    const sent = client.send(
      new emr.StartJobRunCommand({
        applicationId: 'app1',
        clientToken: 'x'.repeat(65),
        executionRoleArn: 'not-a-role',
        mode: 'SOMETIMES' as emr.JobRunMode,
        retryPolicy: { maxAttempts: 0 },
      }),
    );
    const message = await sent.catch((error: unknown) => String(error));
    expect(message).toMatch(/^ValidationException: 5 validation errors detected/);
    for (const member of ['clientToken', 'executionRoleArn', 'mode', 'retryPolicy.maxAttempts']) {
      expect(message).toContain(`'${member}'`);
    }
  });

  it('names an operation that the service has and this server does not', async () => {
    await expect(client.send(new emr.GetSessionCommand({ applicationId: 'a', sessionId: 'b' }))).rejects.toThrow(
      'GetSession of emr-serverless is not supported',
    );
  });

  it('answers 500 and reports a defect when a handler fails', async () => {
    await expect(client.send(new emr.GetApplicationCommand({ applicationId: 'a' }))).rejects.toMatchObject({
      name: 'InternalServerException',
      $metadata: { httpStatusCode: 500 },
    });
    expect(String(defects.at(-1))).toBe('TypeError: a defect');
  });
});
