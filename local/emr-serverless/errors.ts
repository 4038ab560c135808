import { ConflictException, ResourceNotFoundException, ValidationException } from '@aws-sdk/client-emr-serverless';

export const invalid = (message: string): ValidationException => new ValidationException({ $metadata: {}, message });

export const conflict = (message: string): ConflictException => new ConflictException({ $metadata: {}, message });

export const notFound = (message: string): ResourceNotFoundException =>
  new ResourceNotFoundException({ $metadata: {}, message });
