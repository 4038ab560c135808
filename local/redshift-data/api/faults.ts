import {
  ActiveSessionsExceededException,
  ActiveStatementsExceededException,
  ResourceNotFoundException,
  ValidationException,
} from '@aws-sdk/client-redshift-data';

function texts(text: string): { $metadata: object; message: string; Message: string } {
  return { $metadata: {}, message: text, Message: text };
}

export function invalid(text: string): ValidationException {
  return new ValidationException(texts(text));
}

export function notFound(text: string, id: string): ResourceNotFoundException {
  return new ResourceNotFoundException({ ...texts(text), ResourceId: id });
}

export function tooManyStatements(limit: number): ActiveStatementsExceededException {
  return new ActiveStatementsExceededException(texts(`Active statements exceeded the allowed quota (${limit}).`));
}

export function tooManySessions(limit: number): ActiveSessionsExceededException {
  return new ActiveSessionsExceededException(texts(`Active sessions exceeded the allowed quota (${limit}).`));
}
