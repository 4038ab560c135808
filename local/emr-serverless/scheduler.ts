import type { JobRunState } from '@aws-sdk/client-emr-serverless';
import type { Applications } from './applications.ts';
import type { Execution, ExecutionEvents, Outcome } from './execution.ts';
import { killMarked } from '../process-tree.ts';
import { TERMINAL_RUN_STATES, type ApplicationRecord, type AttemptRecord, type RunRecord } from './records.ts';
import type { Store } from './store.ts';
import { Timers } from './timers.ts';

const MINUTE_MS = 60_000;
const DEFAULT_EXECUTION_TIMEOUT_MINUTES = 720;
const DEFAULT_QUEUE_TIMEOUT_MINUTES = 360;
const TIMEOUT_GRACE_MS = 2000;

export interface SchedulerOptions {
  readonly maxConcurrentRuns: number;
  readonly launch: (run: RunRecord, attempt: AttemptRecord, events: ExecutionEvents) => Execution;
  /** Told when an attempt has ended, with the time that its driver ran. */
  readonly onAttemptEnded: (run: RunRecord, elapsedMs: number) => void;
  /** Told when an application has no run left to do. */
  readonly onIdle: (applicationId: string) => void;
  /** Told when an application has a run to do. */
  readonly onBusy: (applicationId: string) => void;
  readonly minuteMs?: number;
}

/** Brings job runs through their states, in order of arrival, as many at a time as is allowed. */
export class Scheduler {
  readonly #store: Store;
  readonly #applications: Applications;
  readonly #options: SchedulerOptions;
  readonly #minuteMs: number;
  readonly #active = new Map<string, { applicationId: string; execution: Execution }>();
  /** One per run at most: the end of its wait in the queue, or of its execution. */
  readonly #timers = new Timers();
  #closed = false;

  constructor(store: Store, applications: Applications, options: SchedulerOptions) {
    this.#store = store;
    this.#applications = applications;
    this.#options = options;
    this.#minuteMs = options.minuteMs ?? MINUTE_MS;
    applications.onStarted = () => {
      this.#pump();
    };
  }

