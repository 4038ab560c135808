import type { Metrics } from '../activities/cloudwatch/metrics.ts';
import type { Orchestrator } from '../activities/orchestrator.ts';
import { laneQueue, lanes, orchestrationQueue, submissionQueue } from '../model/queues.ts';

const everyMs = 60_000;

/**
 * Publishes once a minute how many workers the task queue has that has the fewest. Each data-plane worker does: an alarm rings
 * when a queue has none, and when nobody is left who counts. Gives what stops it.
 */
export function countWorkers(
  orchestrator: Pick<Orchestrator, 'workersOf'>,
  metrics: Pick<Metrics, 'put'>,
  warn: (text: string) => void,
): () => void {
  const count = async (): Promise<void> => {
    const counts = await Promise.all([
      ...(['workflows', 'activities'] as const).map((tasks) => orchestrator.workersOf(orchestrationQueue, tasks)),
      ...[...lanes.map(laneQueue), submissionQueue].map((queue) => orchestrator.workersOf(queue, 'activities')),
    ]);
    metrics.put([{ name: 'task_queue_workers', value: Math.min(...counts) }]);
  };
  const timer = setInterval(() => {
    count().catch((error: unknown) => {
      warn(`The workers of the task queues could not be counted: ${String(error)}`);
    });
  }, everyMs);
  return () => {
    clearInterval(timer);
  };
}
