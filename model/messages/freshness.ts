export interface WatchFreshnessInput {
  /** Stands for the schedule's firing time, ISO-8601. */
  readonly firedAt?: string;
  /** Tells people and CloudWatch what it finds, also of another time than now. */
  readonly tell?: boolean;
}

export interface FreshnessCheck {
  /** ISO-8601. */
  readonly at: string;
}

export type FindingAlarm =
  'P1-DataNotFresh' | 'P1-ScheduleStopped' | 'P1-RestatementWaits' | 'P1-ClaimHeld' | 'P1-StreamDown';

/** What findings have in common that are told together. Data planes of earlier releases name no kind. */
export const findingKeyOf = ({
  alarm = 'P1-DataNotFresh',
  product,
  kind = 'not published',
}: Pick<FreshnessFinding, 'alarm' | 'product'> & Partial<Pick<FreshnessFinding, 'kind'>>) => ({ alarm, product, kind });

export const findingName = ({ alarm, product, kind }: Readonly<Record<'alarm' | 'product' | 'kind', string>>): string =>
  [alarm, product, kind].join('/');

/** How many of these ring each alarm. */
export const countByAlarm = (findings: readonly FreshnessFinding[]): Partial<Record<FindingAlarm, number>> =>
  Object.fromEntries(
    [...Map.groupBy(findings, (finding) => findingKeyOf(finding).alarm)].map(([alarm, of]) => [alarm, of.length]),
  );

/** What is wrong. Findings of one kind about one product are told together. */
export type FindingKind =
  | 'not published'
  | 'stale'
  | 'old data'
  | 'few lines'
  | 'many lines in quarantine'
  | 'no files'
  | 'unread files'
  | 'other objects'
  | 'unreadable log'
  | 'held for long'
  | 'waits for approval'
  | 'long run'
  | 'not settled'
  | 'not merged'
  | 'schedule stopped'
  | 'not supervised'
  | 'not looked at';

/** What is not as it should be. `interval` is null where it is not about one. */
export interface FreshnessFinding {
  readonly product: string;
  readonly interval: string | null;
  readonly kind: FindingKind;
  /** What it is about where it is not about an interval, and the product has several: a schedule, a workflow. */
  readonly subject?: string;
  readonly problem: string;
  /** A visibility query for the runs that it is about, where there are some. */
  readonly runs?: string;
  /** The alarm that it rings (`model/alarms.ts`); by default that data is not fresh. */
  readonly alarm?: FindingAlarm;
}

export interface FreshnessReport {
  /** Intervals that should be published by now. */
  readonly expected: number;
  /** How many there are; the newest of each kind and product in `findings`. */
  readonly found: number;
  readonly findings: readonly FreshnessFinding[];
  /** Whether each kind that was found is among `findings`; absent of earlier releases. */
  readonly isWhole?: boolean;
  /** How many findings ring each alarm; absent of earlier releases. */
  readonly byAlarm?: Readonly<Partial<Record<FindingAlarm, number>>>;
  /** Hours since the end of the newest date of which all of gold is published and loaded; null while none is. */
  readonly batchLatencyHours?: number | null;
}

/** What a watch has found, for people to be told. */
export interface FoundFindings {
  readonly findings: readonly FreshnessFinding[];
  /** Whether everything was looked at, and each kind that was found is here: only then is over what is not found any more. */
  readonly complete: boolean;
}
