import type { ServiceFailures } from '../failures.ts';

const surroundings = ['ResourceNotFoundException', 'AccessDeniedException', 'ValidationException'];

export const ledgerFailures: ServiceFailures = {
  service: 'DynamoDB',
  advice: {
    ResourceNotFoundException: 'The ledger’s table is not there: check TIDELINE_LEDGER_TABLE and the deployed stack.',
    AccessDeniedException: 'The worker’s role lacks this permission; see infra/.',
    ValidationException: 'The ledger was asked for something that DynamoDB does not take: a defect of this version.',
  },
  final: {
    claimIntervals: surroundings,
    planBackfill: surroundings,
    checkFreshness: surroundings,
    explainInterval: surroundings,
    resolveVersion: surroundings,
  },
};
