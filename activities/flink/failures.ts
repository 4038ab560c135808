import type { ServiceFailures } from '../failures.ts';

const refusals = [
  'ValidationException',
  'InvalidArgumentException',
  'InvalidRequestException',
  'InvalidApplicationConfigurationException',
  'CodeValidationException',
  'UnsupportedOperationException',
  'LimitExceededException',
  'ResourceNotFoundException',
  'AccessDeniedException',
];

export const flinkFailures: ServiceFailures = {
  service: 'Managed Service for Apache Flink',
  advice: {
    ValidationException: 'Look at what `lake deploy` was given.',
    InvalidArgumentException: 'Look at what `lake deploy` was given, and whether the jar is in its bucket.',
    InvalidApplicationConfigurationException:
      'Look at what `lake deploy` was given, and whether the jar is in its bucket.',
    CodeValidationException: 'The jar is none that the service runs: build and deploy it again.',
    LimitExceededException: 'The account has as many applications or snapshots as it may.',
    AccessDeniedException:
      'The worker’s role lacks this permission, or may not pass on the role of the application that `lake deploy` was given; see infra/.',
  },
  final: {
    createApplication: refusals,
    startApplication: refusals,
    updateApplication: refusals,
    rollBackApplication: refusals,
    stopApplication: refusals,
    takeSnapshot: refusals,
    pruneSnapshots: refusals,
  },
  enduring: ['lookAtApplication', 'awaitApplication'],
};
