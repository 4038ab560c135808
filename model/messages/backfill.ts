import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { MissingInput } from './inputs.ts';
import type { IntervalRange, ProductRange } from '../intervals.ts';
import type { BuildInput } from './builds.ts';

export const backfillModes = ['missing', 'failed', 'lost', 'stale', 'code', 'all'] as const;

export interface BackfillInput extends IntervalRange {
  readonly product: string;
  /**
   * `missing` (the default): all that is not right: never built, stale, failed or held back by its audit; `failed`: only
   * what failed or was held back; `lost`: what was never begun, or failed by no fault of its rows; `stale`: only what has inputs that it was not built from; `code`: what other jobs than
   * those of now have built, and what is stale of it; `all`: everything, also what is right.
   */
  readonly mode?: (typeof backfillModes)[number];
  readonly lane?: 'late' | 'backfill';
  /**
   * Whether to go on with every product that reads this one; by default it does. Or the next daily batch builds what reads
   * this one, as far as it reaches, and the rest is restated.
   */
  readonly downstream?: boolean | 'next daily batch';
  /** Only makes the plan. */
  readonly dryRun?: boolean;
  /** Newest intervals first. */
  readonly reverse?: boolean;
  /** Jobs at once, 1 to 50. */
  readonly maximumJobsAtOnce?: number;
  /** Waits for approval when the plan has more jobs than this. */
  readonly approvalOverJobs?: number;
}

/** What a plan is made from: the input, and how far the backfill has come. */
export interface BackfillRequest extends BackfillInput {
  readonly startedAtMs: number;
  /** The product that is being built, and since when: what has been built since then is done. */
  readonly stage: { readonly product: string; readonly startedAtMs: number } | null;
  /** What has failed or was held back in it: left out, and with it what reads it. */
  readonly without?: readonly ProductRange[];
}

/** A run of intervals that a backfill could not build. */
export interface WrongRun extends ProductRange {
  readonly state: 'failed' | 'held back';
  readonly reason: string;
}

export interface BackfillEstimate {
  readonly costUsd: number;
  readonly jobSeconds: number;
}

export interface ProductPlan {
  readonly product: string;
  /** Intervals to build. */
  readonly intervals: number;
  /** Intervals that are right already. */
  readonly right: number;
  readonly jobs: number;
  /** From what the ledger knows of the product's last intervals; null where it knows nothing. */
  readonly estimate: BackfillEstimate | null;
}

export interface BackfillPlan {
  /** The product and all downstream of it, in the order in which they are built. */
  readonly products: readonly ProductPlan[];
  /** Jobs that come next, all of one product. */
  readonly next: readonly BuildInput[];
  /** What the plan looks after, of every product. Plans of earlier versions do not say. */
  readonly covers?: readonly ProductRange[];
  /** What its builds read outside of it and is not published. Plans of earlier versions do not say. */
  readonly missing?: readonly MissingInput[];
  /** What is not built because it reads something of `without`. Plans of earlier versions do not say. */
  readonly left?: readonly ProductRange[];
}

/** How far a backfill has come; goes with it when it continues as new. */
export interface BackfillProgress {
  readonly startedAtMs: number;
  stage: BackfillRequest['stage'];
  /** The first plan; null until it is made. */
  products: readonly ProductPlan[] | null;
  /** What the first plan misses. */
  missing?: readonly MissingInput[];
  /** What it could not build. Earlier versions end at the first. */
  wrong?: WrongRun[];
  approvedBy: string | null;
  paused: boolean;
  jobsAtOnce: number;
  jobs: number;
  intervals: number;
  costUsd: number;
  jobSeconds: number;
}

export interface BackfillReport {
  readonly planId: string;
  readonly state: 'planning' | 'planned' | 'waiting for approval' | 'running' | 'paused' | 'done';
  /** The plan as it was approved. */
  readonly products: readonly ProductPlan[];
  /** What it is made from that is not published and that it does not build. */
  readonly missing: readonly MissingInput[];
  /** What has failed or was held back so far. Earlier versions do not say. */
  readonly wrong?: readonly WrongRun[];
  readonly built: BackfillEstimate & {
    readonly jobs: number;
    readonly intervals: number;
    readonly elapsedSeconds: number;
  };
  readonly approvedBy: string | null;
  readonly jobsAtOnce: number;
}

/** A backfill's plan and progress. */
export const backfillStatusQuery = defineQuery<BackfillReport>('status');
/** Lets a backfill that waits for approval begin; the argument says who approves. All updates answer with the state. */
export const approveUpdate = defineUpdate<BackfillReport['state'], [string]>('approve');
/** Lets running builds end and starts no others. */
export const pauseUpdate = defineUpdate<BackfillReport['state']>('pause');
export const resumeUpdate = defineUpdate<BackfillReport['state']>('resume');
/** Sets how many jobs run at once. */
export const limitUpdate = defineUpdate<BackfillReport['state'], [number]>('limit');
