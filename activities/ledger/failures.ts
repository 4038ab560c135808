import type { ServiceFailures } from '../failures.ts';

export const ledgerFailures: ServiceFailures = {
  service: 'DynamoDB',
  final: {
    ResourceNotFoundException: 'The ledger’s table is not there: check TIDELINE_LEDGER_TABLE and the deployed stack.',
    AccessDeniedException: 'The worker’s role lacks this permission; see infra/.',
    ValidationException: 'The ledger was asked for something that DynamoDB does not take: a defect of this version.',
  },
};
