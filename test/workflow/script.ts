import type { Client } from '@temporalio/client';
import type { Catalogue } from '../../model/catalogue.ts';
import type { FreshnessFinding } from '../../model/messages/freshness.ts';
import type { MemoryLedger } from './memory-ledger.ts';

/** What happens to each job and each load, in order; the last entry repeats. */
export interface Script {
  readonly jobs?: readonly (
    | 'done'
    | 'lost'
    | 'finds no room'
    | 'timed out'
    | 'broken'
    | 'quality'
    | 'superseded'
    | 'hangs'
    | 'hangs, then throttles'
  )[];
  /** How often the call that ends a job meets a defect, before it ends one. */
  readonly defectiveCancels?: number;
  /** How long a job may run. */
  readonly jobMinutes?: number;
  /** When jobs were created, as AWS says, whose clock is behind. */
  readonly createdAt?: string;
  readonly loads?: readonly ('done' | 'failed' | 'cannot copy' | 'conflict' | 'hangs, then throttles')[];
  /** No job ends before. */
  readonly gate?: Promise<void>;
  /** How often a claim is refused, because another build holds an interval, until it is given. */
  readonly refusals?: number;
  /** A product, or a table of the warehouse, that another build holds all the time. */
  readonly holds?: string;
  /** The dates in which a build changes rows; by default all that it builds. */
  readonly changedDates?: readonly string[];
  /** Intervals that the audit holds back, by product. */
  readonly heldBack?: Readonly<Record<string, readonly string[]>>;
  /** What a check of freshness finds. */
  readonly freshness?: readonly FreshnessFinding[];
  /** The job, by its name, that fails for its rows, whatever `jobs` say. */
  readonly failing?: string;
  /** What the builds are planned by; by default the contracts. */
  readonly catalogue?: Catalogue;
  /** The one hour of bronze.events that is missing; by default none is. */
  readonly hole?: string;
  /** Whether the time of what waits for inputs is up. */
  readonly tooLate?: boolean;
  /** Where late dates are restated; by default they are only written down. */
  readonly restates?: Client;
  /** What is found among the raw files. */
  readonly unread?: readonly FreshnessFinding[];
  readonly unreadable?: readonly FreshnessFinding[];
  /** Why the raw files cannot be listed. */
  readonly unlistable?: string;
  /** Why nobody can be told what is found. */
  readonly untellable?: string;
  /** How many files a stream has written, one merge after the other; by default two, once. */
  readonly streamFiles?: readonly number[];
  /** What the stream's table has of a date; by default it is live. */
  readonly streamDate?: 'live' | 'settled' | 'never';
  /** How many looks find that what settles a date is missing. */
  readonly unsettled?: number;
  /** Whether snapshots of an application of the stream cannot be deleted. */
  readonly cannotPrune?: boolean;
  /** Whether an application of the stream cannot be put back to its version before: the service refuses it, is at something else, or begins and fails. */
  readonly cannotRollBack?: 'at once' | 'not as seen' | 'in the end';
  /** Whether the first update of an application of the stream ends with its job stopped. */
  readonly stopsUpdates?: boolean;
  /** Whether snapshots of an application of the stream fail: as soon as they are asked for where its job is down. */
  readonly cannotSnapshot?: 'at once' | 'in the end';
  /** Whether somebody has taken an application's log away, which only an update of its own gives back. */
  readonly lacksLog?: boolean;
  /** Whether an application's figures do not come. */
  readonly isSilent?: boolean;
  /** Whether an application has proved itself as soon as it is looked at. */
  readonly isQuick?: boolean;
  /** What has been built before; by default nothing. */
  readonly ledger?: MemoryLedger;
}

/** What happens to the job or the load of this place in a list. */
export const at = <T>(list: readonly T[], index: number, otherwise: T): T =>
  list[Math.min(index, list.length - 1)] ?? otherwise;

export const throttled = (): never => {
  throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
};
