import { patched, setCurrentDetails, setHandler } from '@temporalio/workflow';
import {
  type ApplicationLook,
  type DesiredApplication,
  type StreamHealth,
  streamStatusQuery,
  type StreamStatus,
  type SuperviseStreamInput,
  type Supervision,
} from '../model/messages/streams.ts';
import { streamDetails } from './stream-details.ts';
import { nothingYet } from './stream-inputs.ts';
import { forget, goBackToProven, isGone, learnFrom, startsFrom, tookAlong } from './stream-lineage.ts';
import {
  hasGivenUp,
  isGoneBackTo,
  isProven,
  isRefused,
  noFailedStarts,
  pauseAfter,
  sinceLineage,
  stateOf,
} from './stream-step.ts';

const happeningsKept = 20;

/** What a supervision knows, and shows to people by its details in the Web UI and the `status` query. */
export class StreamRecord {
  readonly told: Supervision;
  desired: DesiredApplication;
  look: ApplicationLook | null = null;
  health: StreamHealth | null = null;
  /** Of the change under way: it has hung, and was stopped. */
  isUpdateStopped = false;

  constructor({ desired, carried = nothingYet() }: SuperviseStreamInput) {
    this.desired = desired;
    this.told = carried;
    setHandler(streamStatusQuery, () => this.status());
  }

  status(): StreamStatus {
    const { told, look, health } = this;
    return { application: this.desired.application, state: stateOf(look, told), look, health, supervision: told };
  }

  /** What is to run: where what was deployed is refused, and has been taken back, what has run well last. */
  get wanted(): DesiredApplication {
    const { refused, proven } = this.told;
    return proven && isRefused(this.told, this.desired) && !refused?.isInPlace ? proven : this.desired;
  }

  /** How it looks beside what was wanted when it was looked at; a deploy may have come since. */
  saw(look: ApplicationLook, wanted: DesiredApplication): void {
    if (look.is === 'absent') forget(this.told, this.look);
    this.look = look;
    if (isGone(look, this.told) && sinceLineage()) {
      this.note(`Not gone back to ${this.told.rewind?.snapshot ?? ''}: it is not there any more`);
      Object.assign(this.told, { rewind: null, ...noFailedStarts });
    }
    learnFrom(look, this.told, wanted);
    if (look.is !== 'running') this.health = null;
    this.#show();
  }

  felt(health: StreamHealth): void {
    this.health = health;
    this.told.failsSince = health.restarts > 0 ? (this.told.failsSince ?? Date.now()) : null;
    this.#show();
  }

  note(what: string): void {
    const { happenings } = this.told;
    // What is tried again and again is told once.
    if (happenings[0]?.what === what) return;
    happenings.unshift({ at: new Date().toISOString(), what });
    happenings.length = Math.min(happenings.length, happeningsKept);
    this.#show();
  }

  startFailed(desired: DesiredApplication, why: string): void {
    this.told.failedStarts += 1;
    this.told.startsAgainAt = Date.now() + pauseAfter(this.told.failedStarts);
    this.note(`${hasGivenUp(this.told) ? 'Given up' : 'Not started'}: ${why}`);
    // What has run well is there to be gone back to, unless it is the snapshot that a person has named which does not start.
    if (!hasGivenUp(this.told) || !this.told.proven) return;
    if (sinceLineage() ? isProven(this.told, desired) || this.told.rewind : this.told.onProbationSince === null) return;
    Object.assign(this.told, noFailedStarts);
    this.refuse(desired, why);
  }

  refuse(desired: DesiredApplication, why: string, isInPlace = false): void {
    if (isGoneBackTo(this.told, desired, this.desired)) {
      // Where nothing runs it is tried again, as a start is; then what does not run well is better than nothing.
      if (this.look?.is === 'ready' && sinceLineage()) {
        this.startFailed(desired, why);
        if (!hasGivenUp(this.told)) return;
        Object.assign(this.told, noFailedStarts);
      }
      // Where something runs each try stops it.
      Object.assign(this.told, { proven: undefined, goesOnFrom: undefined });
      this.note(`Not put back to what has run well: ${why}`);
      return;
    }
    // What did not run well may have spoilt its state too.
    if (this.told.proven && !isProven(this.told, desired)) goBackToProven(this.look, this.told);
    Object.assign(this.told, { refused: { desired, why, isInPlace }, onProbationSince: null });
    this.note(`The update is refused until another is deployed, or \`resume\`: ${why}`);
  }

  /** What is put in place has to prove itself, but for what has. */
  updated(desired: DesiredApplication, before: ApplicationLook, after: ApplicationLook): void {
    // One that ran has taken its state along.
    if (before.is === 'running') delete this.told.goesOnFrom;
    if (this.told.provenSnapshot === undefined && patched('state-goes-with-code')) {
      const isAnother = after.differs.length === 0 && !isProven(this.told, desired);
      if (!sinceLineage()) this.told.provenSnapshot = startsFrom(after, this.told);
      else if (isAnother) this.told.provenSnapshot = tookAlong(before, after, this.told);
    }
    this.told.onProbationSince = isGoneBackTo(this.told, desired, this.desired) ? null : Date.now();
    this.note(`Updated to version ${after.versionId}`);
  }

  runsWell(desired: DesiredApplication): void {
    if (patched('what-has-run-well')) this.told.proven = desired;
    delete this.told.provenSnapshot;
    if (isRefused(this.told, desired)) this.told.refused = null;
    if (this.told.onProbationSince !== null) this.note('The update runs well');
    this.told.onProbationSince = null;
    if (sinceLineage()) Object.assign(this.told, noFailedStarts);
  }

  #show(): void {
    setCurrentDetails(streamDetails(this.status(), this.desired.code));
  }
}
