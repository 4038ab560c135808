/** Which schedule builds the intervals of a product, and how long after an interval's end it fires. */
export interface Cadence {
  readonly scheduleId: string;
  readonly firesAfterMinutes: number;
}

/** The schedule that builds all that is made from products, in their order. What is made from raw files has its own. */
export const dailyBatch: Cadence = { scheduleId: 'daily-batch', firesAfterMinutes: 60 };

/** Every hour is built by two runs of its schedule, so that stragglers are picked up. */
export const runsAnHour = 2;

export const freshnessSchedule = 'watch-freshness';

/** The schedule that maintains a product's table: every product has one of its own, from its first deploy on. */
export const maintenanceSchedule = (product: string): string => `maintain/${product}`;

/** When the batch takes a stream's place for the date before, or is compared with it. */
export const reconciliation = { firesAfterMinutes: 120 } as const;

/** The schedules of a table that a stream keeps. */
export const mergeSchedule = (product: string): string => `merge/${product}`;
export const reconcileSchedule = (product: string): string => `reconcile/${product}`;
export const compareSchedule = (product: string): string => `compare/${product}`;
