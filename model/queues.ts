/** A build waits in the queue of its lane, so that a backfill never delays the hourly run. */
export type Lane = 'scheduled' | 'late' | 'backfill';
export const lanes: readonly Lane[] = ['scheduled', 'late', 'backfill'];

/** Workflows and the activities that only read the catalogue run here; everything that reaches AWS runs in a lane's queue. */
export const orchestrationQueue = 'orchestration';
/** All lanes submit here, the hourly builds first: EMR Serverless takes one StartJobRun a second from an account. */
export const submissionQueue = 'data-plane-submissions';
export const laneQueue = (lane: Lane): string => `data-plane-${lane}`;
