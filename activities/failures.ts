import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { CompleteAsyncError, type Context } from '@temporalio/activity';
import { CatalogueError } from '../model/catalogue.ts';

/** Which errors of a service end a build; everything else is retried with back-off for as long as needed. */
export interface ServiceFailures {
  readonly service: string;
  /** Error name → what a person should do about it. */
  readonly advice: Readonly<Record<string, string>>;
  /**
   * Activity → the errors that are final there. What is wrong around a build (a policy, a missing table) may end it only
   * before its first job is submitted: later that would free its claim while the job runs, or lose what it has published.
   */
  readonly final: Readonly<Record<string, readonly string[]>>;
  /**
   * Activities in which a defect of this code, final everywhere else, is waited out until the next deploy mends it: those that
   * end or record what was begun, or a job would run on without its claim, and those of a workflow that lives for ever.
   */
  readonly enduring?: readonly string[];
  /** What an error says that is about a state which passes: it is never final. */
  readonly passing?: RegExp;
  /** Activity → what an error of any name says there that no retry can change, and what a person should do about it. */
  readonly lasting?: Readonly<Record<string, { readonly says: RegExp; readonly advice: string }>>;
}

interface ServiceException extends Error {
  readonly $metadata: { readonly requestId?: string; readonly httpStatusCode?: number };
}

const isServiceException = (error: unknown): error is ServiceException =>
  error instanceof Error && '$metadata' in error;

/** Runs `make`; what it says of bad input is told once, not retried: it would fail the same way every time. */
export async function refusingBadInput<T>(make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof CatalogueError || error instanceof RangeError)
      throw ApplicationFailure.nonRetryable(error.message, 'BadInput');
    throw error;
  }
}

/** A defect of this code, which the next attempt would meet again. An SDK's own may come of an answer that was cut off. */
const isDefect = (error: Error): boolean =>
  (error instanceof TypeError || error instanceof ReferenceError) && !('$response' in error);

/** Turns any error of an activity into one failure that says what happened, to what, what to do, and whether to retry. */
export function sortFailure(
  error: unknown,
  activity: string,
  workflowId: string | undefined,
  failures: ServiceFailures | undefined,
): unknown {
  const subject = `${activity} for ${workflowId ?? 'no workflow'}`;
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure || error instanceof CompleteAsyncError)
    return error;
  if (!(error instanceof Error))
    return ApplicationFailure.create({ message: `${subject}: ${String(error)}`, type: 'Unknown' });
  const told = failures?.lasting?.[activity];
  const lasting = told?.says.test(error.message) ? told : undefined;
  const advice = isDefect(error) ? 'This is a defect of Tideline.' : (lasting?.advice ?? failures?.advice[error.name]);
  const request =
    isServiceException(error) && error.$metadata.requestId ? ` (request ${error.$metadata.requestId})` : '';
  const isFinal = isDefect(error)
    ? !failures?.enduring?.includes(activity)
    : failures?.final[activity]?.includes(error.name) && !failures.passing?.test(error.message);
  return ApplicationFailure.create({
    message: `${subject}: ${error.name}: ${error.message}${request}${advice ? ` ${advice}` : ''}`,
    type: error.name,
    nonRetryable: isFinal === true || lasting !== undefined,
    cause: error,
  });
}

/** A service's activities, and which of its errors are final. */
export interface Service {
  readonly activities: object;
  readonly failures: ServiceFailures;
}

/** An interceptor that sorts the errors of every activity in one place; the subject is the activity and its workflow. */
export function failureSorting(services: readonly Service[]): (context: Context) => ActivityInterceptors {
  return (context) => ({
    inbound: {
      async execute(input, next) {
        try {
          return await next(input);
        } catch (error) {
          const { activityType, workflowExecution } = context.info;
          const service = services.find(({ activities }) => activityType in activities);
          throw sortFailure(error, activityType, workflowExecution?.workflowId, service?.failures);
        }
      },
    },
  });
}
