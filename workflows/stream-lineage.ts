import type { ApplicationLook, DesiredApplication, Supervision } from '../model/messages/streams.ts';
import { goneSince } from './stream-snapshots.ts';
import { hasToProve, isProven, isRefused, noFailedStarts, sinceLineage } from './stream-step.ts';

/** The snapshot that a start goes on from; null for the beginning of the stream. */
export function startsFrom({ snapshots }: ApplicationLook, { rewind, goesOnFrom }: Supervision): string | null {
  if (rewind) return rewind.snapshot;
  const isThere = goesOnFrom?.snapshot === null || snapshots.some(({ name }) => name === goesOnFrom?.snapshot);
  return goesOnFrom && isThere ? goesOnFrom.snapshot : (snapshots[0]?.name ?? null);
}

/** The snapshot with which an update has begun, of what ran before: somebody may have taken one of what runs since. */
export function tookAlong(before: ApplicationLook, after: ApplicationLook, told: Supervision): string | null {
  const since = after.snapshots.filter(({ name }) => before.snapshots.every((each) => each.name !== name));
  return (before.is === 'running' ? since.at(-1)?.name : undefined) ?? startsFrom(after, told);
}

/** Also the next times, until what runs then has a snapshot of its own. */
export function goOnFrom(told: Supervision, snapshot: string | null): void {
  told.goesOnFrom = { snapshot, runsSince: null };
}

/** Somebody has deleted an application, with its snapshots: what was deployed is to run, from nothing, and at once. */
export function forget(told: Supervision, before: ApplicationLook | null): void {
  // Not again what has been found since: that it cannot be made.
  if (before?.is === 'absent' && sinceLineage()) return;
  const ofItsState = { onProbationSince: null, goesOnFrom: undefined, provenSnapshot: undefined };
  Object.assign(told, { refused: null, ...ofItsState });
  if (before !== null && sinceLineage()) Object.assign(told, noFailedStarts);
}

/** What takes the place of something that has not run well, goes on from the state that it had when it did. */
export function goBackToProven(look: ApplicationLook | null, told: Supervision): void {
  const { provenSnapshot } = told;
  if (provenSnapshot === undefined) return;
  if (isWhole(look, provenSnapshot) || !sinceLineage()) goOnFrom(told, provenSnapshot);
}

/** Whether a state is still there, and the stream has all that came after it: else the newest is better, whose ever it is. */
function isWhole(look: ApplicationLook | null, state: string | null): boolean {
  const snapshot = look?.snapshots.find(({ name }) => name === state);
  return state === null || (snapshot !== undefined && goneSince(snapshot) === null);
}

/** What the application as it is seen says of what was refused, of what has to prove itself, and of whose state there is. */
export function learnFrom(look: ApplicationLook, told: Supervision, wanted: DesiredApplication): void {
  const { refused } = told;
  const isElse = look.is === 'running' ? look.differs.length > 0 : look.is === 'ready' && sinceLineage();
  if (refused?.isInPlace && isElse) told.refused = { ...refused, isInPlace: false };
  if (hasToProve(look, told, wanted) && sinceLineage()) told.onProbationSince = Date.now();
  sawSnapshots(look, told, wanted);
  if (isDeployedBack(look, told, wanted) && sinceLineage()) goBackToProven(look, told);
}

/** Whether what was deployed is what has run well last, in the place of an update that has not, or has not yet. */
function isDeployedBack(look: ApplicationLook, told: Supervision, wanted: DesiredApplication): boolean {
  const { provenSnapshot, goesOnFrom } = told;
  if (provenSnapshot === undefined || goesOnFrom?.snapshot === provenSnapshot) return false;
  const isElse = look.is !== 'changing' && look.differs.length > 0;
  return isElse && isProven(told, wanted) && !isRefused(told, wanted) && isWhole(look, provenSnapshot);
}

/** Whether what a person wants to go back to is not there any more. */
export const isGone = ({ is, snapshots }: ApplicationLook, { rewind }: Supervision): boolean =>
  rewind !== null && is !== 'changing' && !snapshots.some(({ name }) => name === rewind.snapshot);

/** A person wants nothing of what came after it, also where what runs then is taken back. */
export function wentBackTo(name: string, { snapshots }: ApplicationLook, told: Supervision): void {
  goOnFrom(told, name);
  const { provenSnapshot } = told;
  const age = (of: string): number => snapshots.findIndex((snapshot) => snapshot.name === of);
  const isOlder = typeof provenSnapshot === 'string' && age(name) > age(provenSnapshot);
  if (isOlder && sinceLineage()) told.provenSnapshot = name;
}

/** What runs has a snapshot of its own when one is newer than its running, also where what was to take its place is refused. */
function sawSnapshots(
  { is, differs, snapshots: [newest] }: ApplicationLook,
  told: Supervision,
  wanted: DesiredApplication,
): void {
  if (told.goesOnFrom === undefined) return;
  const { snapshot, runsSince } = told.goesOnFrom;
  const isInPlace = differs.length === 0;
  const isItRefused = isRefused(told, wanted);
  const hasItsOwn = runsSince !== null && newest && Date.parse(newest.takenAt) > runsSince;
  if (hasItsOwn && isInPlace && isProven(told, wanted)) delete told.provenSnapshot;
  if (hasItsOwn) delete told.goesOnFrom;
  else if (runsSince === null && is === 'running' && (isInPlace ? !isItRefused : isItRefused && sinceLineage()))
    told.goesOnFrom = { snapshot, runsSince: Date.now() };
}
