import { setCurrentDetails, setHandler } from '@temporalio/workflow';
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
import { hasGivenUp, pauseAfter, stateOf } from './stream-step.ts';

const happeningsKept = 20;

const nothingYet = (): Supervision => ({
  paused: null,
  rewind: null,
  refused: null,
  failedStarts: 0,
  startsAgainAt: 0,
  onProbationSince: null,
  happenings: [],
});

/** What a supervision knows, and shows to people by its details in the Web UI and the `status` query. */
export class StreamRecord {
  readonly told: Supervision;
  desired: DesiredApplication;
  look: ApplicationLook | null = null;
  health: StreamHealth | null = null;

  constructor({ desired, carried = nothingYet() }: SuperviseStreamInput) {
    this.desired = desired;
    this.told = carried;
    setHandler(streamStatusQuery, () => this.status());
  }

  status(): StreamStatus {
    const { told, look, health } = this;
    return { application: this.desired.application, state: stateOf(look, told), look, health, supervision: told };
  }

  saw(look: ApplicationLook): void {
    this.look = look;
    if (look.is !== 'running') this.health = null;
    this.#show();
  }

  felt(health: StreamHealth): void {
    this.health = health;
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

  startFailed(why: string): void {
    this.told.failedStarts += 1;
    this.told.startsAgainAt = Date.now() + pauseAfter(this.told.failedStarts);
    this.note(`${hasGivenUp(this.told) ? 'Given up' : 'Not started'}: ${why}`);
  }

  refuse(desired: DesiredApplication, why: string): void {
    Object.assign(this.told, { refused: { desired, why }, onProbationSince: null });
    this.note(`The update is refused until another is deployed, or \`resume\`: ${why}`);
  }

  #show(): void {
    setCurrentDetails(streamDetails(this.status(), this.desired.code));
  }
}
