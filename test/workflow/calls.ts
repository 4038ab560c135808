import type { Measurement } from '../../model/metrics.ts';
import type { EmrServerlessActivities } from '../../activities/emr-serverless/activities.ts';
import type { Claim, Claimant, PublishedBuild } from '../../activities/ledger/records.ts';
import type { ChangedDates } from '../../model/messages/late-data.ts';
import type { FoundFindings } from '../../model/messages/freshness.ts';
import type { MemoryLedger } from './memory-ledger.ts';
import type { ScriptedFlink } from './scripted-flink.ts';

/** What was asked of the services. */
export interface Calls {
  readonly submitted: (Parameters<EmrServerlessActivities['submitJobRun']>[0] & { createdAt?: string })[];
  readonly cancelled: string[];
  readonly loads: { token: string; product: string; start: string; end: string; manifest: string }[];
  /** Batches of streams' tables, in their order. */
  readonly batches: string[];
  /** Whose dates a load has had reconciled again. */
  readonly reconciledAgain: string[];
  /** The loads that run, and how many that were at most. */
  readonly loading: { now: number; atMost: number };
  /** What the ledger was told of loads. */
  readonly loaded: { product: string; start: string; end: string; statementId: string; rows: number }[];
  /** Who holds which interval, or which table, by product and key. */
  readonly claims: Map<string, Claim>;
  readonly recorded: PublishedBuild[];
  readonly released: Released[];
  readonly ledger: MemoryLedger;
  /** Restores that the ledger was told of. */
  readonly restored: { product: string; version: number }[];
  /** The lane of each wait for a job. */
  readonly lanes: string[];
  /** How often all tables were looked through for commits that nobody has recorded. */
  unrecorded: number;
  readonly figures: Measurement[];
  readonly told: FoundFindings[];
  /** The application of the stream, and what was asked of it. */
  readonly flink: ScriptedFlink;
  /** Late dates that builds have reported. */
  readonly late: ChangedDates[];
}

export type Released = Claimant & { readonly failure: { state: 'failed' | 'quarantined'; reason: string } | null };

/** The jobs that were submitted, in their order. */
export const jobNames = (calls: Pick<Calls, 'submitted'>): string[] => calls.submitted.map(({ job }) => job.name);
