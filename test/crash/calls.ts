import type { Call } from './interceptor.ts';

/** Calls of services, by the operation that they ask for. */
export const operation =
  (name: string) =>
  (call: Call): boolean =>
    call.operation === name;
export const submitLoad = operation('BatchExecuteStatement');
export const pollLoad = operation('DescribeStatement');
