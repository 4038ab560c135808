import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

const TIMEOUT_MS = 10_000;
const POLL_MS = 200;

const jobSchema = z.object({
  state: z.string(),
  vertices: z.array(z.object({ id: z.string(), name: z.string(), status: z.string() })),
});
const exceptionsSchema = z.object({
  exceptionHistory: z.object({ entries: z.array(z.object({ stacktrace: z.string() })) }),
});
const triggerSchema = z.object({ 'request-id': z.string() });
const savepointSchema = z.object({
  status: z.object({ id: z.enum(['IN_PROGRESS', 'COMPLETED']) }),
  operation: z
    .object({
      location: z.string().optional(),
      'failure-cause': z.object({ 'stack-trace': z.string() }).optional(),
    })
    .nullish(),
});
const metricsSchema = z.array(z.object({ id: z.string(), value: z.string().optional() }));
const aggregatesSchema = z.array(
  z.object({
    id: z.string(),
    min: z.number().optional(),
    max: z.number().optional(),
    sum: z.number().optional(),
  }),
);

export type Job = z.output<typeof jobSchema>;
export type Aggregate = z.output<typeof aggregatesSchema>[number];

/** The last cause of a Java stack trace, on one line: what a person wants to read. */
export const causeOf = (stackTrace: string): string => {
  const lines = stackTrace.split('\n').map((line) => line.trim());
  const cause = lines.findLast((line) => line.startsWith('Caused by: '))?.slice('Caused by: '.length);
  return cause ?? lines.find((line) => line !== '') ?? 'no reason was given';
};

/** What a JobManager tells of its one job, and does to it. */
export class FlinkRest {
  readonly #url: string;
  readonly #job: string;

  constructor(port: number, jobId: string) {
    this.#url = `http://127.0.0.1:${String(port)}`;
    this.#job = `/jobs/${jobId}`;
  }

  /** The job, or undefined while there is no JobManager or it does not have the job yet. */
  async job(): Promise<Job | undefined> {
    const response = await fetch(this.#url + this.#job, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
      () => undefined,
    );
    return response?.ok === true ? jobSchema.parse(await response.json()) : undefined;
  }

  /** Why the job failed last, or undefined if it never did. */
  async lastFailure(): Promise<string | undefined> {
    const { exceptionHistory } = exceptionsSchema.parse(await this.#get(`${this.#job}/exceptions`));
    const [last] = exceptionHistory.entries;
    return last && causeOf(last.stacktrace);
  }

  /** Writes a snapshot below a folder in S3 while the job runs on; gives where. */
  async snapshot(folder: string): Promise<string> {
    const body = { 'target-directory': folder, 'cancel-job': false, formatType: 'CANONICAL' };
    return this.#written(await this.#post(`${this.#job}/savepoints`, body));
  }

  /** Ends the job with a snapshot; gives where it is. What the job has written is final by then. */
  async stop(folder: string): Promise<string> {
    const body = { targetDirectory: folder, drain: false, formatType: 'CANONICAL' };
    return this.#written(await this.#post(`${this.#job}/stop`, body));
  }

  /** Figures of the job itself. Those that it does not have yet are left out. */
  async jobMetrics(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = metricsSchema.parse(await this.#get(`${this.#job}/metrics?get=${names.join(',')}`));
    return new Map(
      found.map(({ id, value }) => [id, Number(value)] as const).filter(([, value]) => Number.isFinite(value)),
    );
  }

  async taskMetrics(vertex: string, names: readonly string[]): Promise<readonly Aggregate[]> {
    const path = `${this.#job}/vertices/${vertex}/subtasks/metrics?get=${names.map(encodeURIComponent).join(',')}`;
    return aggregatesSchema.parse(await this.#get(path));
  }

  /** All figures that the tasks of a vertex have. */
  async taskMetricNames(vertex: string): Promise<readonly string[]> {
    const listed = await this.#get(`${this.#job}/vertices/${vertex}/subtasks/metrics`);
    return metricsSchema.parse(listed).map(({ id }) => id);
  }

  async taskManagerMetrics(names: readonly string[]): Promise<readonly Aggregate[]> {
    return aggregatesSchema.parse(await this.#get(`/taskmanagers/metrics?get=${names.join(',')}`));
  }

  async #written(answer: unknown): Promise<string> {
    const trigger = triggerSchema.parse(answer)['request-id'];
    for (;;) {
      const { status, operation } = savepointSchema.parse(await this.#get(`${this.#job}/savepoints/${trigger}`));
      if (status.id === 'COMPLETED') {
        if (operation?.location !== undefined) return operation.location;
        throw new Error(causeOf(operation?.['failure-cause']?.['stack-trace'] ?? ''));
      }
      await delay(POLL_MS);
    }
  }

  async #get(path: string): Promise<unknown> {
    return this.#answer(path, await fetch(this.#url + path, { signal: AbortSignal.timeout(TIMEOUT_MS) }));
  }

  async #post(path: string, body: object): Promise<unknown> {
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    return this.#answer(path, await fetch(this.#url + path, request));
  }

  async #answer(path: string, response: Response): Promise<unknown> {
    const text = await response.text();
    if (!response.ok) throw new Error(`the JobManager answered ${path} with ${String(response.status)}: ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }
}
