import type { ServiceFailures } from '../failures.ts';

export const emrServerlessFailures: ServiceFailures = {
  service: 'EMR Serverless',
  advice: {
    ValidationException:
      'The request is not one that EMR Serverless accepts; correct the contract or the worker configuration.',
    ResourceNotFoundException:
      'Check EMR_APPLICATION_ID and that the run still exists (runs are kept for a limited time).',
    ConflictException: 'The same token was used for another job; this needs a person to look.',
    AccessDeniedException: 'The worker’s role lacks this permission; see infra/.',
  },
  final: {
    submitJobRun: ['ValidationException', 'ResourceNotFoundException', 'ConflictException', 'AccessDeniedException'],
  },
};
