import { patched } from '@temporalio/workflow';
import type { ApplicationLook, DesiredApplication, RewindRequest } from '../model/messages/streams.ts';
import { goBackToProven, wentBackTo } from './stream-lineage.ts';
import type { StreamRecord } from './stream-record.ts';
import { goneSince } from './stream-snapshots.ts';
import { type Change, isProven, noFailedStarts, sinceLineage } from './stream-step.ts';

/** A change as it was begun. A deploy or a request that comes meanwhile is about the next one. */
export interface BegunChange {
  readonly step: Change;
  readonly desired: DesiredApplication;
  readonly before: ApplicationLook;
  readonly snapshot: string | null;
  readonly rewind: RewindRequest | null;
}

type Outcome = (change: BegunChange, after: ApplicationLook) => void;

/** It is stopped instead, to put what has run well in its place: each rollback stops what runs. */
export function cannotTakeBack(record: StreamRecord, why: string): void {
  record.note(`Cannot take back: ${why}`);
  const { refused } = record.told;
  if (refused && sinceLineage()) record.told.refused = { ...refused, cannotRollBack: true };
}

/** What has come of each change, for the record. */
export const outcomesIn = (record: StreamRecord): Readonly<Record<Change, Outcome>> => ({
  await: () => undefined,
  create({ desired }) {
    const { told } = record;
    // From nothing it has to prove itself anew.
    if (told.proven && !isProven(told, desired) && sinceLineage()) told.provenSnapshot = null;
    record.note('Made');
  },
  stop(_, after) {
    record.note(after.is === 'running' ? `Not stopped: ${after.problem ?? 'it still runs'}` : 'Stopped');
  },
  update({ desired, before }, after) {
    const { told } = record;
    if (after.is === 'absent' && sinceLineage()) return;
    const isDone = after.differs.length === 0;
    const why =
      after.problem ??
      (isDone ? `it is ${after.status ?? 'gone'}` : `${after.differs.join(', ')} are not as desired after it`);
    // What needs two updates is less far from it after the first.
    if (after.differs.length >= before.differs.length) record.refuse(desired, why);
    else {
      const isStopped = before.is === 'running' && after.is !== 'running';
      if (!isStopped || sinceLineage()) record.updated(desired, before, after);
      if (!isStopped) return;
      // It would hang again, an hour each time.
      const givesWay = record.isUpdateStopped && told.proven !== undefined && !isProven(told, desired);
      if (givesWay) record.refuse(desired, 'it hung for longer than an hour');
      else record.startFailed(desired, why);
    }
  },
  'take back'({ before }, after) {
    const { told } = record;
    if (after.is === 'running') {
      const isBack = before.differs.length === 0 && after.differs.length > 0;
      if (isBack) record.note(`Back at what ran before, as version ${after.versionId}`);
      else cannotTakeBack(record, 'what was put in place still runs');
      return;
    }
    if (told.refused) told.refused = { ...told.refused, isInPlace: false };
    if (told.proven === undefined && sinceLineage()) {
      cannotTakeBack(record, 'nothing is known that has run well');
      return;
    }
    if (sinceLineage()) goBackToProven(after, told);
    record.note('Stopped, to go on with code and state of what has run well');
  },
  start({ desired, before, snapshot, rewind }, after) {
    // Whoever goes back to a snapshot does not mean another: what fails is tried again with this one.
    if (after.is !== 'running') {
      record.startFailed(desired, after.problem ?? `it is ${after.status ?? 'gone'}`);
      return;
    }
    if (rewind !== null && patched('rewound-until-next-snapshot')) wentBackTo(rewind.snapshot, before, record.told);
    if (record.told.rewind === rewind) record.told.rewind = null;
    Object.assign(record.told, noFailedStarts);
    // Its time to prove itself begins with its running.
    if (record.told.onProbationSince !== null) record.told.onProbationSince = Date.now();
    record.note(`Started from ${snapshot === null ? 'the beginning of the stream' : `snapshot ${snapshot}`}`);
    const restored = before.snapshots.find(({ name }) => name === snapshot);
    const gone = restored ? goneSince(restored) : null;
    if (gone !== null) record.note(gone);
  },
});
