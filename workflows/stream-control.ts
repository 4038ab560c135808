import { condition, isCancellation, rootCause } from '@temporalio/workflow';
import type { ApplicationLook, DesiredApplication, SuperviseStreamInput } from '../model/messages/streams.ts';
import { type BegunChange, cannotTakeBack, outcomesIn } from './stream-outcomes.ts';
import { StreamRecord } from './stream-record.ts';
import { takeRequests } from './stream-requests.ts';
import { isSame, sinceLineage } from './stream-step.ts';

const defaultEverySeconds = 60;
const defaultProbationMinutes = 10;

/** What a supervision is told, by the service and by people, and what it makes of that. */
export class StreamControl extends StreamRecord {
  readonly #input: SuperviseStreamInput;
  readonly #outcomes = outcomesIn(this);
  #isAsked = false;

  constructor(input: SuperviseStreamInput) {
    super(input);
    this.#input = input;
    takeRequests(this, () => {
      this.#isAsked = true;
    });
  }

  did(change: BegunChange, after: ApplicationLook): void {
    this.saw(after, change.desired);
    const { is, versionId } = change.before;
    if (after.is === 'running' && (is !== 'running' || versionId !== after.versionId)) this.told.runsSince = Date.now();
    this.#outcomes[change.step](change, after);
  }

  /** What the service refuses for good counts as a change that has failed. */
  couldNot({ step, desired }: BegunChange, error: unknown): void {
    if (isCancellation(error)) throw error;
    const why = rootCause(error) ?? String(error);
    if (step === 'update') this.refuse(desired, why);
    else if (step === 'start' || step === 'create') this.startFailed(desired, why);
    else if (step === 'take back') cannotTakeBack(this, why);
    else this.note(`Cannot ${step}: ${why}`);
  }

  /** Whether by now something else is wanted. */
  wantsElse(desired: DesiredApplication): boolean {
    return !isSame(this.wanted, desired) && sinceLineage();
  }

  /** From now on what runs is to be taken back, if its time to prove itself is over. */
  judge(desired: DesiredApplication): void {
    const { probationMinutes = defaultProbationMinutes } = this.#input;
    const minutes = (Date.now() - (this.told.onProbationSince ?? Infinity)) / 60_000;
    const why = `it did not run well within ${probationMinutes} minutes, and is taken back`;
    if (minutes > probationMinutes) this.refuse(desired, why, true);
  }

  /** Until it is time, or a person has asked for something. */
  async untilNextLook(): Promise<void> {
    const { everySeconds = defaultEverySeconds } = this.#input;
    await condition(() => this.#isAsked, `${everySeconds}s`);
    this.#isAsked = false;
  }

  carry(): SuperviseStreamInput {
    return { ...this.#input, desired: this.desired, carried: this.told };
  }
}
