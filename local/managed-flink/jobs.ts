import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Cluster, type ClusterParts } from './cluster.ts';
import { checkpointsKey, snapshotsKey } from './flink-configuration.ts';
import { type ApplicationRecord, currentVersion, type SnapshotRecord, versionOf } from './records.ts';
import type { Store } from './store.ts';

/** Applications' jobs, each on a cluster of its own: begun, ended, saved. Every step is on disk before the next. */
export class Jobs {
  readonly #store: Store;
  readonly #parts: ClusterParts;
  readonly #clusters = new Map<string, Cluster>();
  #closing = false;

  constructor(store: Store, parts: ClusterParts) {
    this.#store = store;
    this.#parts = parts;
  }

  /** Clusters of applications that run, each with its application. */
  running(): { readonly application: ApplicationRecord; readonly cluster: Cluster }[] {
    return [...this.#clusters].flatMap(([name, cluster]) => {
      const application = this.#store.applications.get(name);
      return application ? [{ application, cluster }] : [];
    });
  }

  /** Whether tasks of the job do not run just now: it is being started again. */
  async isDown(application: ApplicationRecord): Promise<boolean> {
    const job = await this.cluster(application).jobManager?.job();
    return job === undefined || job.vertices.some(({ status }) => status !== 'RUNNING');
  }

  /** Takes a snapshot of the running job; its record is kept when it fails. */
  async snapshot(application: ApplicationRecord, name: string, stopsJob: boolean): Promise<SnapshotRecord> {
    const version = currentVersion(application);
    const folder = `${snapshotsKey(application)}/${name}`;
    const snapshot: SnapshotRecord = {
      name,
      versionId: application.deployment?.versionId ?? version.id,
      runtime: version.configuration.runtime,
      createdAtMs: Date.now(),
      folder,
      stopsJob,
      status: 'CREATING',
    };
    application.snapshots.push(snapshot);
    this.#store.save(application);
    try {
      const cluster = this.cluster(application);
      snapshot.savepoint = await cluster.savepoint(this.#parts.objects.uri(folder), stopsJob);
      if (stopsJob) this.redeploy(application, snapshot.savepoint);
      snapshot.status = 'READY';
      return snapshot;
    } catch (error) {
      if (!this.#closing) snapshot.status = 'FAILED';
      throw new Error(`The snapshot failed: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    } finally {
      this.#store.save(application);
    }
  }

  /** From now on the job of the application begins with this savepoint, under an id without older checkpoints. */
  redeploy(application: ApplicationRecord, restoredFrom: string | undefined): void {
    const allowNonRestoredState = application.runConfiguration.FlinkRunConfiguration?.AllowNonRestoredState ?? false;
    application.deployment = {
      jobId: randomUUID().replaceAll('-', ''),
      versionId: currentVersion(application).id,
      allowNonRestoredState,
      ...(restoredFrom !== undefined && { restoredFrom }),
    };
  }

  /** Starts a job of the current version in place of the one before. A crash in between finds one or the other. */
  async deploy(application: ApplicationRecord, restoredFrom: string | undefined): Promise<void> {
    const before = this.#clusters.get(application.name);
    this.#clusters.delete(application.name);
    this.redeploy(application, restoredFrom);
    this.#store.save(application);
    // Already known here, so that what comes next stops it, whether it has begun or not.
    const cluster = this.cluster(application);
    await before?.stop();
    await this.#parts.objects.deleteBelow(checkpointsKey(application));
    await cluster.start();
  }

  /** Ends the job, and deletes its checkpoints: snapshots stand for themselves. */
  async undeploy(application: ApplicationRecord): Promise<void> {
    const cluster = this.#clusters.get(application.name);
    this.#clusters.delete(application.name);
    await cluster?.stop();
    delete application.deployment;
    this.#store.save(application);
    await this.#parts.objects.deleteBelow(checkpointsKey(application));
  }

  /** The cluster of an application's deployment; made with its first use. */
  cluster(application: ApplicationRecord): Cluster {
    const { name, deployment } = application;
    if (deployment === undefined) throw new Error(`${name} has no job`);
    const cluster = this.#clusters.get(name) ?? new Cluster(this.#parts, application, deployment);
    this.#clusters.set(name, cluster);
    return cluster;
  }

  /** Of all copies of its code an application needs those of its version and of the one to which it may be rolled back. */
  removeUnusedCode(application: ApplicationRecord): void {
    const folder = codeFolder(this.#parts.settings.MANAGED_FLINK_STATE_DIR, application.name);
    const current = currentVersion(application);
    const needed = [current, versionOf(application, current.updatedFrom)].map((version) => {
      const { code } = version?.configuration ?? {};
      return code && dirname(code.file);
    });
    for (const copy of existsSync(folder) ? readdirSync(folder) : []) {
      const path = join(folder, copy);
      if (!needed.includes(path)) rmSync(path, { recursive: true });
    }
  }

  /** Takes all that is left of an application away; its job has ended. */
  async remove(application: ApplicationRecord): Promise<void> {
    await this.#parts.objects.deleteBelow(snapshotsKey(application));
    const code = codeFolder(this.#parts.settings.MANAGED_FLINK_STATE_DIR, application.name);
    rmSync(code, { recursive: true, force: true });
  }

  /** Ends the processes, not the jobs: the next start of the service takes those up. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#clusters.values()].map((cluster) => cluster.stop()));
  }
}

/** Where copies of an application's code are kept. */
export const codeFolder = (stateDir: string, name: string): string => join(stateDir, 'code', name);
