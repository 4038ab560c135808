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
