import { randomUUID } from 'node:crypto';
import type { Jobs } from './jobs.ts';
import type { Objects } from './objects.ts';
import {
  type ApplicationRecord,
  type Configuration,
  currentVersion,
  type Deployment,
  newestSnapshot,
  type OperationKind,
  type OperationRecord,
  type SnapshotRecord,
  versionOf,
} from './records.ts';
import type { Store } from './store.ts';

/** The service's model takes no more. */
const ERROR_LENGTH = 512;

/**
 * Brings applications from one status to the next, and back where that fails:
 * https://docs.aws.amazon.com/managed-flink/latest/java/how-creating-apps.html. What is allowed when is decided before.
 */
export class Lifecycle {
  readonly #store: Store;
  readonly #jobs: Jobs;
  readonly #objects: Objects;
  readonly #report: (error: unknown) => void;
  /** What is under way for an application, by its name. */
  readonly #current = new Map<string, { readonly operation: OperationRecord; readonly aborted: AbortController }>();
  readonly #work = new Set<Promise<void>>();

  constructor(store: Store, jobs: Jobs, objects: Objects, report: (error: unknown) => void) {
    this.#store = store;
    this.#jobs = jobs;
    this.#objects = objects;
    this.#report = report;
  }

  /** READY → STARTING → RUNNING, or READY again. */
  start(application: ApplicationRecord, snapshot: SnapshotRecord | undefined): OperationRecord {
    return this.#perform(application, 'StartApplication', 'STARTING', async (operation) => {
      await this.#jobs.deploy(application, snapshot?.savepoint);
      this.#succeed(application, operation, 'RUNNING');
    });
  }

  /** RUNNING → STOPPING → READY, with a snapshot where they are enabled; without one that should be, RUNNING again. */
  stop(application: ApplicationRecord): OperationRecord {
    return this.#perform(application, 'StopApplication', 'STOPPING', async (operation, signal) => {
      try {
        if (this.#jobs.cluster(application).configuration.snapshotsEnabled)
          await this.#jobs.snapshot(application, automaticName('stop'), true);
      } catch (error) {
        signal.throwIfAborted();
        this.#fail(application, operation, 'RUNNING', error);
        return;
      }
      await this.#jobs.undeploy(application);
      this.#succeed(application, operation, 'READY');
    });
  }

  /** Any → FORCE_STOPPING → READY, whatever is under way, without a snapshot. */
  forceStop(application: ApplicationRecord): OperationRecord {
    return this.#perform(application, 'StopApplication', 'FORCE_STOPPING', async (operation) => {
      await this.#jobs.undeploy(application);
      this.#succeed(application, operation, 'READY');
    });
  }

  /** READY → UPDATING → READY: there is nothing to start. */
  configure(application: ApplicationRecord, configuration: Configuration): OperationRecord {
    const from = this.#addVersion(application, configuration, {});
    return this.#perform(
      application,
      'UpdateApplication',
      'UPDATING',
      (operation) => {
        this.#succeed(application, operation, 'READY');
        return Promise.resolve();
      },
      from,
    );
  }

  /**
   * RUNNING → UPDATING → RUNNING: the job stops with a snapshot, and its new version goes on from there, or from what its
   * run configuration says. Where that fails it is rolled back if the application says so, else READY.
   */
  update(application: ApplicationRecord, configuration: Configuration): OperationRecord {
    const from = this.#addVersion(application, configuration, {});
    return this.#perform(
      application,
      'UpdateApplication',
      'UPDATING',
      async (operation, signal) => {
        const stays = versionOf(application, from);
        let taken: SnapshotRecord | undefined;
        try {
          if (this.#jobs.cluster(application).configuration.snapshotsEnabled)
            taken = await this.#jobs.snapshot(application, automaticName('update'), true);
        } catch (error) {
          signal.throwIfAborted();
          // The job has not stopped: it stays what it was.
          if (stays) this.#addVersion(application, stays.configuration, { rolledBackTo: from });
          this.#fail(application, operation, 'RUNNING', error);
          return;
        }
        try {
          await this.#jobs.deploy(application, restorePoint(application, taken?.savepoint));
          this.#succeed(application, operation, 'RUNNING');
        } catch (error) {
          signal.throwIfAborted();
          this.#rollBackFailed(application, operation, error);
        }
      },
      from,
    );
  }

  /** RUNNING or UPDATING → ROLLING_BACK → RUNNING with the configuration of a version before, from the last snapshot. */
  rollBack(application: ApplicationRecord, to: number): OperationRecord {
    const target = versionOf(application, to);
    if (target === undefined) throw new Error(`${application.name} has no version ${to}`);
    const from = this.#addVersion(application, target.configuration, { rolledBackTo: to });
    return this.#perform(
      application,
      'RollbackApplication',
      'ROLLING_BACK',
      async (operation) => {
        await this.#jobs.deploy(application, newestSnapshot(application)?.savepoint);
        this.#succeed(application, operation, 'RUNNING');
      },
      from,
    );
  }

  /** CREATING → READY or FAILED, while the job goes on. */
  takeSnapshot(application: ApplicationRecord, name: string): void {
    this.#track(this.#jobs.snapshot(application, name, false).then(() => undefined, this.#report));
  }

  deleteSnapshot(application: ApplicationRecord, snapshot: SnapshotRecord): void {
    snapshot.status = 'DELETING';
    this.#store.save(application);
    const remove = async (): Promise<void> => {
      await this.#objects.deleteBelow(snapshot.folder);
      application.snapshots.splice(application.snapshots.indexOf(snapshot), 1);
      this.#store.save(application);
    };
    this.#track(remove().catch(this.#report));
  }

  /** Ends the job, and takes all that belongs to the application away. */
  delete(application: ApplicationRecord): void {
    this.#abort(application);
    application.status = 'DELETING';
    this.#store.save(application);
    const remove = async (): Promise<void> => {
      await this.#jobs.undeploy(application);
      await this.#jobs.remove(application);
      this.#store.delete(application.name);
    };
    this.#track(remove().catch(this.#report));
  }

  /** After a start of the service: jobs go on where they were, and what was under way is brought to an end. */
  async recover(): Promise<void> {
    await Promise.all([...this.#store.applications.values()].map((application) => this.#recoverOne(application)));
  }

  async close(): Promise<void> {
    for (const { aborted } of this.#current.values()) aborted.abort(new Error('the service stops'));
    await this.#jobs.close();
    await Promise.all(this.#work);
  }

  async #recoverOne(application: ApplicationRecord): Promise<void> {
    for (const snapshot of application.snapshots.filter(({ status }) => status === 'CREATING')) {
      snapshot.savepoint = await this.#objects.newestComplete(snapshot.folder);
      snapshot.status = snapshot.savepoint === undefined ? 'FAILED' : 'READY';
      // The job had ended with it: what it has checkpointed before is older.
      if (snapshot.stopsJob && snapshot.savepoint !== undefined) this.#jobs.redeploy(application, snapshot.savepoint);
    }
    for (const snapshot of application.snapshots.filter(({ status }) => status === 'DELETING'))
      this.deleteSnapshot(application, snapshot);
    this.#store.save(application);
    const operation = application.operations.findLast(({ status }) => status === 'IN_PROGRESS');
    if (application.status === 'DELETING') this.delete(application);
    else if (operation !== undefined) this.#resume(application, operation);
    else if (application.deployment !== undefined) {
      const cluster = this.#jobs.cluster(application);
      // Whatever keeps it from running now may pass: it is tried for ever.
      this.#track(cluster.keepRunning());
    }
  }

  /** An operation that a restart of the service has cut off. */
  #resume(application: ApplicationRecord, operation: OperationRecord): void {
    const aborted = new AbortController();
    this.#current.set(application.name, { operation, aborted });
    const resumed = async (): Promise<void> => {
      if (application.status === 'FORCE_STOPPING' || application.deployment === undefined) {
        await this.#jobs.undeploy(application);
        this.#succeed(application, operation, 'READY');
      } else if (application.status === 'STOPPING') {
        const stopped = application.snapshots.at(-1);
        if (stopped?.savepoint !== undefined && stopped.savepoint === application.deployment.restoredFrom) {
          await this.#jobs.undeploy(application);
          this.#succeed(application, operation, 'READY');
        } else {
          await this.#jobs.cluster(application).start();
          const error = new Error('the service was restarted before the snapshot was complete');
          this.#fail(application, operation, 'RUNNING', error);
        }
      } else {
        try {
          await this.#startAgain(application, application.deployment, operation);
          this.#succeed(application, operation, 'RUNNING');
        } catch (error) {
          aborted.signal.throwIfAborted();
          if (operation.kind !== 'UpdateApplication') throw error;
          this.#rollBackFailed(application, operation, error);
        }
      }
    };
    this.#track(this.#guarded(application, operation, aborted.signal, resumed()));
  }

  async #startAgain(application: ApplicationRecord, deployment: Deployment, { kind }: OperationRecord): Promise<void> {
    if (kind === 'RollbackApplication') {
      await this.#jobs.deploy(application, newestSnapshot(application)?.savepoint);
    } else if (kind === 'UpdateApplication' && !restoresLatest(application)) {
      await this.#jobs.deploy(application, restorePoint(application, undefined));
    } else {
      // Its newest checkpoint or savepoint is what the job would have stopped with.
      application.deployment = { ...deployment, versionId: currentVersion(application).id };
      this.#store.save(application);
      await this.#jobs.cluster(application).start();
    }
  }

  /** What comes of an update whose new version does not start. */
  #rollBackFailed(application: ApplicationRecord, operation: OperationRecord, error: unknown): void {
    const { configuration, updatedFrom } = currentVersion(application);
    if (!configuration.rollbackEnabled || updatedFrom === undefined) throw error;
    operation.rollbackOperationId = this.rollBack(application, updatedFrom).id;
    this.#close(application, operation, 'FAILED', error);
  }

  #perform(
    application: ApplicationRecord,
    kind: OperationKind,
    status: ApplicationRecord['status'],
    work: (operation: OperationRecord, signal: AbortSignal) => Promise<void>,
    fromVersion: number = currentVersion(application).id,
  ): OperationRecord {
    this.#abort(application);
    const operation: OperationRecord = {
      id: randomUUID(),
      kind,
      startedAtMs: Date.now(),
      fromVersion,
      toVersion: currentVersion(application).id,
      status: 'IN_PROGRESS',
    };
    application.operations.push(operation);
    application.status = status;
    this.#store.save(application);
    const aborted = new AbortController();
    this.#current.set(application.name, { operation, aborted });
    this.#track(this.#guarded(application, operation, aborted.signal, work(operation, aborted.signal)));
    return operation;
  }

  /** An operation that fails leaves nothing running. One that was cancelled leaves everything to what has cancelled it. */
  async #guarded(
    application: ApplicationRecord,
    operation: OperationRecord,
    signal: AbortSignal,
    work: Promise<void>,
  ): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (signal.aborted) return;
      this.#report(error);
      await this.#jobs.undeploy(application).catch(this.#report);
      this.#fail(application, operation, 'READY', error);
    }
  }

  #succeed(application: ApplicationRecord, operation: OperationRecord, status: ApplicationRecord['status']): void {
    application.status = status;
    this.#close(application, operation, 'SUCCESSFUL');
    this.#jobs.removeUnusedCode(application);
  }

  #fail(
    application: ApplicationRecord,
    operation: OperationRecord,
    status: ApplicationRecord['status'],
    error: unknown,
  ): void {
    application.status = status;
    this.#close(application, operation, 'FAILED', error);
  }

  #close(
    application: ApplicationRecord,
    operation: OperationRecord,
    status: OperationRecord['status'],
    error?: unknown,
  ): void {
    operation.status = status;
    operation.endedAtMs = Date.now();
    if (error !== undefined) operation.error = messageOf(error).slice(0, ERROR_LENGTH);
    if (this.#current.get(application.name)?.operation === operation) this.#current.delete(application.name);
    this.#store.save(application);
  }

  #abort(application: ApplicationRecord): void {
    const current = this.#current.get(application.name);
    if (current === undefined || current.aborted.signal.aborted) return;
    current.aborted.abort(new Error('another operation has taken its place'));
    if (current.operation.status === 'IN_PROGRESS') this.#close(application, current.operation, 'CANCELLED');
  }

  /** Adds a version; gives the one before. */
  #addVersion(
    application: ApplicationRecord,
    configuration: Configuration,
    rollback: { rolledBackTo?: number },
  ): number {
    const { id } = currentVersion(application);
    const origin = rollback.rolledBackTo === undefined ? { updatedFrom: id } : { ...rollback, rolledBackFrom: id };
    application.versions.push({ id: id + 1, createdAtMs: Date.now(), configuration, ...origin });
    return id;
  }

  #track(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const automaticName = (reason: 'stop' | 'update'): string => `${reason}-${randomUUID()}`;

const restoresLatest = ({
  runConfiguration: { ApplicationRestoreConfiguration: restore },
}: ApplicationRecord): boolean =>
  restore === undefined || restore.ApplicationRestoreType === 'RESTORE_FROM_LATEST_SNAPSHOT';

/** The savepoint from which the new version of an update begins; `latest` is the one that its job has stopped with. */
const restorePoint = (application: ApplicationRecord, latest: string | undefined): string | undefined => {
  if (restoresLatest(application)) return latest;
  const name = application.runConfiguration.ApplicationRestoreConfiguration?.SnapshotName;
  return application.snapshots.find((snapshot) => snapshot.name === name)?.savepoint;
};
