import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../ports.ts';
import {
  applicationProperties,
  checkpointsKey,
  type ClusterFiles,
  clusterFiles,
  flinkConfiguration,
  jobManagerArguments,
  loggingConfiguration,
  processEnvironment,
  taskManagerArguments,
} from './flink-configuration.ts';
import { JobManager } from './job-manager.ts';
import type { Objects } from './objects.ts';
import type { Processes } from './processes.ts';
import { type ApplicationRecord, type Configuration, type Deployment, versionOf } from './records.ts';
import type { Settings } from './settings.ts';

const POLL_MS = 100;
/** Longer than any start on a busy machine. */
const START_TIMEOUT_MS = 180_000;
const LONGEST_BACKOFF_MS = 30_000;
/** What a process has printed last is read a little after its end. */
const LAST_OUTPUT_MS = 250;

export interface ClusterParts {
  readonly settings: Settings;
  readonly processes: Processes;
  readonly objects: Objects;
  readonly report: (error: unknown) => void;
}

/** A JobManager and a TaskManager that run one job of an application, and are started again whenever one of them ends. */
export class Cluster {
  readonly #parts: ClusterParts;
  readonly #application: ApplicationRecord;
  readonly #deployment: Deployment;
  readonly #configuration: Configuration;
  readonly #files: ClusterFiles;
  readonly #names: { readonly jobManager: string; readonly taskManager: string };
  readonly #stopped = new AbortController();
  /** Aborts with the end of the JobManager that runs now. */
  #ended: AbortSignal = AbortSignal.abort();
  /** The job stops with a savepoint: its JobManager ends then. */
  #stopping = false;
  #jobManager: JobManager | undefined;

