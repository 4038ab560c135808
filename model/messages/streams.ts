import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

/** An application as it should be. Other code has another key. */
export interface DesiredApplication {
  readonly application: string;
  readonly description: string;
  /** Of its jar: `s3://bucket/key`. */
  readonly code: string;
  readonly roleArn: string;
  readonly logStreamArn: string;
  readonly parallelism: number;
  readonly checkpointIntervalMs: number;
  /** Of the group that its job reads. */
  readonly properties: Readonly<Record<string, string>>;
}

/** What the service shows of an application. */
export interface ApplicationLook {
  /** In the service's own word; null where there is none of that name. */
  readonly status: string | null;
  readonly is: 'absent' | 'ready' | 'running' | 'changing';
  readonly versionId: number;
  /** What of it is not as desired. */
  readonly differs: readonly string[];
  /** What can be gone back to, the newest first. */
  readonly snapshots: readonly Snapshot[];
  /** Why its last change has failed; null where it has not. */
  readonly problem: string | null;
}

export interface Snapshot {
  readonly name: string;
  /** ISO-8601. */
  readonly takenAt: string;
}

/** What an application's figures, of which there is one a minute, say of the time since some point. */
export interface StreamHealth {
  /** How many there are: without any nothing is known. */
  readonly figures: number;
  /** How many of them tell of a completed checkpoint. */
  readonly checkpoints: number;
  readonly failedCheckpoints: number;
  readonly restarts: number;
  readonly checkpointMs: number | null;
  /** How far behind the stream it was at first and at last. */
  readonly behindMs: { readonly first: number; readonly last: number } | null;
  /** For how long its job has not run, at last. */
  readonly downMs: number;
}

export interface Request {
  readonly by: string;
  readonly why: string;
}

export interface RewindRequest extends Request {
  readonly snapshot: string;
}

/** What has come of asking for a change: it is begun, something else is under way, or the job is in no state for a snapshot. */
export type Begun = 'begun' | 'not as seen' | 'no snapshot';

/** What was done, or was seen to have happened, and when (ISO-8601). */
export interface Happening {
  readonly at: string;
  readonly what: string;
}

export interface Refused {
  readonly desired: DesiredApplication;
  readonly why: string;
  /** Until it is taken back. */
  readonly isInPlace?: boolean;
  /** Then it is stopped instead, and what has run well is put in its place. */
  readonly cannotRollBack?: boolean;
}

/**
 * What a supervision knows and the service does not say; carried on from run to run, and by older code into newer: what is
 * added later may be missing.
 */
export interface Supervision {
  paused: Request | null;
  rewind: RewindRequest | null;
  /** What was put in place and did not run well: it is not tried again. */
  refused: Refused | null;
  /** What has run well last: what runs where something is refused. */
  proven?: DesiredApplication;
  /** The newest snapshot when something else took the place of what had run well; null where there was none. */
  provenSnapshot?: string | null;
  /**
   * What starts go on from (null: the beginning of the stream), for newer snapshots are of what was left. Until one is
   * taken of what runs, or was seen to run, since (ms since 1970).
   */
  goesOnFrom?: { readonly snapshot: string | null; readonly runsSince: number | null };
  /** Starts that have failed, one after the other, and when to try again (ms since 1970). */
  failedStarts: number;
  startsAgainAt: number;
  /** Since when an update has to prove itself (ms since 1970); null while none has to. */
  onProbationSince: number | null;
  /** Since when what runs now has (ms since 1970): what is told of before is of another job. */
  runsSince?: number;
  /** Since when each look has seen restarts of the last minutes (ms since 1970). */
  failsSince?: number | null;
  /** The last first. */
  happenings: Happening[];
}

export interface SuperviseStreamInput {
  readonly desired: DesiredApplication;
  /** Between two looks; by default a minute. */
  readonly everySeconds?: number;
  /** How long an update may take to prove itself; by default ten minutes. */
  readonly probationMinutes?: number;
  /** Of the run before. */
  readonly carried?: Supervision;
}

export type StreamState = 'running' | 'on probation' | 'paused' | 'changing' | 'starts again' | 'given up';

export interface StreamStatus {
  readonly application: string;
  readonly state: StreamState;
  readonly look: ApplicationLook | null;
  readonly health: StreamHealth | null;
  readonly supervision: Supervision;
}

export const streamStatusQuery = defineQuery<StreamStatus>('status');
/** Puts another application in the place of the desired one, and tries what was given up or refused before. */
export const redeploySignal = defineSignal<[DesiredApplication]>('redeploy');
/** Stops the application with a snapshot, until `resume`. */
export const pauseUpdate = defineUpdate<StreamState, [Request]>('pause');
/** Also tries once more what was given up or refused. */
export const resumeUpdate = defineUpdate<StreamState, [Request]>('resume');
/** Goes back to a snapshot: what has come since is read from the stream again. */
export const rewindUpdate = defineUpdate<StreamState, [RewindRequest]>('rewind');
