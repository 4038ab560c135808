import { longestBuildMs } from '../model/messages/builds.ts';

/** Between two tries for what somebody else has, in seconds; each wait is about twice the one before. */
export interface Pace {
  readonly first: number;
  readonly longest: number;
  /** Then it is given up; by default after a day. */
  readonly patienceMinutes?: number;
}

/** What lasts for so long is no matter of minutes. */
const longWaitMs = 3_600_000;
export const longestWaitSeconds = 15 * 60;

/** How long to wait between two tries for what somebody else has: ever longer, until it is given up. */
export function waitOf(pace: Pace) {
  const began = Date.now();
  const patienceMs = pace.patienceMinutes === undefined ? longestBuildMs : pace.patienceMinutes * 60_000;
  let next = pace.first;
  return {
    isOver: (): boolean => Date.now() - began >= patienceMs,
    /** Of many that have begun to wait together, and would come back together, only one could be given a claim each time. */
    nextMs(): number {
      const seconds = next;
      const longest = Date.now() - began < longWaitMs ? pace.longest : longestWaitSeconds;
      next = Math.min(2 * seconds, longest);
      return Math.round(seconds * 1000 * (0.75 + Math.random() / 2));
    },
  };
}
