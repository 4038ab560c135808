import { patched } from '@temporalio/workflow';
import type {
  ApplicationLook,
  DesiredApplication,
  StreamHealth,
  StreamState,
  Supervision,
} from '../model/messages/streams.ts';

/** Then starting it anew once more would help nobody. */
const mostFailedStarts = 5;
const longestPauseMinutes = 30;

/** What has an end that is waited for. */
export type Change = 'create' | 'start' | 'stop' | 'update' | 'take back' | 'await';
type Step = Change | 'watch' | 'rest';

export const isChange = (step: Step): step is Change => step !== 'watch' && step !== 'rest';

/** What is to be done about an application as it is seen. */
export function nextStep(look: ApplicationLook, desired: DesiredApplication, told: Supervision, nowMs: number): Step {
  const refused = isRefused(told, desired);
  const differs = look.differs.length > 0;
  switch (look.is) {
    case 'changing':
      return 'await';
    case 'absent':
      return hasGivenUp(told) || nowMs < told.startsAgainAt ? 'rest' : 'create';
    case 'ready':
      if (told.paused !== null || hasGivenUp(told) || nowMs < told.startsAgainAt) return 'rest';
      return differs && !refused ? 'update' : 'start';
    case 'running':
      if (told.paused !== null || told.rewind !== null) return 'stop';
      if (differs ? goesBackTo(told, desired) && !refused : refused && !isLastResort(told, desired)) return 'take back';
      return differs && !refused ? 'update' : 'watch';
  }
}

/** Since the supervision knows whose state it goes on from; histories from before decide as they did. */
export const sinceLineage = (): boolean => patched('knows-whose-state-it-is');

export const isSame = (one: DesiredApplication, other: DesiredApplication): boolean =>
  JSON.stringify(one, inOrder) === JSON.stringify(other, inOrder);

/** Objects with their keys in order, whoever has written them. */
const inOrder = (_: string, value: unknown): unknown =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value;
const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether what is desired has been in place, and did not run well. */
export const isRefused = ({ refused }: Supervision, desired: DesiredApplication): boolean =>
  refused !== null && isSame(refused.desired, desired);

/** Whether it is what has run well last, in the place of what was deployed. */
export const isGoneBackTo = (told: Supervision, desired: DesiredApplication, deployed: DesiredApplication): boolean =>
  isProven(told, desired) && !isSame(desired, deployed);

export const isProven = ({ proven }: Supervision, desired: DesiredApplication): boolean =>
  proven !== undefined && isSame(desired, proven);

/** There is nothing better to go back to: it has run well itself, though by now it does not, or nothing is known that has. */
const isLastResort = (told: Supervision, desired: DesiredApplication): boolean =>
  (isProven(told, desired) && patched('keeps-what-has-run-well')) ||
  (told.refused?.cannotRollBack === true && told.proven === undefined);

/** Whether it runs, and has not shown that it does so well, while something else has: it was deployed or resumed in its place. */
export const hasToProve = (look: ApplicationLook, told: Supervision, desired: DesiredApplication): boolean =>
  look.is === 'running' &&
  look.differs.length === 0 &&
  told.proven !== undefined &&
  told.onProbationSince === null &&
  // What is only described in other words is no update.
  !isProven(told, { ...desired, description: told.proven.description }) &&
  !isRefused(told, desired);

/** Whether it is what has run well last, and goes on from the state that it had then: what runs has another. */
const goesBackTo = (told: Supervision, desired: DesiredApplication): boolean =>
  told.goesOnFrom !== undefined && isProven(told, desired);

/** The service goes back to the version before, and to the newest snapshot, whatever has taken that. */
export const canRollBack = (
  { differs, snapshots }: ApplicationLook,
  { refused, goesOnFrom, proven }: Supervision,
): boolean =>
  differs.length === 0 &&
  refused?.cannotRollBack !== true &&
  (goesOnFrom === undefined || goesOnFrom.snapshot === snapshots[0]?.name || (proven === undefined && sinceLineage()));

export const noFailedStarts = { failedStarts: 0, startsAgainAt: 0 } as const;

export const hasGivenUp = ({ failedStarts }: Supervision): boolean => failedStarts >= mostFailedStarts;

/** After one that has failed: 1, 2, 4 … 30 minutes. */
export const pauseAfter = (failedStarts: number): number =>
  Math.min(2 ** (failedStarts - 1), longestPauseMinutes) * 60_000;

/** Whether an application is by now what a change was to make of it, whoever has made it so. */
export const isAsWanted = (step: Change, { is, differs }: ApplicationLook): boolean =>
  ({
    await: true,
    create: is !== 'absent',
    start: is === 'running',
    stop: is === 'ready',
    update: differs.length === 0,
    'take back': differs.length > 0,
  })[step];

/** Nothing is lost of what it reads, and it keeps up. */
export const isWell = ({ checkpoints, failedCheckpoints, restarts, behindMs, downMs }: StreamHealth): boolean =>
  checkpoints >= 2 &&
  failedCheckpoints === 0 &&
  restarts === 0 &&
  downMs === 0 &&
  (behindMs === null || behindMs.last <= 60_000 || behindMs.last < behindMs.first);

export function stateOf(look: ApplicationLook | null, told: Supervision): StreamState {
  if (told.paused !== null) return 'paused';
  if (look?.is === 'running') return told.onProbationSince === null ? 'running' : 'on probation';
  if (hasGivenUp(told)) return 'given up';
  return look?.is === 'changing' || told.failedStarts === 0 ? 'changing' : 'starts again';
}
