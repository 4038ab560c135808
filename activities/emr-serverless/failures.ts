import type { ServiceFailures } from '../failures.ts';

export const emrServerlessFailures: ServiceFailures = {
  service: 'EMR Serverless',
  advice: {
    ValidationException:
      'The request is not one that EMR Serverless accepts; correct the contract or the worker configuration.',
    ResourceNotFoundException:
      'Check EMR_APPLICATION_ID and EMR_BACKFILL_APPLICATION_ID, and that the run still exists (runs are kept for a limited time).',
    ConflictException: 'The application is changing its state; after an hour of this, look at it.',
    AccessDeniedException: 'The worker’s role lacks this permission; see infra/.',
  },
  final: {
    submitJobRun: ['ValidationException', 'ResourceNotFoundException', 'AccessDeniedException'],
  },
  enduring: ['cancelJobRun'],
  // An application that stops for lack of jobs takes none until it has stopped, and says so like this.
  passing: /must be in one of the following statuses/,
  // The name of a conflict is that of one with the application’s state too, which passes.
  lasting: {
    submitJobRun: {
      says: /(?=.*(?:token|idempoten))(?=.*(?:param|differ|match))/i,
      advice:
        'The jobs or settings have changed since a job was begun with this token: cancel that job if it runs, and start the build anew.',
    },
  },
};
