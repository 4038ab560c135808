import { type CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { ApplicationRecord, RunRecord } from './records.ts';
import type { Store } from './store.ts';

const MINUTE_MS = 60_000;

type WorkersOf = (run: RunRecord) => number;

/** The most workers that runs have had at once between two times: jobs of seconds are seen too. */
function mostWorkers(runs: readonly RunRecord[], workersOf: WorkersOf, from: number, to: number): number {
  const spans = runs.flatMap((run) =>
    run.attempts.flatMap(({ startedAtMs = to, endedAtMs = to }) =>
      startedAtMs < to && endedAtMs > from ? [{ start: startedAtMs, end: endedAtMs, workers: workersOf(run) }] : [],
    ),
  );
  const at = (time: number): number =>
    spans.filter(({ start, end }) => start <= time && end > time).reduce((sum, { workers }) => sum + workers, 0);
  return Math.max(0, ...spans.map(({ start }) => at(Math.max(start, from))));
}

/**
 * Tells CloudWatch, as the service does every minute, how many workers run in each application that is started. What CloudWatch
 * does not take is lost: no job depends on it.
 */
export class WorkerFigures {
  readonly #cloudWatch: CloudWatchClient;
  readonly #store: Store;
  readonly #workersOf: WorkersOf;
  readonly #timer: NodeJS.Timeout;

  constructor(cloudWatch: CloudWatchClient, store: Store, workersOf: WorkersOf, onDefect: (error: unknown) => void) {
    this.#cloudWatch = cloudWatch;
    this.#store = store;
    this.#workersOf = workersOf;
    this.#timer = setInterval(() => void this.publish(Date.now()).catch(onDefect), MINUTE_MS).unref();
  }

  /** Tells of the minute before `now`. */
  async publish(now: number): Promise<void> {
    const started = [...this.#store.applications.values()].filter(({ state }) => state === 'STARTED');
    if (started.length === 0) return;
    const MetricData = started.map((application) => this.#figure(application, now));
    await this.#cloudWatch.send(new PutMetricDataCommand({ Namespace: 'AWS/EMRServerless', MetricData }));
  }

  #figure({ id, settings }: ApplicationRecord, now: number): MetricDatum {
    return {
      MetricName: 'RunningWorkerCount',
      Dimensions: [
        { Name: 'ApplicationId', Value: id },
        { Name: 'ApplicationName', Value: settings.name ?? '' },
      ],
      Unit: 'Count',
      Timestamp: new Date(now),
      Value: mostWorkers(this.#store.runsOf(id), this.#workersOf, now - MINUTE_MS, now),
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#cloudWatch.destroy();
  }
}