  /** Takes up what an earlier server left: running runs have lost their drivers, waiting ones still wait. */
  async recover(): Promise<void> {
    for (const run of this.#waiting()) {
      const attempt = run.attempts.at(-1);
      if (attempt === undefined || !['SCHEDULED', 'RUNNING', 'CANCELLING'].includes(run.state)) continue;
      await Promise.all((attempt.processes ?? []).map(killMarked));
      this.#finish(run, attempt, {
        kind: 'failed',
        details: 'The driver was lost when the local platform ended',
      });
    }
    this.#pump();
  }

  submit(run: RunRecord): void {
    this.#options.onBusy(run.applicationId);
    // After the answer to the client: a run is SUBMITTED first, whatever follows at once.
    setImmediate(() => {
      this.#pump();
    });
  }

  cancel(run: RunRecord, reason: string, graceMs: number): void {
    if (run.cancelRequested !== undefined) return;
    run.cancelRequested = { reason, graceMs };
    this.#become(run, 'CANCELLING', reason);
    const active = this.#active.get(run.id);
    const attempt = run.attempts.at(-1);
    if (active !== undefined) void active.execution.kill(graceMs);
    else if (attempt !== undefined) this.#finish(run, attempt, { kind: 'failed', details: reason });
  }

  /** Ends all drivers; their runs fail, runs that wait go on with the next server. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timers.clear();
    const executions = [...this.#active.values()].map(({ execution }) => execution);
    await Promise.all(executions.map((execution) => execution.kill(0)));
    await Promise.all(executions.map((execution) => execution.outcome));
  }

  #waiting(): RunRecord[] {
    return [...this.#store.runs.values()].filter((run) => !TERMINAL_RUN_STATES.has(run.state));
  }

  /** Moves every run on that can move. */
  #pump(): void {
    if (this.#closed) return;
    for (const run of this.#waiting()) {
      if (!this.#active.has(run.id)) this.#advance(run, this.#applications.get(run.applicationId));
    }
  }

  #advance(run: RunRecord, application: ApplicationRecord): void {
    const { maxConcurrentRuns, queueTimeoutMinutes } = application.settings.schedulerConfiguration ?? {};
    const ofApplication = [...this.#active.values()].filter((each) => each.applicationId === application.id);
    if (maxConcurrentRuns !== undefined && ofApplication.length >= maxConcurrentRuns) {
      if (run.state === 'QUEUED') return;
      this.#become(run, 'QUEUED', `Waiting for one of ${String(maxConcurrentRuns)} concurrent runs`);
      const timeoutMs = (queueTimeoutMinutes ?? DEFAULT_QUEUE_TIMEOUT_MINUTES) * this.#minuteMs;
      this.#timers.set(run.id, timeoutMs, () => {
        const attempt = run.attempts.at(-1);
        if (attempt === undefined) return;
        this.#finish(run, attempt, { kind: 'failed', details: 'The run waited in the queue for too long' }, true);
      });
    } else if (application.state !== 'STARTED') {
      this.#wait(run, 'Waiting for the application to start');
      if (application.state !== 'STOPPING') this.#applications.start(application.id);
    } else if (this.#active.size >= this.#options.maxConcurrentRuns) {
      this.#wait(run, 'Waiting for capacity of this machine');
    } else {
      this.#launch(run);
    }
  }

  #wait(run: RunRecord, details: string): void {
    if (run.state !== 'PENDING' || run.stateDetails !== details) this.#become(run, 'PENDING', details);
  }

  #launch(run: RunRecord): void {
    const attempt = run.attempts.at(-1);
    if (attempt === undefined) throw new Error(`run ${run.id} has no attempt`);
    this.#timers.cancel(run.id);
    run.queuedMs ??= Date.now() - run.createdAtMs;
    this.#become(run, 'SCHEDULED', 'A driver is being started');
    const execution = this.#options.launch(run, attempt, {
      onRunning: () => {
        if (run.state !== 'SCHEDULED') return;
        attempt.startedAtMs = Date.now();
        this.#become(run, 'RUNNING', 'Running');
        this.#limitExecution(run);
      },
      onProcesses: (processes) => {
        attempt.processes = processes;
        this.#store.saveRun(run);
      },
    });
    this.#active.set(run.id, { applicationId: run.applicationId, execution });
    void execution.outcome.then((outcome) => {
      this.#active.delete(run.id);
      const details = this.#closed ? 'The driver was ended with the local platform' : undefined;
      const told: Outcome = details === undefined || outcome.kind === 'success' ? outcome : { kind: 'failed', details };
      this.#finish(run, attempt, told, this.#closed);
    });
  }

  #limitExecution(run: RunRecord): void {
    const minutes = run.request.executionTimeoutMinutes ?? DEFAULT_EXECUTION_TIMEOUT_MINUTES;
    // The service takes 0 for "no limit".
    if (minutes === 0) return;
    this.#timers.set(run.id, minutes * this.#minuteMs, () => {
      this.cancel(run, `The run exceeded its execution timeout of ${String(minutes)} minutes`, TIMEOUT_GRACE_MS);
    });
  }

  #finish(run: RunRecord, attempt: AttemptRecord, outcome: Outcome, final = false): void {
    this.#timers.cancel(run.id);
    attempt.endedAtMs = Date.now();
    if (attempt.startedAtMs !== undefined) {
      this.#options.onAttemptEnded(run, attempt.endedAtMs - attempt.startedAtMs);
    }
    const maxAttempts = run.request.retryPolicy?.maxAttempts ?? 1;
    if (run.cancelRequested !== undefined) {
      this.#become(run, 'CANCELLED', run.cancelRequested.reason);
    } else if (outcome.kind === 'success') {
      this.#become(run, 'SUCCESS', 'Job completed successfully');
    } else if (!final && attempt.attempt < maxAttempts) {
      this.#retry(run, attempt, outcome.details);
    } else {
      this.#become(run, 'FAILED', outcome.details);
    }
    this.#pump();
    if (!this.#waiting().some((each) => each.applicationId === run.applicationId)) {
      this.#options.onIdle(run.applicationId);
    }
  }

  #retry(run: RunRecord, failed: AttemptRecord, details: string): void {
    failed.state = 'FAILED';
    failed.stateDetails = details;
    failed.updatedAtMs = Date.now();
    const now = Date.now();
    const next = {
      createdAtMs: now,
      updatedAtMs: now,
      state: 'PENDING' as const,
      stateDetails: 'Another attempt',
    };
    run.attempts.push({ attempt: failed.attempt + 1, ...next });
    this.#become(run, 'PENDING', `Attempt ${String(failed.attempt)} failed: ${details}`.slice(0, 256));
  }

  #become(run: RunRecord, state: JobRunState, details: string): void {
    const attempt = run.attempts.at(-1);
    run.state = state;
    run.stateDetails = details;
    if (attempt !== undefined) Object.assign(attempt, { state, stateDetails: details, updatedAtMs: Date.now() });
    this.#store.saveRun(run);
  }
}
