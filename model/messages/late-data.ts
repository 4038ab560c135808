import { defineSignal } from '@temporalio/workflow';

export interface LateDataInput {
  /** Whose dates are late. */
  readonly product: string;
  readonly dates: readonly string[];
  /** How long to wait for more late events before anything is built. */
  readonly debounceSeconds: number;
  /** Restatements of more jobs than this wait for approval. */
  readonly approvalOverJobs: number;
}

/** Dates of a product in which rows have changed. */
export interface ChangedDates {
  readonly product: string;
  readonly dates: readonly string[];
}

/** Dates of the partition column in which late events have changed rows. */
export const lateDatesSignal = defineSignal<[string[]]>('lateDates');

/** One workflow a product, so that late dates of many hours are restated together. */
export const restateWorkflowId = (product: string): string => `restate-late-data/${product}`;
