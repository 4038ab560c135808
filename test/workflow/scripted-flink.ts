import { Context } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { FlinkActivities } from '../../activities/flink/activities.ts';
import type { StreamHealthActivities } from '../../activities/cloudwatch/stream-health.ts';
import type { ApplicationLook, DesiredApplication, Snapshot } from '../../model/messages/streams.ts';
import type { Script } from './script.ts';

/** What jars do, by their names: one that is none of these runs well. */
const is = (word: string, { code }: DesiredApplication): boolean => code.includes(word);

/** An application as the service keeps it, and what was asked of it, in order. */
export class ScriptedFlink {
  readonly asked: string[] = [];
  readonly snapshots: Snapshot[] = [];
  look: Pick<ApplicationLook, 'status' | 'is' | 'versionId' | 'problem'> = {
    ...{ status: null, is: 'absent', versionId: 0, problem: null },
  };
  /** Of each version, the first of which is none. */
  readonly #versions: (DesiredApplication | undefined)[] = [undefined];
  /** When the change that is under way ends. */
  #settlesAt = 0;
  /** How many starts fail before one does not. */
  failingStarts = 0;
  /** Whether none can be taken for the time being, but for those of a stop. */
  cannotSnapshot = false;
  /** Of the last minutes, of a job that runs otherwise. */
  restarts = 0;
  /** Whether somebody else takes one with each look at the figures. */
  othersTakeSnapshots = false;
  /** Whether somebody takes one in the second after each update. */
  othersSnapshotUpdates = false;
  /** Whether somebody stops it with a snapshot before the next look. */
  isStoppedByHand = false;
  /** Whether none of its figures is told. */
  isSilent: boolean;
  /** Whether the jar that is asked for is not in its bucket any more. */
  isMissing = false;
  /** When jobs that ail have told of failed checkpoints. */
  readonly #failures: number[] = [];
  readonly #script: Script;
  #lacksLog: boolean;

  constructor(script: Script) {
    this.#script = script;
    this.#lacksLog = script.lacksLog ?? false;
    this.isSilent = script.isSilent ?? false;
  }

