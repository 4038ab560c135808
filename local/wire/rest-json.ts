import { FromStringShapeDeserializer } from '@smithy/core/protocols';
import { NormalizedSchema } from '@smithy/core/schema';
import { serializationError, unknownOperation, unsupportedOperation } from './errors.ts';
import { createJsonBody, type JsonBody } from './json-body.ts';
import type { Operation } from './operation.ts';
import type { Protocol, WireRequest } from './protocol.ts';
import { createRoutes, type Route } from './rest-routes.ts';
import type { ServiceModel } from './service-model.ts';

const EPOCH_SECONDS = 7;
const CONTENT_TYPE = { 'content-type': 'application/json' };

const fromString = new FromStringShapeDeserializer({
  httpBindings: true,
  timestampFormat: { useTrait: true, default: EPOCH_SECONDS },
});

const readScalar = (schema: NormalizedSchema, text: string, member: string): unknown => {
  // The SDK reads every text but "true" as false; a service refuses what is neither.
  if (schema.isBooleanSchema() && !/^(true|false)$/i.test(text)) {
    throw serializationError(`${member} must be a boolean`);
  }
  try {
    return fromString.read(schema, text);
  } catch (error) {
    throw serializationError(`${member}: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const readInput = (
  operation: Operation,
  json: JsonBody,
  labels: Readonly<Record<string, string>>,
  query: URLSearchParams,
  request: WireRequest,
): Record<string, unknown> => {
  const schema = NormalizedSchema.of(operation.input);
  const body = json.read(operation.input, request.body);
  const input: Record<string, unknown> = {};
  for (const [name, member] of schema.structIterator()) {
    const traits = member.getMergedTraits();
    const label = labels[name];
    if (traits.httpLabel !== undefined) {
      if (label !== undefined) input[name] = readScalar(member, label, name);
    } else if (traits.httpQuery !== undefined) {
      const texts = query.getAll(traits.httpQuery);
      const [first] = texts;
      if (first === undefined) continue;
      input[name] = member.isListSchema()
        ? texts.map((text) => readScalar(member.getValueSchema(), text, name))
        : readScalar(member, first, name);
    } else if (body[name] !== undefined) {
      input[name] = body[name];
    }
  }
  return input;
};

/** REST-JSON: the operation is found by method and path; input comes from labels, query and body. */
export const createRestJsonProtocol = (
  service: string,
  operations: readonly Operation[],
  model: ServiceModel,
): Protocol => {
  const json = createJsonBody(true);
  const served = createRoutes(operations.map((each) => ({ ...restBinding(each), target: each })));
  const known = createRoutes(
    Object.entries(model.operations).map(([target, { http }]) => ({
      method: http.method,
      template: http.requestUri,
      target,
    })),
  );
  return {
    decode: (request) => {
      const [path = '/', query = ''] = request.target.split('?', 2);
      const match = served(request.method, path);
      if (match === undefined) {
        const named = known(request.method, path);
        throw named === undefined
          ? unknownOperation(service, `${request.method} ${path}`)
          : unsupportedOperation(service, named.target);
      }
      const input = readInput(match.target, json, match.labels, new URLSearchParams(query), request);
      return { operation: match.target, input };
    },
    encode: (operation, output) => ({
      httpStatus: restBinding(operation).httpStatus,
      headers: CONTENT_TYPE,
      body: json.write(operation.output, output),
    }),
    encodeError: ({ name, httpStatus, members }) => ({
      httpStatus,
      headers: { ...CONTENT_TYPE, 'x-amzn-errortype': name },
      body: Buffer.from(JSON.stringify(members)),
    }),
  };
};

const restBinding = (operation: Operation): Omit<Route<never>, 'target'> & { httpStatus: number } => {
  const { http } = operation.traits as { http?: [method: string, template: string, httpStatus: number] };
  if (http === undefined) throw new Error(`${operation.name} has no HTTP binding`);
  for (const schema of [operation.input, operation.output]) assertBindable(operation.name, schema);
  const [method, template, httpStatus] = http;
  return { method, template, httpStatus };
};

/** Headers, payload members and prefix maps are not needed by the services here, so they are refused. */
const assertBindable = (operation: string, ref: Operation['input']): void => {
  for (const [name, member] of NormalizedSchema.of(ref).structIterator()) {
    const { httpHeader, httpPayload, httpPrefixHeaders, httpQueryParams } = member.getMergedTraits();
    if (httpHeader ?? httpPayload ?? httpPrefixHeaders ?? httpQueryParams) {
      throw new Error(`${operation}.${name} is bound in a way this server does not have`);
    }
  }
};
