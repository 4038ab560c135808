/** Which table of a stream; by default the one that the batch settles. */
export interface MergeRealtimeInput {
  readonly product?: string;
  /** ISO-8601: the time that it stands for. */
  readonly firedAt?: string;
}

export interface ReconcileInput {
  readonly product?: string;
  /** By default the date before the one on which the schedule fired. */
  readonly date?: string;
}

export interface CompareStreamInput {
  readonly product: string;
  /** By default the date before the one on which the schedule fired. */
  readonly date?: string;
}

/** How far a stream's rows of a date are apart from the batch's. */
export interface StreamComparison {
  readonly product: string;
  readonly date: string;
  readonly streamRows: number;
  readonly batchRows: number;
  /** Rows of the batch alone, of the stream alone, and those of both that say something else. */
  readonly missing: number;
  readonly extra: number;
  readonly differing: number;
  /** All of these, in per cent of the rows of the batch. */
  readonly differingPct: number;
}

/** What claims and batches of a stream's table need to know. */
export interface StreamPlan {
  readonly product: string;
  /** Of this run: tells its batches apart from those of others. */
  readonly runId: string;
}

/** What a merge has done. */
export interface Merged {
  readonly files: number;
  /** Rows of the files; of dates that are closed; merged; that have left the table. */
  readonly rows: number;
  readonly late: number;
  readonly merged: number;
  readonly purged: number;
  /** Objects in the stream's folders that no merge reads. */
  readonly foreign: number;
  /** Files that the warehouse could not read, each with its reason. */
  readonly refused: readonly string[];
}

/** A date of a stream's table, as the warehouse has it. */
export interface StreamDate {
  readonly date: string;
  /** In the stream's table. */
  readonly rows: number;
  /** Whether readers see the stream's rows of it. */
  readonly isLive: boolean;
  readonly settled: Settled | null;
}

/** A stream's table, as the warehouse has it. */
export interface StreamTable {
  readonly dates: readonly StreamDate[];
  /**
   * ISO-8601: when the newest of the stream's rows was made; where the batch has taken the place of all, when the last file was
   * merged. Null before the first.
   */
  readonly newestAt: string | null;
}

export interface Settled {
  /** ISO-8601. */
  readonly at: string;
  readonly streamCount: number;
  readonly batchCount: number;
  /** Trips that one side lacks, or has otherwise, of those of the batch. */
  readonly divergencePct: number;
}

/** Both sides of a city before the batch's rows took the place of the stream's. */
export interface CityComparison {
  readonly city: string;
  readonly streamCount: number;
  readonly batchCount: number;
  readonly streamFare: string;
  readonly batchFare: string;
  readonly streamSeconds: number;
  readonly batchSeconds: number;
  readonly missingInStream: number;
  readonly missingInBatch: number;
  readonly differing: number;
}

/** What a reconciliation has found and done. */
export interface Reconciliation {
  readonly product: string;
  readonly date: string;
  /** False: the stream never had the date, and readers have it from the batch. */
  readonly wasNeeded: boolean;
  /** ISO-8601: when it held the table, when the rows were the batch's, when readers were seen to have them. */
  readonly begunAt: string;
  readonly overwrittenAt: string | null;
  readonly exactAt: string | null;
  readonly settled: Settled | null;
  readonly cities: readonly CityComparison[];
  /** Some of the trips that differ: `TRIP (kind: columns)`. */
  readonly trips: readonly string[];
}
