import type { Measurement } from '../../model/metrics.ts';
import type { Metrics } from './metrics.ts';

export function createFigureActivities(metrics: Pick<Metrics, 'put'>) {
  return {
    /** Publishes what a workflow tells of the platform. */
    async publishFigures(measurements: readonly Measurement[]): Promise<void> {
      metrics.put(measurements);
    },
  };
}

export type FigureActivities = ReturnType<typeof createFigureActivities>;
