import type { NormalizedSchema } from '@smithy/core/schema';

export type SchemaRef = Parameters<typeof NormalizedSchema.of>[0];

/** The shape of what SDK clients export as `StartJobRun$`: kind, namespace, name, traits, input, output. */
export type OperationSchema = readonly [number, string, string, unknown, SchemaRef, SchemaRef];

/** Input after validation: members that the model requires are there. */
export type Validated<T> = T extends Date | Uint8Array | readonly [unknown, ...unknown[]]
  ? T
  : T extends readonly (infer Element)[]
    ? Validated<Element>[]
    : T extends object
      ? {
          [Key in keyof T]: Partial<Pick<T, Key>> extends Pick<T, Key>
            ? Validated<T[Key]>
            : Validated<Exclude<T[Key], undefined>>;
        }
      : T;

/** What a handler may know about the request besides its input. */
export interface RequestContext {
  readonly requestId: string;
  /** Who has signed it, by the access key; nobody checks the signature. */
  readonly accessKeyId: string | undefined;
  /** Aborts when the client has gone or the server closes: long polls end on it. */
  readonly signal: AbortSignal;
}

export interface Operation {
  readonly name: string;
  readonly input: SchemaRef;
  readonly output: SchemaRef;
  readonly traits: unknown;
  readonly handle: (input: unknown, context: RequestContext) => Promise<unknown>;
}

/**
 * Joins an operation's schema with the code that answers it. `Input` and `Output` are the types of the SDK
 * client, e.g. `operation<StartJobRunRequest, StartJobRunResponse>(StartJobRun$, …)`.
 */
export const operation = <Input, Output>(
  schema: OperationSchema,
  handle: (input: Validated<Input>, context: RequestContext) => Promise<Output> | Output,
): Operation => ({
  name: schema[2],
  traits: schema[3],
  input: schema[4],
  output: schema[5],
  // The server calls a handler only with input that passed the checks against this very schema.
  handle: async (input, context) => await handle(input as Validated<Input>, context),
});
