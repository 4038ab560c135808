import type { ErrorAnswer } from './errors.ts';
import type { Operation } from './operation.ts';

export interface WireRequest {
  readonly method: string;
  /** Path and query as sent, still percent-encoded. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface WireResponse {
  readonly httpStatus: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** One wire format: finds the operation, reads its input, writes its output and errors. */
export interface Protocol {
  /** The operation and its decoded, not yet validated input. Throws WireError if there is none. */
  readonly decode: (request: WireRequest) => { operation: Operation; input: unknown };
  readonly encode: (operation: Operation, output: unknown) => WireResponse;
  readonly encodeError: (error: ErrorAnswer) => WireResponse;
}
