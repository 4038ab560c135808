import type { ServiceFailures } from '../failures.ts';

export const lakeFailures: ServiceFailures = {
  service: 'S3',
  final: {
    NoSuchBucket: 'Check the bucket names in the worker’s configuration.',
    AccessDenied: 'The worker’s role lacks this permission; see infra/.',
    ZodError:
      'The job wrote a result that this version of the workers does not understand: deploy workers and jobs together.',
  },
};
