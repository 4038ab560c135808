import { NormalizedSchema, type TypeRegistry } from '@smithy/core/schema';

/** An error that belongs to the protocol rather than to a service's model. */
export class WireError extends Error {
  override readonly name: string;
  readonly httpStatus: number;

  constructor(name: string, httpStatus: number, message: string) {
    super(message);
    this.name = name;
    this.httpStatus = httpStatus;
  }
}

/** The input cannot be read as the operation's types, whatever its limits are. */
export const serializationError = (message: string): WireError => new WireError('SerializationException', 400, message);

/** The service has this operation, this server does not. 501 is not retried by any AWS client. */
export const unsupportedOperation = (service: string, operation: string): WireError =>
  new WireError(
    'UnsupportedOperationException',
    501,
    `${operation} of ${service} is not supported by this local server`,
  );

/** Neither the service nor this server has such an operation. */
export const unknownOperation = (service: string, request: string): WireError =>
  new WireError('UnknownOperationException', 404, `${service} has no operation for ${request}`);

export interface ErrorAnswer {
  readonly name: string;
  readonly httpStatus: number;
  readonly members: Record<string, unknown>;
}

type SchemaRef = Parameters<typeof NormalizedSchema.of>[0];

const modeledSchema = (registries: readonly TypeRegistry[], name: string): SchemaRef | undefined => {
  for (const registry of registries) {
    const found = registry.find((schema) => {
      const normalized = NormalizedSchema.of(schema);
      return normalized.getName() === name && normalized.getMergedTraits().error !== undefined;
    });
    if (found !== undefined) return found;
  }
  return undefined;
};

/**
 * What a client should see of a thrown value, or undefined if it is neither a modeled error of the service
 * nor a protocol error: then it is a defect of the server.
 */
export const answerFor = (registries: readonly TypeRegistry[], thrown: unknown): ErrorAnswer | undefined => {
  if (!(thrown instanceof Error)) return undefined;
  const schema = modeledSchema(registries, thrown.name);
  if (schema !== undefined) {
    const normalized = NormalizedSchema.of(schema);
    const traits = normalized.getMergedTraits();
    const members: Record<string, unknown> = {};
    for (const [member] of normalized.structIterator()) {
      const own: unknown = Reflect.get(thrown, member);
      // Services differ in the case of the message member; the exception classes only know `message`.
      const value = own ?? (member.toLowerCase() === 'message' ? thrown.message : undefined);
      if (value !== undefined) members[member] = value;
    }
    const declared = typeof traits.httpError === 'number' ? traits.httpError : undefined;
    return { name: thrown.name, httpStatus: declared ?? (traits.error === 'server' ? 500 : 400), members };
  }
  if (thrown instanceof WireError) {
    return { name: thrown.name, httpStatus: thrown.httpStatus, members: { message: thrown.message } };
  }
  return undefined;
};
