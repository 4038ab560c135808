import type { Orchestrator } from '../activities/orchestrator.ts';

/** As Temporal tells it where nothing runs and nothing waits, and takes what is asked for. */
export const quietOrchestrator: Orchestrator = {
  isRunning: async () => false,
  statusOf: async () => null,
  restate: async () => undefined,
  buildOnce: async () => undefined,
  reconcileOnce: async () => undefined,
  heal: async () => undefined,
  waitingRestatements: async () => [],
  runningSince: async () => [],
  unsupervisedStreams: async () => [],
  workersOf: async () => 1,
  scheduleOf: async () => null,
};