  constructor(parts: ClusterParts, application: ApplicationRecord, deployment: Deployment) {
    const version = versionOf(application, deployment.versionId);
    if (version === undefined) throw new Error(`${application.name} has no version ${deployment.versionId}`);
    this.#parts = parts;
    this.#application = application;
    this.#deployment = deployment;
    this.#configuration = version.configuration;
    this.#files = clusterFiles(join(parts.settings.MANAGED_FLINK_STATE_DIR, 'clusters', application.name));
    const prefix = `flink-${application.name}`;
    this.#names = { jobManager: `${prefix}-jobmanager`, taskManager: `${prefix}-taskmanager` };
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  /** Asks the job's JobManager; undefined while there is none. */
  get jobManager(): JobManager | undefined {
    return this.#jobManager;
  }

  /**
   * Starts the job from its newest checkpoint, else from the savepoint of its deployment. Resolves when all of its tasks run, or
   * one has failed and is started again, for then it goes on so for ever. Rejects with the job's own words when it does not start.
   */
  async start(): Promise<void> {
    await this.#launch();
    const recover = () => {
      if (this.#stopping || this.#stopped.signal.aborted) return;
      this.#parts.report(`${this.#names.jobManager} has ended: the job goes on from its newest checkpoint`);
      void this.keepRunning();
    };
    if (this.#ended.aborted) recover();
    else this.#ended.addEventListener('abort', recover);
  }

  /** Starts the job, again and again, until it runs or is stopped. */
  async keepRunning(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await delay(backoffMs(attempt), undefined, { signal: this.#stopped.signal });
        await this.start();
        return;
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        this.#parts.report(error);
      }
    }
  }

  /** Takes a savepoint below a folder; gives its address. With `stops` the job ends with it, if it succeeds. */
  async savepoint(folder: string, stops: boolean): Promise<string> {
    if (this.#jobManager === undefined) throw new Error('the job is being started again just now');
    const ended = this.#ended;
    this.#stopping = stops;
    try {
      const signal = AbortSignal.any([ended, this.#stopped.signal]);
      return await this.#jobManager.savepoint(folder, stops, signal);
    } catch (error) {
      this.#stopping = false;
      if (stops && ended.aborted) void this.keepRunning();
      throw error;
    }
  }

  /** Ends both processes. What they have not checkpointed is computed again by the next start. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the application was stopped'));
    await Promise.all([this.#names.jobManager, this.#names.taskManager].map((name) => this.#parts.processes.end(name)));
    this.#jobManager = undefined;
    rmSync(this.#files.folder, { recursive: true, force: true });
  }

  async #launch(): Promise<void> {
    const { processes, objects, settings } = this.#parts;
    const files = this.#files;
    const { jobManager, taskManager } = this.#names;
    this.#jobManager = undefined;
    await Promise.all([processes.end(jobManager), processes.end(taskManager)]);
    const { code } = this.#configuration;
    if (code === undefined) throw new Error(`${this.#application.name} has no code`);
    const checkpoints = checkpointsKey(this.#application);
    const checkpoint = await objects.newestComplete(`${checkpoints}/${this.#deployment.jobId}`);
    const restoreFrom = checkpoint ?? this.#deployment.restoredFrom;
    const ports = { rpc: await freePort(), blobs: await freePort(), rest: await freePort() };
    // From here to both processes nothing waits: a stop comes before them, or finds them.
    this.#stopped.signal.throwIfAborted();
    rmSync(files.folder, { recursive: true, force: true });
    for (const folder of [dirname(files.configuration), files.scratch, files.artifacts])
      mkdirSync(folder, { recursive: true });
    const configuration = flinkConfiguration(this.#configuration, settings, files, ports, objects.uri(checkpoints));
    writeFileSync(files.configuration, configuration);
    writeFileSync(files.logging, loggingConfiguration(this.#configuration));
    writeFileSync(files.properties, applicationProperties(this.#configuration));
    const ended = new AbortController();
    this.#ended = ended.signal;
    const args = jobManagerArguments(files, settings, code.file, this.#deployment, restoreFrom);
    await Promise.all([
      processes.start(jobManager, args, processEnvironment(files, settings), () => {
        ended.abort(new Error(`${jobManager} has ended`));
      }),
      this.#startTaskManager(ended.signal, 0),
    ]);
    this.#jobManager = new JobManager(`http://127.0.0.1:${ports.rest}`, this.#deployment.jobId);
    try {
      await this.#untilRunning(this.#jobManager, AbortSignal.any([ended.signal, this.#stopped.signal]));
    } catch (error) {
      this.#jobManager = undefined;
      this.#stopped.signal.throwIfAborted();
      if (!ended.signal.aborted) throw error;
      await delay(LAST_OUTPUT_MS);
      throw new Error(processes.failure(jobManager), { cause: error });
    }
  }

  async #untilRunning(jobManager: JobManager, signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const job = await jobManager.job();
      if (job?.state === 'RESTARTING') return;
      if (job?.state === 'RUNNING' && job.vertices.every(({ status }) => status === 'RUNNING')) return;
      await delay(POLL_MS, undefined, { signal });
    }
    throw new Error(`the job does not run after ${START_TIMEOUT_MS / 1000} s`);
  }

  /** Starts the TaskManager, and again whenever it ends before its JobManager. That restores the job's tasks by itself. */
  async #startTaskManager(ended: AbortSignal, attempt: number): Promise<void> {
    const { processes, settings, report } = this.#parts;
    const name = this.#names.taskManager;
    const startedAt = Date.now();
    const restart = async (): Promise<void> => {
      report(`${name} has ended: it is started again`);
      const next = Date.now() - startedAt > LONGEST_BACKOFF_MS ? 0 : attempt;
      await delay(backoffMs(next));
      if (!ended.aborted && !this.#stopped.signal.aborted) await this.#startTaskManager(ended, next + 1);
    };
    const args = taskManagerArguments(this.#files, settings);
    await processes.start(name, args, processEnvironment(this.#files, settings), () => {
      if (!ended.aborted) void restart().catch(report);
    });
  }
}

/** The first time at once. */
const backoffMs = (attempt: number): number => (attempt === 0 ? 0 : Math.min(LONGEST_BACKOFF_MS, 1000 * 2 ** attempt));
