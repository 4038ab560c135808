import type { ServiceFailures } from '../failures.ts';

const refusals = ['ValidationException'];
const surroundings = ['ResourceNotFoundException', 'AccessDeniedException', ...refusals];

export const ledgerFailures: ServiceFailures = {
  service: 'DynamoDB',
  advice: {
    ResourceNotFoundException: 'The ledger’s table is not there: check TIDELINE_LEDGER_TABLE and the deployed stack.',
    AccessDeniedException: 'The worker’s role lacks this permission; see infra/.',
    ValidationException: 'The ledger was asked for something that DynamoDB does not take: a defect of this version.',
  },
  final: {
    // Also builds that have waited for hours, loads after their commit and backfills under way ask for these.
    claimIntervals: refusals,
    planBackfill: refusals,
    checkFreshness: surroundings,
    explainInterval: surroundings,
    resolveVersion: surroundings,
  },
  enduring: ['releaseIntervals', 'recordLoaded', 'reportLateDates'],
};
