import type { Pace } from './claims.ts';

/** What lasts for so long is no matter of minutes. */
const longWaitMs = 3_600_000;
export const longestWaitSeconds = 15 * 60;
/** No build takes longer. */
const patienceMinutes = 24 * 60;

/**
 * How long to wait between two tries for what somebody else has: ever longer, until it is given up. Waits are anything from
 * their half on: of many that have begun together, and would come back together, only one could be given it each time.
 */
export function waitOf(pace: Pace) {
  const began = Date.now();
  let next = pace.first;
  return {
    isOver: (): boolean => Date.now() - began >= (pace.patienceMinutes ?? patienceMinutes) * 60_000,
    nextMs(): number {
      const seconds = next;
      const longest = Date.now() - began < longWaitMs ? pace.longest : longestWaitSeconds;
      next = Math.min(2 * seconds, longest);
      return Math.ceil(seconds * 500 * (1 + Math.random()));
    },
  };
}
