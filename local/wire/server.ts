import { randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { TypeRegistry } from '@smithy/core/schema';
import { answerFor, WireError, type ErrorAnswer } from './errors.ts';
import { createJsonRpcProtocol } from './json-rpc.ts';
import type { Operation } from './operation.ts';
import type { Protocol, WireRequest, WireResponse } from './protocol.ts';
import { type Quota, Quotas } from './quotas.ts';
import { createRestJsonProtocol } from './rest-json.ts';
import { loadServiceModel, type ServiceModel } from './service-model.ts';
import { assertValidInput, violations } from './validation.ts';

const HOST = '127.0.0.1';
const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Longer than the idle time of any client's connection pool, so that no client meets a closing socket. */
const KEEP_ALIVE_TIMEOUT_MS = 120_000;

export interface AwsServerOptions {
  /** botocore's name of the service, e.g. `emr-serverless`. */
  readonly service: string;
  readonly protocol: 'restJson1' | 'awsJson1_0' | 'awsJson1_1';
  /** `errorTypeRegistries` of the service's SDK client: what handlers throw is encoded by it. */
  readonly errors: readonly TypeRegistry[];
  readonly operations: readonly Operation[];
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** How often operations may be called; by default as often as anybody likes. */
  readonly quotas?: Readonly<Record<string, Quota>>;
  /** Told of every defect: an error that is not modeled, or output that breaks its own schema. */
  readonly onDefect: (error: unknown, operation: string | undefined) => void;
}

export interface AwsServer {
  readonly url: string;
  /** Stops listening, aborts what is waiting and drops idle connections. */
  readonly close: () => Promise<void>;
}

/** Starts a server on 127.0.0.1 that speaks one AWS service's wire protocol. */
export const createAwsServer = async (options: AwsServerOptions): Promise<AwsServer> => {
  const model = loadServiceModel(options.service);
  const create = {
    restJson1: createRestJsonProtocol,
    awsJson1_0: createJsonRpcProtocol('1.0'),
    awsJson1_1: createJsonRpcProtocol('1.1'),
  }[options.protocol];
  const protocol = create(options.service, options.operations, model);
  const closing = new AbortController();
  const service = { options, model, protocol, quotas: new Quotas(options.quotas ?? {}), closing: closing.signal };
  const server = createServer((request, response) => {
    void answer(service, request, response);
  });
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://${HOST}:${String(port)}`,
    close: async () => {
      closing.abort();
      await new Promise<void>((resolve, reject) => {
        server.close((error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
        server.closeIdleConnections();
      });
    },
  };
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('the server has no port'));
      else resolve(address.port);
    });
  });

interface Service {
  readonly options: AwsServerOptions;
  readonly model: ServiceModel;
  readonly protocol: Protocol;
  readonly quotas: Quotas;
  readonly closing: AbortSignal;
}

const answer = async (
  { options, model, protocol, quotas, closing }: Service,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const requestId = randomUUID();
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  let operationName: string | undefined;
  let wire: WireResponse;
  try {
    assertAddressedHere(request.headers.host);
    const { operation, input } = protocol.decode(await readRequest(request));
    operationName = operation.name;
    quotas.take(operation.name);
    const shapes = model.operations[operation.name];
    assertValidInput(model, operation.input, shapes?.input?.shape, input);
    const signal = AbortSignal.any([closing, gone.signal]);
    const accessKeyId = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1];
    const output = await operation.handle(input, { requestId, accessKeyId, signal });
    const broken = violations(model, operation.output, shapes?.output?.shape, output);
    if (broken.length > 0) throw new Error(`output of ${operation.name}: ${broken.join('; ')}`);
    wire = protocol.encode(operation, output);
  } catch (thrown) {
    const known = answerFor(options.errors, thrown);
    if (known === undefined) options.onDefect(thrown, operationName);
    wire = protocol.encodeError(known ?? internalError(thrown));
  }
  // A closed server answers what it has begun, but keeps no connection open for more.
  const connection = closing.aborted ? { connection: 'close' } : {};
  response.writeHead(wire.httpStatus, { ...wire.headers, ...connection, 'x-amzn-RequestId': requestId });
  response.end(wire.body);
};

/** A web page can make a name of its own mean this machine, and a browser then sends here what it likes. */
const assertAddressedHere = (host = ''): void => {
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host))
    throw new WireError('AccessDeniedException', 403, `The request is for "${host}": say http://${HOST} instead`);
};

const internalError = (thrown: unknown): ErrorAnswer => ({
  name: 'InternalServerException',
  httpStatus: 500,
  members: { message: thrown instanceof Error ? thrown.message : String(thrown) },
});

/** SDKs pack large requests of some operations. */
const unpacked = (body: Buffer, encoding: string | undefined): Buffer =>
  encoding === 'gzip' ? gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES }) : body;

const readRequest = async (request: IncomingMessage): Promise<WireRequest> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new WireError('RequestEntityTooLarge', 413, 'The request body is too large');
    chunks.push(chunk);
  }
  return {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: request.headers,
    body: unpacked(Buffer.concat(chunks), request.headers['content-encoding']),
  };
};
