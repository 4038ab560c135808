import type { Cadence } from './freshness-messages.ts';
import type { Grain } from './intervals.ts';

/** The schedules that build what is new: `schedules/` declares them so, and what is due or still to come follows from them. */
export const cadences: Readonly<Record<Grain, Cadence>> = {
  hour: { scheduleId: 'hourly-bronze', firesAfterMinutes: 20 },
  date: { scheduleId: 'daily-batch', firesAfterMinutes: 60 },
};
