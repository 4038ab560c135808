import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { StreamHealth } from '../../model/messages/streams.ts';
import { eventStream } from '../../model/stream.ts';
import { readSeries } from './readings.ts';

/** The service publishes once a minute: https://docs.aws.amazon.com/managed-flink/latest/java/metrics-dimensions.html */
const everyMinute = 60;

interface Asked {
  readonly application: string;
  /** From when on, ms since 1970. */
  readonly since: number;
  /** Whether what runs has begun then: all its restarts are of this time. */
  readonly beganThen?: boolean;
}

/** In a dimension a stream's name has no hyphens. */
const ofEvents = { Id: eventStream.name.replaceAll('-', '_'), Flow: 'Input' };

export function createStreamHealthActivities(client: CloudWatchClient, periodSeconds = everyMinute) {
  return {
    /** What an application has told of itself, period by period. A figure that it did not tell says nothing. */
    async readStreamHealth({ application, since, beganThen = false }: Asked): Promise<StreamHealth> {
      // The period in the middle of which a job began tells also of the one before.
      const start = Math.ceil(since / (periodSeconds * 1000)) * periodSeconds * 1000;
      const figures = async (metric: string, more: Readonly<Record<string, string>> = {}): Promise<number[]> => {
        const dimensions = { Application: application, ...more };
        const readings = await readSeries(
          client,
          { namespace: 'AWS/KinesisAnalytics', metric, dimensions, statistic: 'Maximum' },
          periodSeconds,
          { start, end: Date.now() },
        );
        // Flink says -1 of what there is not yet, such as a first checkpoint.
        return readings.flatMap(({ value }) => (value === null || value < 0 ? [] : [value]));
      };
      const [checkpoints, failed, restarts, behind, down] = await Promise.all([
        figures('lastCheckpointDuration'),
        figures('numberOfFailedCheckpoints'),
        figures('fullRestarts'),
        figures('millisBehindLatest', ofEvents),
        figures('downtime'),
      ]);
      const [first, last] = [behind[0], behind.at(-1)];
      return {
        figures: [checkpoints, failed, restarts, behind, down].flat().length,
        checkpoints: checkpoints.length,
        // Flink counts also those that it could not begin while the tasks of a job were starting.
        failedCheckpoints: growth(failed, failed[0]),
        restarts: growth(restarts, beganThen ? 0 : restarts[0]),
        checkpointMs: checkpoints.at(-1) ?? null,
        behindMs: first === undefined || last === undefined ? null : { first, last },
        downMs: down.at(-1) ?? 0,
      };
    },
  };
}

/** By how much a count has grown, which begins at zero with each new job. */
function growth(counts: readonly number[], first = 0): number {
  let total = 0;
  for (const [index, count] of counts.entries()) {
    const before = counts[index - 1] ?? first;
    total += count < before ? count : count - before;
  }
  return total;
}

export type StreamHealthActivities = ReturnType<typeof createStreamHealthActivities>;
