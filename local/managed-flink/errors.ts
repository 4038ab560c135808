import * as flink from '@aws-sdk/client-kinesis-analytics-v2';

const details = (message: string) => ({ $metadata: {}, message });

export const invalidArgument = (message: string) => new flink.InvalidArgumentException(details(message));

export const invalidRequest = (message: string) => new flink.InvalidRequestException(details(message));

export const invalidConfiguration = (message: string) =>
  new flink.InvalidApplicationConfigurationException(details(message));

export const unsupported = (what: string) =>
  new flink.UnsupportedOperationException(details(`${what} is not supported by this local server`));

export const inUse = (message: string) => new flink.ResourceInUseException(details(message));

export const notFound = (message: string) => new flink.ResourceNotFoundException(details(message));

export const limitExceeded = (message: string) => new flink.LimitExceededException(details(message));

export const concurrentModification = (message: string) => new flink.ConcurrentModificationException(details(message));

export const tooManyTags = (message: string) => new flink.TooManyTagsException(details(message));
