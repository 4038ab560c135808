import { defineQuery } from '@temporalio/workflow';
import type { MaintenanceResult } from '../results.ts';
import type { Lane } from '../queues.ts';
import type { IntervalRange, ProductRange } from '../intervals.ts';

/** No build takes longer; a claim that is older was left behind. */
export const longestBuildMs = 24 * 3_600_000;

/** How often a build starts a job, or a load, that ended badly without a verdict of its own. */
export const maximumAttempts = 3;

/** Failures that another job over the same data would meet again. */
export const verdicts: ReadonlySet<string> = new Set([
  'QUALITY_FAILED',
  'CONSERVATION_BROKEN',
  'BAD_INPUT',
  'SUPERSEDED',
]);
/** The failure of a build whose jobs ended without a word of their own, for hours. */
export const jobsLost = 'JobsLost';

export type BuildState =
  | 'planning'
  | 'waiting'
  | 'submitting'
  | 'running'
  | 'loading'
  | 'published'
  | 'maintained'
  | 'restored'
  | 'merged'
  | 'settled'
  | 'compared'
  | 'failed'
  | 'cancelled';

/** In the place of intervals, or before them, in a claim of all of them; as a sort key it lies apart from them. */
export const wholeTable = 'table';
export const isWholeTable = ({ intervals }: { readonly intervals: readonly string[] }): boolean =>
  intervals[0] === wholeTable;

/** What a build was made without, because somebody went on although it was missing. */
export interface Forced {
  /** Product and intervals: `bronze.events 2025-01-18T03..2025-01-18T04`. */
  readonly missing: readonly string[];
  readonly by: string;
  readonly why: string;
}

export interface BuildInput extends ProductRange {
  readonly lane?: Lane;
  /** The backfill that asked for it. */
  readonly planId?: string;
  /** Reads the raw files again even where they are the same as at the last build. */
  readonly rebuild?: boolean;
  /**
   * Who builds what reads the dates that the build changes: the next daily batch, as far as it reaches, or who asked for
   * the build. By default nobody does, and all of it is restated.
   */
  readonly readersBuiltBy?: 'next daily batch' | 'caller';
  readonly forced?: Forced;
}

/** Rows of one interval; `rowsIn` = published + duplicate + quarantined for products that read raw lines. */
export interface IntervalRows {
  readonly interval: string;
  readonly rowsIn: number;
  readonly rowsPublished: number;
  readonly rowsDuplicate: number;
  readonly rowsQuarantined: number;
  readonly changed: boolean;
}

/** An interval that the audit held back: nothing of it was published, what was published before stays. */
export interface HeldBack {
  readonly interval: string;
  readonly reason: string;
}

export interface BuildOutcome extends IntervalRange {
  readonly product: string;
  readonly buildId: string;
  readonly state: BuildState;
  readonly intervals: readonly IntervalRows[];
  /** Absent where there are none. */
  readonly heldBack?: readonly HeldBack[];
  readonly qualityScore: number;
  readonly outputVersion: number;
  readonly costUsd: number;
  readonly jobSeconds: number;
  readonly jobRunId: string;
  readonly rowsLoaded: number | null;
}

/** What a maintenance has done, and what its jobs took. */
export interface MaintenanceOutcome extends MaintenanceResult {
  /** The oldest version that somebody needed. */
  readonly neededVersion: number | null;
  readonly jobRunId: string;
  readonly costUsd: number;
  readonly jobSeconds: number;
}

/** What a restore has done. */
export interface RestoreOutcome {
  readonly product: string;
  /** The version whose rows the table has again, and the one that has them now. */
  readonly restored: number;
  readonly version: number;
  /** Dates in which that changed rows: what reads them is built again. */
  readonly changedPartitions: readonly string[];
  readonly jobRunId: string;
  readonly costUsd: number;
  readonly jobSeconds: number;
  readonly rowsLoaded: number | null;
}

/** What a build is doing, for people who have only the `temporal` command. */
export const buildStatusQuery = defineQuery<{ state: BuildState; details: string }>('status');
