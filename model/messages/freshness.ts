export interface WatchFreshnessInput {
  /** Stands for the schedule's firing time, ISO-8601. */
  readonly firedAt?: string;
}

export interface FreshnessCheck {
  /** ISO-8601. */
  readonly at: string;
}

/** What is not as it should be. `interval` is null where it is not about one. */
export interface FreshnessFinding {
  readonly product: string;
  readonly interval: string | null;
  readonly problem: string;
  /** The alarm that it rings (`model/alarms.ts`); by default that data is not fresh. */
  readonly alarm?: 'P1-ScheduleStopped';
}

export interface FreshnessReport {
  /** Intervals that should be published by now. */
  readonly expected: number;
  /** How many there are; the first of them in `findings`. */
  readonly found: number;
  readonly findings: readonly FreshnessFinding[];
  /** Hours since the end of the newest date of which all of gold is published and loaded; null while none is. */
  readonly batchLatencyHours?: number | null;
}
