import type {
  ApplicationState,
  CreateApplicationRequest,
  JobRunState,
  StartJobRunRequest,
} from '@aws-sdk/client-emr-serverless';
import type { ProcessMark } from '../process-tree.ts';

/** What is kept of an application. Times are epoch milliseconds, so that records are plain JSON. */
export interface ApplicationRecord {
  readonly id: string;
  readonly createdAtMs: number;
  readonly request: CreateApplicationRequest;
  /** Identifies the parameters that came with the client token. */
  readonly fingerprint: string;
  /** Current configuration: the request, changed by UpdateApplication. */
  settings: CreateApplicationRequest;
  tags: Record<string, string>;
  state: ApplicationState;
  stateDetails: string;
  updatedAtMs: number;
}

export type Usage = Record<'vCPUHour' | 'memoryGBHour' | 'storageGBHour', number>;

export interface AttemptRecord {
  readonly attempt: number;
  readonly createdAtMs: number;
  state: JobRunState;
  stateDetails: string;
  updatedAtMs: number;
  startedAtMs?: number;
  endedAtMs?: number;
  processes?: readonly ProcessMark[];
}

export interface RunRecord {
  readonly id: string;
  readonly applicationId: string;
  readonly createdAtMs: number;
  /** Position in the order of arrival; times alone may be equal. */
  readonly sequence: number;
  readonly releaseLabel: string;
  readonly request: StartJobRunRequest;
  readonly fingerprint: string;
  readonly attempts: AttemptRecord[];
  tags: Record<string, string>;
  state: JobRunState;
  stateDetails: string;
  updatedAtMs: number;
  queuedMs?: number;
  cancelRequested?: { readonly reason: string; readonly graceMs: number };
  utilization?: Usage;
  billed?: Usage;
}

export const TERMINAL_RUN_STATES: ReadonlySet<JobRunState> = new Set(['SUCCESS', 'FAILED', 'CANCELLED']);
