import type {
  CancelJobRunRequest,
  GetJobRunRequest,
  JobRun,
  ListJobRunAttemptsRequest,
  ListJobRunAttemptsResponse,
  ListJobRunsRequest,
  ListJobRunsResponse,
  StartJobRunRequest,
  StartJobRunResponse,
} from '@aws-sdk/client-emr-serverless';
import type { Validated } from '../wire/index.ts';
import type { Applications } from './applications.ts';
import { conflict, invalid, notFound } from './errors.ts';
import { fingerprintOf, newId, type Names } from './identity.ts';
import { attemptSummary, jobRunDetails, jobRunSummary } from './job-run-view.ts';
import { pageOf } from './paging.ts';
import { TERMINAL_RUN_STATES, type AttemptRecord, type RunRecord } from './records.ts';
import type { Scheduler } from './scheduler.ts';
import { planJob } from './spark-job.ts';
import type { Store } from './store.ts';

const DEFAULT_GRACE_SECONDS = 2;

/** The job runs: started once per client token, shown, listed and cancelled. */
export class JobRuns {
  readonly #store: Store;
  readonly #names: Names;
  readonly #applications: Applications;
  readonly #scheduler: Scheduler;

  constructor(store: Store, names: Names, applications: Applications, scheduler: Scheduler) {
    this.#store = store;
    this.#names = names;
    this.#applications = applications;
    this.#scheduler = scheduler;
  }

  find(applicationId: string, jobRunId: string): RunRecord {
    const run = this.#store.runs.get(jobRunId);
    if (run?.applicationId !== applicationId) throw notFound(`Job run ${jobRunId} does not exist`);
    return run;
  }

  start(request: Validated<StartJobRunRequest>): StartJobRunResponse {
    const { clientToken, applicationId, ...parameters } = request;
    const application = this.#applications.get(applicationId);
    const fingerprint = fingerprintOf(parameters);
    const earlier = this.#store.runsOf(applicationId).find((run) => run.request.clientToken === clientToken);
    if (earlier !== undefined && earlier.fingerprint !== fingerprint) {
      throw conflict(`Client token ${clientToken ?? ''} was used with other parameters`);
    }
    if (earlier === undefined) {
      this.#admit(request, application.state, application.settings.autoStartConfiguration?.enabled ?? true);
    }
    const run = earlier ?? this.#add(request, fingerprint, application.settings.releaseLabel ?? '');
    return { applicationId, jobRunId: run.id, arn: this.#names.jobRun(applicationId, run.id) };
  }

  #admit(request: Validated<StartJobRunRequest>, state: string, autoStart: boolean): void {
    if (state === 'TERMINATED') throw notFound(`Application ${request.applicationId} is terminated`);
    if (state !== 'STARTED' && state !== 'STARTING' && !autoStart) {
      throw invalid(`Application ${request.applicationId} is ${state} and does not start automatically`);
    }
    if (request.mode === 'STREAMING') throw invalid('Mode STREAMING is not supported by this local server');
    try {
      planJob(request);
    } catch (error) {
      throw invalid(error instanceof Error ? error.message : String(error));
    }
  }

  #add(request: Validated<StartJobRunRequest>, fingerprint: string, releaseLabel: string): RunRecord {
    const now = Date.now();
    const attempt: AttemptRecord = {
      attempt: 1,
      createdAtMs: now,
      state: 'SUBMITTED',
      stateDetails: 'Submitted',
      updatedAtMs: now,
    };
    const run: RunRecord = {
      id: newId(),
      applicationId: request.applicationId,
      createdAtMs: now,
      sequence: this.#store.nextSequence(),
      releaseLabel,
      request,
      fingerprint,
      attempts: [attempt],
      tags: { ...request.tags },
      state: 'SUBMITTED',
      stateDetails: 'Submitted',
      updatedAtMs: now,
    };
    this.#store.saveRun(run);
    this.#scheduler.submit(run);
    return run;
  }

  get({ applicationId, jobRunId, attempt }: Validated<GetJobRunRequest>): JobRun {
    this.#applications.get(applicationId);
    const run = this.find(applicationId, jobRunId);
    const wanted = attempt === undefined ? run.attempts.at(-1) : run.attempts[attempt - 1];
    if (wanted === undefined) throw notFound(`Job run ${jobRunId} has no attempt ${String(attempt)}`);
    return jobRunDetails(run, wanted, this.#names);
  }

  list(request: Validated<ListJobRunsRequest>): ListJobRunsResponse {
    this.#applications.get(request.applicationId);
    const afterMs = request.createdAtAfter?.getTime() ?? Number.NEGATIVE_INFINITY;
    const beforeMs = request.createdAtBefore?.getTime() ?? Number.POSITIVE_INFINITY;
    const found = this.#store
      .runsOf(request.applicationId)
      .filter(({ createdAtMs }) => createdAtMs >= afterMs && createdAtMs <= beforeMs)
      .filter(({ state }) => (request.states?.length ? request.states.includes(state) : true))
      .filter((run) => request.mode === undefined || request.mode === (run.request.mode ?? 'BATCH'));
    const { items, ...rest } = pageOf(found, (run) => run.sequence, request.nextToken, request.maxResults);
    return { jobRuns: items.map((run) => jobRunSummary(run, this.#names)), ...rest };
  }

  listAttempts(request: Validated<ListJobRunAttemptsRequest>): ListJobRunAttemptsResponse {
    const run = this.find(request.applicationId, request.jobRunId);
    const { items, ...rest } = pageOf(run.attempts, (each) => each.attempt, request.nextToken, request.maxResults);
    return { jobRunAttempts: items.map((each) => attemptSummary(run, each, this.#names)), ...rest };
  }

  cancel(request: Validated<CancelJobRunRequest>): void {
    const run = this.find(request.applicationId, request.jobRunId);
    if (TERMINAL_RUN_STATES.has(run.state)) {
      throw invalid(`Job run ${run.id} is in a terminal state (${run.state}) and cannot be cancelled`);
    }
    const graceMs = (request.shutdownGracePeriodInSeconds ?? DEFAULT_GRACE_SECONDS) * 1000;
    this.#scheduler.cancel(run, 'Cancelled by the user', graceMs);
  }
}
