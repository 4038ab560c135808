import type { ServiceFailures } from '../failures.ts';

export const redshiftFailures: ServiceFailures = {
  service: 'Redshift Data',
  advice: {
    ValidationException: 'The statement is not one that Redshift accepts; correct the product’s SQL.',
    ResourceNotFoundException: 'Check REDSHIFT_WORKGROUP.',
    BatchExecuteStatementException: 'Redshift could not start the batch; see the message.',
    AccessDeniedException: 'The worker’s role lacks this permission; see infra/.',
  },
  final: { submitLoad: ['ValidationException'] },
  enduring: ['cancelStatement'],
};
