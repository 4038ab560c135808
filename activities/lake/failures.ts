import type { ServiceFailures } from '../failures.ts';

export const lakeFailures: ServiceFailures = {
  service: 'S3',
  advice: {
    NoSuchBucket: 'Check the bucket names in the worker’s configuration.',
    AccessDenied: 'The worker’s role lacks this permission; see infra/.',
  },
  final: {},
};
