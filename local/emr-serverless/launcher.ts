import { appendFile, mkdir, open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveOption } from './class-archive.ts';
import { startColdDriver, type DriverProcess } from './cold-driver.ts';
import type { Execution, ExecutionEvents, Outcome, ResolvedJob } from './execution.ts';
import { failureDetails } from './failure-details.ts';
import type { Objects } from './objects.ts';
import { killTree, markProcess, type ProcessMark } from '../process-tree.ts';
import type { AttemptRecord, RunRecord } from './records.ts';
import { needsOwnDriver, requestedSize } from './driver-choice.ts';
import type { SparkEnvironment } from './spark-environment.ts';
import { isS3, planJob, type SparkJobPlan } from './spark-job.ts';
import type { WarmDriver } from './warm-driver.ts';
import type { WarmPools } from './warm-pools.ts';

interface Driver {
  readonly process: DriverProcess;
  readonly warm: WarmDriver | undefined;
}

/** Runs attempts of job runs in real Spark drivers, warm ones where they fit. */
export class Launcher {
  readonly #spark: SparkEnvironment;
  readonly #pools: WarmPools;
  readonly #objects: Objects;
  readonly #logDir: string;
  readonly #onDefect: (error: unknown) => void;
  readonly #uploads = new Set<Promise<void>>();

  constructor(
    spark: SparkEnvironment,
    pools: WarmPools,
    objects: Objects,
    logDir: string,
    onDefect: (error: unknown) => void,
  ) {
    this.#spark = spark;
    this.#pools = pools;
    this.#objects = objects;
    this.#logDir = logDir;
    this.#onDefect = onDefect;
  }