  /** The workflows' own time, which tests skip. */
  get #now(): number {
    return Context.current().info.currentAttemptScheduledTimestampMs;
  }

  /** What was asked for last, code by the name of its jar. */
  latest(count: number): (string | undefined)[] {
    return this.asked.slice(-count).map((each) => each.split('/').at(-1));
  }

  /** What somebody does in the console. */
  delete(): void {
    this.look = { ...this.look, is: 'absent', status: null };
    this.snapshots.length = 0;
  }

  stop(): void {
    this.#become('ready');
  }

  start(): void {
    this.#become('running');
  }

  change(desired: DesiredApplication): void {
    this.#configure(desired);
  }

  #become(is: ApplicationLook['is'], problem: string | null = null): void {
    const status = { absent: null, ready: 'READY', running: 'RUNNING', changing: 'UPDATING' }[is];
    this.look = { ...this.look, is, status, problem };
  }

  #snapshot(name: string, afterMs = 0): void {
    this.snapshots.unshift({ name, takenAt: new Date(this.#now + afterMs).toISOString() });
  }

  #configure(desired: DesiredApplication): void {
    this.#versions.push(desired);
    this.look = { ...this.look, versionId: this.#versions.length - 1 };
  }

  get #current(): DesiredApplication | undefined {
    return this.#versions[this.look.versionId];
  }

  readonly activities: FlinkActivities & StreamHealthActivities = {
    lookAtApplication: async (desired) => {
      if (this.isStoppedByHand) {
        this.isStoppedByHand = false;
        this.#snapshot('by-hand');
        this.stop();
      }
      if (this.look.is === 'changing' && this.#now >= this.#settlesAt) this.#become('running');
      const isRight = this.look.is === 'absent' || this.#current?.code === desired.code;
      const differs = isRight ? [] : ['code', ...(this.#lacksLog ? ['logs'] : [])];
      return { ...this.look, differs, snapshots: this.snapshots };
    },
    createApplication: async (desired) => {
      this.asked.push('create');
      if (is('missing', desired)) throw ApplicationFailure.nonRetryable('there is no such jar');
      this.#configure(desired);
      this.#become('ready');
      return 'begun';
    },
    startApplication: async ({ snapshot }) => {
      this.asked.push(`start from ${snapshot ?? 'nothing'}`);
      const breaks = this.#current && is('broken', this.#current);
      if (breaks || this.failingStarts > 0) this.#become('ready', 'StartApplication failed: no main class');
      else this.#become('running');
      this.failingStarts = Math.max(0, this.failingStarts - 1);
      return 'begun';
    },
    updateApplication: async ({ desired }) => {
      this.asked.push(`update to ${desired.code}`);
      if (this.look.is === 'running' && this.#script.cannotSnapshot === 'at once') return 'no snapshot';
      // Long enough for something else to be asked for meanwhile.
      if (is('broken', desired)) await delay(1_000);
      if (is('missing', desired) || this.isMissing) throw ApplicationFailure.nonRetryable('there is no such jar');
      if (this.look.is === 'running') this.#snapshot(`update-${this.look.versionId}`);
      if (this.#lacksLog && this.#current) {
        this.#lacksLog = false;
        this.#configure(this.#current);
        return 'begun';
      }
      if (this.#script.stopsUpdates && this.look.versionId === 1) {
        this.#configure(desired);
        this.#become('ready');
        return 'begun';
      }
      if (this.look.is === 'running' && is('broken', desired)) {
        this.#become('running', 'UpdateApplication failed: its state does not fit');
        return 'begun';
      }
      this.#configure(desired);
      this.#become(this.look.is);
      if (this.othersSnapshotUpdates) this.#snapshot('of-the-update', 1_000);
      if (is('slow', desired) || is('hanging', desired)) {
        this.#become('changing');
        this.#settlesAt = is('slow', desired) ? this.#now + 20 * 60_000 : Infinity;
      }
      return 'begun';
    },
    rollBackApplication: async () => {
      this.asked.push('roll back');
      if (this.#script.cannotRollBack === 'at once') throw ApplicationFailure.nonRetryable('there is no snapshot');
      if (this.#script.cannotRollBack === 'not as seen') return 'not as seen';
      if (this.#script.cannotRollBack === 'in the end') return 'begun';
      const before = this.#versions.at(-2);
      if (before) this.#configure(before);
      this.#become('running');
      return 'begun';
    },
    stopApplication: async ({ force = false }) => {
      this.asked.push(force ? 'force stop' : 'stop');
      if (!force && this.#script.cannotSnapshot === 'at once') return 'no snapshot';
      if (!force && this.#script.cannotSnapshot) {
        this.#become('running', 'StopApplication failed: the snapshot was not taken in time');
        return 'begun';
      }
      if (!force) this.#snapshot(`stop-${this.snapshots.length}`);
      this.#become('ready');
      return 'begun';
    },
    awaitApplication: async () => undefined,
    takeSnapshot: async ({ name }) => {
      if (this.cannotSnapshot || this.#script.cannotSnapshot === 'at once') return 'no snapshot';
      this.asked.push(`snapshot ${name.replace(/\d+/, 'N')}`);
      this.#snapshot(name);
      return 'begun';
    },
    pruneSnapshots: async ({ keep }) => {
      if (this.#script.cannotPrune) throw ApplicationFailure.nonRetryable('the role may not');
      return this.snapshots.splice(keep).length;
    },
    readStreamHealth: async ({ since }) => {
      if (this.othersTakeSnapshots) this.#snapshot('of-others');
      const ails = this.#current !== undefined && is('sick', this.#current);
      const minutes = Math.floor((this.#now - since) / 60_000);
      if (ails) this.#failures.push(this.#now);
      const failedCheckpoints = this.#failures.filter((at) => at >= since).length;
      return {
        ...{ checkpoints: ails ? 0 : Math.max(minutes, this.#script.isQuick ? 2 : 0), checkpointMs: ails ? null : 900 },
        ...{ failedCheckpoints, restarts: ails ? 3 : this.restarts, downMs: ails ? 5_000 : 0 },
        behindMs: { first: 400, last: 300 },
        figures: this.isSilent ? 0 : 20,
      };
    },
  };
}
