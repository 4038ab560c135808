import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { CompleteAsyncError, type Context } from '@temporalio/activity';

/** Which errors of a service will not go away by themselves; everything else is retried with back-off for as long as needed. */
export interface ServiceFailures {
  readonly service: string;
  /** Error name → what a person should do about it. */
  readonly final: Readonly<Record<string, string>>;
}

interface ServiceException extends Error {
  readonly $metadata: { readonly requestId?: string; readonly httpStatusCode?: number };
}

const isServiceException = (error: unknown): error is ServiceException =>
  error instanceof Error && '$metadata' in error;

/** Turns any error of an activity into one failure that says what happened, to what, what to do, and whether to retry. */
export function sortFailure(error: unknown, subject: string, services: readonly ServiceFailures[]): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure || error instanceof CompleteAsyncError)
    return error;
  if (!(error instanceof Error))
    return ApplicationFailure.create({ message: `${subject}: ${String(error)}`, type: 'Unknown' });
  const found = services.find((service) => error.name in service.final);
  const advice = found?.final[error.name];
  const request =
    isServiceException(error) && error.$metadata.requestId ? ` (request ${error.$metadata.requestId})` : '';
  return ApplicationFailure.create({
    message: `${subject}: ${error.name}: ${error.message}${request}${advice ? ` ${advice}` : ''}`,
    type: error.name,
    nonRetryable: found !== undefined,
    cause: error,
  });
}

/** An interceptor that sorts the errors of every activity in one place; the subject is the activity and its workflow. */
export function failureSorting(services: readonly ServiceFailures[]): (context: Context) => ActivityInterceptors {
  return (context) => ({
    inbound: {
      async execute(input, next) {
        try {
          return await next(input);
        } catch (error) {
          const { activityType, workflowExecution } = context.info;
          throw sortFailure(error, `${activityType} for ${workflowExecution?.workflowId ?? 'no workflow'}`, services);
        }
      },
    },
  });
}