  /** Where an attempt's stdout and stderr are. */
  logFolder(run: RunRecord, attempt: number): string {
    return join(this.#logDir, run.applicationId, run.id, String(attempt));
  }

  launch(
    run: RunRecord,
    attempt: AttemptRecord,
    defaultLogUri: string | undefined,
    events: ExecutionEvents,
  ): Execution {
    const killed = new AbortController();
    let graceMs = 0;
    let driver: Driver | undefined;
    let ending: Promise<void> | undefined;
    const end = (): Promise<void> => {
      if (driver !== undefined) ending ??= this.#end(driver, graceMs);
      return ending ?? Promise.resolve();
    };
    const onStarted = async (started: Driver): Promise<void> => {
      driver = started;
      if (killed.signal.aborted) {
        await end();
      } else {
        events.onRunning();
        events.onProcesses(await this.#marks(started));
      }
    };
    const outcome = this.#run(run, attempt, defaultLogUri, killed.signal, onStarted)
      .catch((error: unknown): Outcome => ({ kind: 'failed', details: String(error).slice(0, 256) }))
      .then(async (result) => {
        // No run follows, perhaps on the same table, while a JVM of this one may still write.
        await ending;
        return result;
      });
    return {
      outcome,
      kill: async (grace) => {
        graceMs = grace;
        killed.abort();
        await end();
      },
    };
  }

  async #run(
    run: RunRecord,
    attempt: AttemptRecord,
    defaultLogUri: string | undefined,
    killed: AbortSignal,
    onStarted: (driver: Driver) => Promise<void>,
  ): Promise<Outcome> {
    const plan = planJob(run.request);
    const folder = this.logFolder(run, attempt.attempt);
    const workDir = join(folder, 'work');
    await mkdir(workDir, { recursive: true });
    const job = await this.#resolve(plan, run, folder, workDir);
    const pool = needsOwnDriver(plan, this.#pools.get(run.applicationId)?.size)
      ? undefined
      : this.#pools.get(run.applicationId);
    const warm = await pool?.acquire(killed);
    let outcome: Outcome = { kind: 'failed', details: 'Cancelled before the driver started' };
    try {
      if (!killed.aborted) outcome = await this.#execute(plan, job, warm, onStarted);
    } finally {
      if (warm !== undefined) pool?.release(warm, !killed.aborted && outcome.kind === 'success');
    }
    this.#upload(run, plan.logUri ?? defaultLogUri, job, workDir);
    return outcome;
  }

  async #execute(
    plan: SparkJobPlan,
    job: ResolvedJob,
    warm: WarmDriver | undefined,
    onStarted: (driver: Driver) => Promise<void>,
  ): Promise<Outcome> {
    const spark = this.#spark;
    const logStart = warm === undefined ? 0 : (await stat(warm.logFile)).size;
    const process =
      warm?.run(job) ?? startColdDriver(spark, job, requestedSize(plan, spark.defaultSize), archiveOption(spark));
    const [exit] = await Promise.all([process.exit, onStarted({ process, warm })]);
    if (warm !== undefined) await copyTail(warm.logFile, logStart, job.stderrFile);
    if (exit.code === 0) return { kind: 'success' };
    // spark-submit sends what Python writes to its own standard output, tracebacks included.
    const output = warm === undefined ? [job.stdoutFile, job.stderrFile] : [job.stderrFile, job.stdoutFile];
    return { kind: 'failed', details: await failureDetails(exit, output) };
  }

  async #resolve(plan: SparkJobPlan, run: RunRecord, folder: string, workDir: string): Promise<ResolvedJob> {
    const stdoutFile = join(folder, 'stdout');
    const stderrFile = join(folder, 'stderr');
    await Promise.all([stdoutFile, stderrFile].map((file) => writeFile(file, '')));
    const fetch = (kind: string, uris: readonly string[]): Promise<string[]> =>
      Promise.all(
        uris.map(async (uri, index) =>
          isS3(uri)
            ? this.#objects.download(uri, join(workDir, 'files', kind, String(index)))
            : this.#spark.releaseFile(uri),
        ),
      );
    const [[entryPoint = ''], pyFiles, jars] = await Promise.all([
      fetch('main', [plan.entryPoint]),
      fetch('py', plan.pyFiles),
      fetch('jars', plan.jars.filter(isS3)),
    ]);
    const own: Record<string, string> = { 'spark.app.name': run.request.name ?? run.id, ...plan.conf };
    if (jars.length > 0) own['spark.jars'] = jars.join(',');
    if (pyFiles.length > 0) own['spark.submit.pyFiles'] = pyFiles.join(',');
    return {
      entryPoint,
      arguments: plan.arguments,
      mainClass: plan.mainClass,
      pyFiles,
      jars,
      releaseJars: plan.jars.filter((jar) => !isS3(jar)).map((path) => this.#spark.releaseFile(path)),
      conf: this.#spark.conf(own, workDir, this.#spark.tuning(requestedSize(plan, this.#spark.defaultSize))),
      environment: plan.environment,
      workDir,
      stdoutFile,
      stderrFile,
    };
  }

  async #marks({ process, warm }: Driver): Promise<ProcessMark[]> {
    const pids = warm === undefined ? [process.pid] : [process.pid, warm.pid];
    const marks = await Promise.all(pids.map(markProcess));
    return marks.filter((mark) => mark !== undefined);
  }

  async #end({ process, warm }: Driver, graceMs: number): Promise<void> {
    await killTree(process.pid, graceMs);
    // The JVM still has the job's SparkContext and its tasks: both end with it.
    if (warm !== undefined) await killTree(warm.pid, 0);
    await Promise.all([process.exit, warm?.exit]);
  }

  /** Logs follow a run's end, as on the service: nobody waits for them. */
  #upload(run: RunRecord, logUri: string | undefined, job: ResolvedJob, workDir: string): void {
    const task = (async () => {
      if (logUri !== undefined) {
        const base = `${logUri.replace(/\/$/, '')}/applications/${run.applicationId}/jobs/${run.id}/SPARK_DRIVER`;
        await this.#objects.uploadGzip(job.stdoutFile, `${base}/stdout.gz`);
        await this.#objects.uploadGzip(job.stderrFile, `${base}/stderr.gz`);
      }
      await rm(workDir, { recursive: true, force: true });
    })().catch(this.#onDefect);
    this.#uploads.add(task);
    void task.then(() => this.#uploads.delete(task));
  }

  async close(): Promise<void> {
    await Promise.all(this.#uploads);
  }
}

/** Appends to a run's stderr what the JVM of its warm driver wrote meanwhile. */
const copyTail = async (from: string, start: number, to: string): Promise<void> => {
  const handle = await open(from);
  try {
    const { size } = await handle.stat();
    if (size <= start) return;
    const { buffer } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    await appendFile(to, buffer);
  } finally {
    await handle.close();
  }
};
