import { condition, isCancellation, patched, rootCause } from '@temporalio/workflow';
import type {
  ApplicationLook,
  DesiredApplication,
  RewindRequest,
  StreamHealth,
  SuperviseStreamInput,
  Supervision,
} from '../model/messages/streams.ts';
import { wentBackTo } from './stream-lineage.ts';
import { StreamRecord } from './stream-record.ts';
import { takeRequests } from './stream-requests.ts';
import { goneSince } from './stream-snapshots.ts';
import type { Change } from './stream-step.ts';

const defaultEverySeconds = 60;
const defaultProbationMinutes = 10;

/** A change as it was begun. A deploy or a request that comes meanwhile is about the next one. */
export interface BegunChange {
  readonly step: Change;
  readonly desired: DesiredApplication;
  readonly before: ApplicationLook;
  readonly snapshot: string | null;
  readonly rewind: RewindRequest | null;
}

type Outcome = (change: BegunChange, after: ApplicationLook) => void;

/** What has come of each change, for the record. */
const outcomesIn = (record: StreamRecord): Readonly<Record<Change, Outcome>> => ({
  await: () => undefined,
  create() {
    record.note('Made');
  },
  stop(_, after) {
    record.note(after.is === 'running' ? `Not stopped: ${after.problem ?? 'it still runs'}` : 'Stopped');
  },
  update({ desired, before }, after) {
    const why = after.problem ?? `${after.differs.join(', ')} are not as desired after it`;
    // What needs two updates is less far from it after the first.
    if (after.differs.length >= before.differs.length) record.refuse(desired, why);
    else if (before.is === 'running' && after.is !== 'running') record.startFailed(desired, why);
    else record.updated(desired, before, after);
  },
  'take back'(_, after) {
    if (after.is === 'running') {
      record.note(`Back at what ran before, as version ${after.versionId}`);
      return;
    }
    const { told } = record;
    if (told.refused) told.refused = { ...told.refused, isInPlace: false };
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
    Object.assign(record.told, { failedStarts: 0, startsAgainAt: 0 });
    // Its time to prove itself begins with its running.
    if (record.told.onProbationSince !== null) record.told.onProbationSince = Date.now();
    record.note(`Started from ${snapshot === null ? 'the beginning of the stream' : `snapshot ${snapshot}`}`);
    const restored = before.snapshots.find(({ name }) => name === snapshot);
    const gone = restored ? goneSince(restored) : null;
    if (gone !== null) record.note(gone);
  },
});

/** What a supervision is told, by the service and by people, and what it makes of that. */
export function controlStream(input: SuperviseStreamInput) {
  const { everySeconds = defaultEverySeconds, probationMinutes = defaultProbationMinutes } = input;
  const record = new StreamRecord(input);
  const { told } = record;
  const outcomes = outcomesIn(record);
  let isAsked = false;
  takeRequests(record, () => {
    isAsked = true;
  });
  return {
    /** What was deployed last. */
    get desired(): DesiredApplication {
      return record.desired;
    },
    get wanted(): DesiredApplication {
      return record.wanted;
    },
    told: told as Readonly<Supervision>,
    saw: (look: ApplicationLook): void => {
      record.saw(look);
    },
    felt: (health: StreamHealth): void => {
      record.felt(health);
    },
    note: (what: string): void => {
      record.note(what);
    },
    did(change: BegunChange, after: ApplicationLook): void {
      record.saw(after);
      const { is, versionId } = change.before;
      if (after.is === 'running' && (is !== 'running' || versionId !== after.versionId)) told.runsSince = Date.now();
      outcomes[change.step](change, after);
    },
    /** What the service refuses for good counts as a change that has failed. */
    couldNot({ step, desired }: BegunChange, error: unknown): void {
      if (isCancellation(error)) throw error;
      const why = rootCause(error) ?? String(error);
      if (step === 'update') record.refuse(desired, why);
      else if (step === 'start' || step === 'create') record.startFailed(desired, why);
      else record.note(`Cannot ${step}: ${why}`);
    },
    runsWell: (desired: DesiredApplication): void => {
      record.runsWell(desired);
    },
    /** From now on what runs is to be taken back, if its time to prove itself is over. */
    judge(desired: DesiredApplication): void {
      const minutes = (Date.now() - (told.onProbationSince ?? Infinity)) / 60_000;
      const why = `it did not run well within ${probationMinutes} minutes, and is taken back`;
      if (minutes > probationMinutes) record.refuse(desired, why, true);
    },
    /** Until it is time, or a person has asked for something. */
    async untilNextLook(): Promise<void> {
      await condition(() => isAsked, `${everySeconds}s`);
      isAsked = false;
    },
    carry: (): SuperviseStreamInput => ({ ...input, desired: record.desired, carried: told }),
  };
}

export type StreamControl = ReturnType<typeof controlStream>;
