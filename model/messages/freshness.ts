export interface WatchFreshnessInput {
  /** Stands for the schedule's firing time, ISO-8601. */
  readonly firedAt?: string;
}

export interface FreshnessCheck {
  /** ISO-8601. */
  readonly at: string;
}

export type FindingAlarm = 'P1-DataNotFresh' | 'P1-ScheduleStopped' | 'P1-RestatementWaits' | 'P1-ClaimHeld';

/** How many of these ring each alarm. */
export const countByAlarm = (findings: readonly FreshnessFinding[]): Partial<Record<FindingAlarm, number>> =>
  Object.fromEntries(
    [...Map.groupBy(findings, ({ alarm = 'P1-DataNotFresh' }) => alarm)].map(([alarm, of]) => [alarm, of.length]),
  );

/** What is not as it should be. `interval` is null where it is not about one. */
export interface FreshnessFinding {
  readonly product: string;
  readonly interval: string | null;
  readonly problem: string;
  /** The alarm that it rings (`model/alarms.ts`); by default that data is not fresh. */
  readonly alarm?: FindingAlarm;
}

export interface FreshnessReport {
  /** Intervals that should be published by now. */
  readonly expected: number;
  /** How many there are; the first of them in `findings`. */
  readonly found: number;
  readonly findings: readonly FreshnessFinding[];
  /** How many findings ring each alarm; absent of earlier releases. */
  readonly byAlarm?: Readonly<Partial<Record<FindingAlarm, number>>>;
  /** Hours since the end of the newest date of which all of gold is published and loaded; null while none is. */
  readonly batchLatencyHours?: number | null;
}
