import type { Grain } from './intervals.ts';

/** Which schedule builds the intervals of a grain, and how long after an interval's end it fires. */
export interface Cadence {
  readonly scheduleId: string;
  readonly firesAfterMinutes: number;
}

/** The schedules that build what is new: `schedules/` declares them so, and what is due or still to come follows from them. */
export const cadences: Readonly<Record<Grain, Cadence>> = {
  hour: { scheduleId: 'hourly-bronze', firesAfterMinutes: 20 },
  date: { scheduleId: 'daily-batch', firesAfterMinutes: 60 },
};

/** The schedule that maintains a product's table: every product has one of its own, from its first deploy on. */
export const maintenanceSchedule = (product: string): string => `maintain/${product}`;
