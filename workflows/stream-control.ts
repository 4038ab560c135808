import { condition, isCancellation, rootCause } from '@temporalio/workflow';
import type {
  ApplicationLook,
  DesiredApplication,
  StreamHealth,
  SuperviseStreamInput,
  Supervision,
} from '../model/messages/streams.ts';
import { StreamRecord } from './stream-record.ts';
import { takeRequests } from './stream-requests.ts';
import type { Change } from './stream-step.ts';

const defaultEverySeconds = 60;
const defaultProbationMinutes = 10;

/** What has come of a change: how the application was before, how it is after, and the snapshot that it began from. */
type Outcome = (before: ApplicationLook, after: ApplicationLook, from: string | null) => void;

/** What has come of each change, for the record. */
const outcomesIn = (record: StreamRecord): Readonly<Record<Change, Outcome>> => ({
  await: () => undefined,
  create() {
    record.note('Made');
  },
  stop(_, after) {
    record.told.onProbationSince = null;
    record.note(after.is === 'running' ? `Not stopped: ${after.problem ?? 'it still runs'}` : 'Stopped');
  },
  update(before, after) {
    const why = after.problem ?? `${after.differs.join(', ')} are not as desired after it`;
    if (after.differs.length > 0) record.refuse(why);
    else if (before.is === 'running' && after.is !== 'running') record.startFailed(why);
    else {
      record.told.onProbationSince = before.is === 'running' ? Date.now() : null;
      record.note(`Updated to version ${after.versionId}`);
    }
  },
  start(_, after, from) {
    record.told.rewind = null;
    if (after.is !== 'running') {
      record.startFailed(after.problem ?? `it is ${after.status ?? 'gone'}`);
      return;
    }
    Object.assign(record.told, { failedStarts: 0, startsAgainAt: 0 });
    record.note(`Started from ${from === null ? 'the beginning of the stream' : `snapshot ${from}`}`);
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
    get desired(): DesiredApplication {
      return record.desired;
    },
    told: told as Readonly<Supervision>,
    saw: (look: ApplicationLook): void => {
      record.saw(look);
    },
    felt: (health: StreamHealth): void => {
      record.felt(health);
    },
    /** Runs a change; one that the service refuses for good is written down, and counts as one that has failed. */
    async trying(step: Change | 'take back', run: () => Promise<boolean>): Promise<boolean> {
      try {
        return await run();
      } catch (error) {
        if (isCancellation(error)) throw error;
        const why = rootCause(error) ?? String(error);
        if (step === 'update' || step === 'take back') record.refuse(why);
        else if (step === 'start' || step === 'create') {
          told.rewind = null;
          record.startFailed(why);
        } else record.note(`Cannot ${step}: ${why}`);
        return false;
      }
    },
    did(step: Change, ...[before, after, from]: Parameters<Outcome>): void {
      record.saw(after);
      outcomes[step](before, after, from);
    },
    proved(): void {
      told.onProbationSince = null;
      record.note('The update runs well');
    },
    probationIsOver: (): boolean =>
      told.onProbationSince !== null && Date.now() - told.onProbationSince > probationMinutes * 60_000,
    takesBack(): void {
      record.refuse(`it did not run well within ${probationMinutes} minutes, and the version before takes its place`);
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
