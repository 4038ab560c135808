import { defineUpdate } from '@temporalio/workflow';
import type { ProductRange } from '../intervals.ts';

/** A run of intervals that something reads and that is not published. */
export interface MissingInput extends ProductRange {
  readonly state: string;
}

/** Inputs to wait for, up to a time (ISO-8601). */
export interface InputsAsked {
  readonly inputs: readonly ProductRange[];
  readonly until: string;
  /** What is known to be missing; null: what is missing is told at once. */
  readonly known: readonly MissingInput[] | null;
}

/** What settles a date of a stream's table, to wait for as above. */
export interface SettlingAsked extends Pick<InputsAsked, 'until' | 'known'> {
  readonly product: string;
  readonly date: string;
}

export interface AwaitedInputs {
  readonly missing: readonly MissingInput[];
  /** Whether the time is up. */
  readonly expired: boolean;
}

/** Who has decided to build without what is missing, and why. */
export interface Decision {
  readonly by: string;
  readonly why: string;
}

/** Goes on with what is there. */
export const proceedUpdate = defineUpdate<undefined, [Decision]>('proceed');
