import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { innermostCause } from './innermost-cause.ts';

const POLL_MS = 100;

const jobSchema = z.object({ state: z.string(), vertices: z.array(z.object({ id: z.string(), status: z.string() })) });
const triggerSchema = z.object({ 'request-id': z.string() });
const savepointSchema = z.object({
  status: z.object({ id: z.string() }),
  operation: z
    .object({
      location: z.string().optional(),
      'failure-cause': z.object({ class: z.string(), 'stack-trace': z.string() }).optional(),
    })
    .nullish(),
});
const metricsSchema = z.array(z.object({ id: z.string(), value: z.string().optional() }));
const aggregatedSchema = z.array(z.object({ id: z.string(), sum: z.number().optional(), max: z.number().optional() }));

export type Job = z.infer<typeof jobSchema>;
export type Aggregated = z.infer<typeof aggregatedSchema>[number];

class RestError extends Error {
  override readonly name = 'RestError';
}

/** Flink's REST API for one job: https://nightlies.apache.org/flink/flink-docs-release-1.20/docs/ops/rest_api/ */
export class JobManager {
  readonly #url: string;
  readonly #jobId: string;

  constructor(url: string, jobId: string) {
    this.#url = url;
    this.#jobId = jobId;
  }

  /** The job, or undefined while the JobManager does not answer or does not know it. */
  async job(): Promise<Job | undefined> {
    try {
      return await this.#get(`/jobs/${this.#jobId}`, jobSchema);
    } catch (error) {
      // 404 before the job is known, 503 before there is a leader: whoever waits has a time-out.
      if (error instanceof RestError) return undefined;
      if (error instanceof TypeError && error.message === 'fetch failed') return undefined;
      throw error;
    }
  }

  /** Metrics of the job that have a value. */
  async jobMetrics(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = await this.#get(`/jobs/${this.#jobId}/metrics?get=${names.join(',')}`, metricsSchema);
    return new Map(found.flatMap(({ id, value }) => (value === undefined ? [] : [[id, Number(value)] as const])));
  }

  /** Metrics of all TaskManagers together. */
  taskManagerMetrics(names: readonly string[]): Promise<Aggregated[]> {
    return this.#get(`/taskmanagers/metrics?get=${names.join(',')}`, aggregatedSchema);
  }

  /** The names of a vertex's metrics, without those of single operators' other subtasks. */
  async taskMetricNames(vertex: string): Promise<string[]> {
    const found = await this.#get(`/jobs/${this.#jobId}/vertices/${vertex}/subtasks/metrics`, aggregatedSchema);
    return found.map(({ id }) => id);
  }

  /** Metrics of a vertex, over its subtasks. */
  taskMetrics(vertex: string, names: readonly string[]): Promise<Aggregated[]> {
    const query = names.map(encodeURIComponent).join(',');
    return this.#get(`/jobs/${this.#jobId}/vertices/${vertex}/subtasks/metrics?get=${query}`, aggregatedSchema);
  }

  /**
   * Takes a savepoint below a folder and gives its address; with `stops` the job ends with it. In Flink's own format, which
   * another state backend and another version of Flink can read.
   */
  async savepoint(folder: string, stops: boolean, signal: AbortSignal): Promise<string> {
    const [path, target] = stops ? ['stop', 'targetDirectory'] : ['savepoints', 'target-directory'];
    const body = { [target]: folder, formatType: 'CANONICAL', ...(stops && { drain: false }) };
    const trigger = await this.#request(`/jobs/${this.#jobId}/${path}`, triggerSchema, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
    for (;;) {
      const { status, operation } = await this.#request(
        `/jobs/${this.#jobId}/savepoints/${trigger['request-id']}`,
        savepointSchema,
        { signal },
      );
      if (status.id === 'COMPLETED') {
        if (operation?.location !== undefined) return operation.location;
        const trace = operation?.['failure-cause']?.['stack-trace'];
        throw new Error(trace === undefined ? 'the savepoint has no address' : innermostCause(trace));
      }
      await delay(POLL_MS, undefined, { signal });
    }
  }

  #get<Answer>(path: string, schema: z.ZodType<Answer>): Promise<Answer> {
    return this.#request(path, schema, {});
  }

  async #request<Answer>(path: string, schema: z.ZodType<Answer>, init: RequestInit): Promise<Answer> {
    const answer = await fetch(this.#url + path, init);
    const text = await answer.text();
    if (!answer.ok) throw new RestError(`the JobManager answered ${answer.status} to ${path}: ${text.slice(0, 1000)}`);
    return schema.parse(JSON.parse(text));
  }
}
