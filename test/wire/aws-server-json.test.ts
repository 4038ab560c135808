import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import * as redshift from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAwsServer, operation, type AwsServer } from '../../local/wire/index.ts';
import { access } from './access.ts';

const createdAt = new Date('2025-01-18T03:04:05.678Z');
const statementId = '8f3b2c1d-0a9e-4b7c-8d6f-1234567890ab';
const defects: unknown[] = [];
const onDefect = (error: unknown): void => {
  defects.push(error);
};

describe('a JSON 1.1 service', () => {
  let server: AwsServer;
  let client: redshift.RedshiftDataClient;

  beforeAll(async () => {
    server = await createAwsServer({
      service: 'redshift-data',
      protocol: 'awsJson1_1',
      errors: redshift.errorTypeRegistries,
      onDefect,
      operations: [
        operation<redshift.ExecuteStatementInput, redshift.ExecuteStatementOutput>(
          redshift.ExecuteStatement$,
          (input) => {
            if (input.Sql === 'missing') {
              throw new redshift.ResourceNotFoundException({
                $metadata: {},
                Message: 'no such statement',
                message: 'no such statement',
                ResourceId: 'statement-1',
              });
            }
            return { Id: statementId, CreatedAt: createdAt, Database: input.Database };
          },
        ),
        operation<redshift.GetStatementResultRequest, redshift.GetStatementResultResponse>(
          redshift.GetStatementResult$,
          () => ({ Records: [[{ longValue: 7 }, { blobValue: Buffer.from('abc') }, { isNull: true }]] }),
        ),
      ],
    });
    client = new redshift.RedshiftDataClient({ ...access, endpoint: server.url });
  });

  afterAll(async () => {
    client.destroy();
    await server.close();
  });

  it('answers with what the handler returns, timestamps included', async () => {
    const answer = await client.send(
      new redshift.ExecuteStatementCommand({
        Sql: 'select 1',
        Database: 'lakehouse',
        ClientToken: 'token-1',
      }),
    );
    expect(answer).toMatchObject({ Id: statementId, Database: 'lakehouse' });
    expect(answer.CreatedAt).toEqual(createdAt);
    expect(answer.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each(['rebound.example', 'rebound.example:80', '127.0.0.1.rebound.example'])(
    'turns away what a browser was made to send it under the name "%s"',
    async (host) => {
      const headers = {
        host,
        'x-amz-target': 'RedshiftData.ExecuteStatement',
        'content-type': 'application/x-amz-json-1.1',
      };
      const sent = request(server.url, { method: 'POST', headers }).end('{"Sql": "select 1", "Database": "lakehouse"}');
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      expect(answer.statusCode).toBe(403);
      expect(await text(answer)).toContain(`The request is for \\"${host}\\": say http://127.0.0.1 instead`);
    },
  );

  it('answers under the name localhost too', async () => {
    const named = new redshift.RedshiftDataClient({
      ...access,
      endpoint: server.url.replace('127.0.0.1', 'localhost'),
    });
    expect(await named.send(new redshift.GetStatementResultCommand({ Id: statementId }))).toHaveProperty('Records');
    named.destroy();
  });

  it('carries unions and blobs', async () => {
    const answer = await client.send(new redshift.GetStatementResultCommand({ Id: statementId }));
    expect(answer.Records?.[0]?.[0]).toEqual({ longValue: 7 });
    expect(Buffer.from(answer.Records?.[0]?.[1]?.blobValue ?? []).toString()).toBe('abc');
    expect(answer.Records?.[0]?.[2]).toEqual({ isNull: true });
  });

  it('throws a modeled exception with its status and members in the client', async () => {
    const sent = client.send(new redshift.ExecuteStatementCommand({ Sql: 'missing', Database: 'lakehouse' }));
    await expect(sent).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'no such statement',
      ResourceId: 'statement-1',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('refuses a missing required member', async () => {
    const sent = client.send(new redshift.ExecuteStatementCommand({ Sql: undefined, Database: 'lakehouse' }));
    await expect(sent).rejects.toMatchObject({
      name: 'ValidationException',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('refuses a member of the wrong type', async () => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'RedshiftData.ExecuteStatement' },
      body: JSON.stringify({ Sql: 1 }),
    });
    expect(response.status).toBe(400);
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await response.json()).toMatchObject({ __type: 'SerializationException' });
  });

  it('names an operation that the service has and this server does not', async () => {
    const sent = client.send(new redshift.ListSchemasCommand({ Database: 'lakehouse' }));
    await expect(sent).rejects.toMatchObject({
      name: 'UnsupportedOperationException',
      message: expect.stringContaining('ListSchemas') as string,
      $metadata: { httpStatusCode: 501, attempts: 1 },
    });
  });

  it('names a target that the service does not have', async () => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'RedshiftData.Fly' },
    });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' });
  });
});
