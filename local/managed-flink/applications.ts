import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import type * as flink from '@aws-sdk/client-kinesis-analytics-v2';
import type { Validated } from '../wire/index.ts';
import { conditionalToken } from './application-view.ts';
import { createdConfiguration, updatedConfiguration } from './configuration.ts';
import {
  concurrentModification,
  invalidArgument,
  invalidConfiguration,
  invalidRequest,
  inUse,
  limitExceeded,
  notFound,
  tooManyTags,
  unsupported,
} from './errors.ts';
import { codeFolder, type Jobs } from './jobs.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Objects } from './objects.ts';
import {
  type ApplicationRecord,
  type Code,
  type Configuration,
  currentVersion,
  newestSnapshot,
  type OperationRecord,
  type SnapshotRecord,
} from './records.ts';
import type { Store } from './store.ts';

// https://docs.aws.amazon.com/managed-flink/latest/java/limits.html
const MAX_APPLICATIONS = 50;
const MAX_SNAPSHOTS = 1_000;
const MAX_TAGS = 50;
const RUNTIME = 'FLINK-1_20';
/** A timestamp that came back in whole seconds is still the one that was given out. */
const TIMESTAMP_TOLERANCE_MS = 1_000;

type Status = ApplicationRecord['status'];

/** Applications, and what may be done with them in which status. */
export class Applications {
  readonly #store: Store;
  readonly #lifecycle: Lifecycle;
  readonly #objects: Objects;
  readonly #stateDir: string;
  readonly #jobs: Pick<Jobs, 'isDown'>;

  constructor(store: Store, lifecycle: Lifecycle, objects: Objects, stateDir: string, jobs: Pick<Jobs, 'isDown'>) {
    this.#jobs = jobs;
    this.#store = store;
    this.#lifecycle = lifecycle;
    this.#objects = objects;
    this.#stateDir = stateDir;
  }

  get(name: string): ApplicationRecord {
    const application = this.#store.applications.get(name);
    if (application === undefined) throw notFound(`Application ${name} could not be found`);
    return application;
  }

  /** By name. */
  all(): ApplicationRecord[] {
    return [...this.#store.applications.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  async create(input: Validated<flink.CreateApplicationRequest>): Promise<ApplicationRecord> {
    const name = input.ApplicationName;
    this.#assertFree(name);
    assertRuntime(input.RuntimeEnvironment);
    if (input.ApplicationMode === 'INTERACTIVE') throw unsupported('ApplicationMode INTERACTIVE');
    if (this.#store.applications.size >= MAX_APPLICATIONS)
      throw limitExceeded(`This account has ${MAX_APPLICATIONS} applications, which is the most it may have`);
    const tags = tagMap(input.Tags ?? []);
    const given = input.ApplicationConfiguration ?? {};
    const content = given.ApplicationCodeConfiguration?.CodeContent;
    const code = content && (await this.#fetchCode(name, given.ApplicationCodeConfiguration?.CodeContentType, content));
    const configuration = createdConfiguration(input.RuntimeEnvironment, input.ServiceExecutionRole, given, code);
    // Reading the code took its time.
    this.#assertFree(name);
    const now = Date.now();
    const logging = (input.CloudWatchLoggingOptions ?? []).map(({ LogStreamARN }, index) => ({
      id: `1.${index + 1}`,
      logStreamArn: LogStreamARN,
    }));
    const application: ApplicationRecord = {
      name,
      description: input.ApplicationDescription ?? '',
      createdAtMs: now,
      updatedAtMs: now,
      versions: [{ id: 1, createdAtMs: now, configuration: { ...configuration, logging } }],
      snapshots: [],
      operations: [],
      tags,
      status: 'READY',
      runConfiguration: {},
    };
    this.#store.add(application);
    return application;
  }

  start(input: Validated<flink.StartApplicationRequest>): OperationRecord {
    const application = this.get(input.ApplicationName);
    assertStatus(application, 'StartApplication', ['READY']);
    if (currentVersion(application).configuration.code === undefined)
      throw invalidConfiguration(`Application ${application.name} has no code: update it with CodeContent first`);
    const { RunConfiguration: run = {} } = input;
    if (run.SqlRunConfigurations !== undefined) throw unsupported('SqlRunConfigurations');
    const snapshot = restoredSnapshot(application, run.ApplicationRestoreConfiguration);
    application.runConfiguration = runConfiguration(run, 'RESTORE_FROM_LATEST_SNAPSHOT');
    return this.#lifecycle.start(application, snapshot);
  }

  async stop(input: Validated<flink.StopApplicationRequest>): Promise<OperationRecord> {
    const application = this.get(input.ApplicationName);
    if (input.Force === true) {
      assertStatus(application, 'StopApplication', [
        'STARTING',
        'UPDATING',
        'STOPPING',
        'AUTOSCALING',
        'RUNNING',
        'ROLLING_BACK',
      ]);
      return this.#lifecycle.forceStop(application);
    }
    const assertRunning = (): void => {
      assertStatus(application, 'StopApplication', ['RUNNING']);
    };
    assertRunning();
    await this.#assertNoDowntime(application);
    assertRunning();
    return this.#lifecycle.stop(application);
  }

  async update(
    input: Validated<flink.UpdateApplicationRequest>,
  ): Promise<{ application: ApplicationRecord; operation: OperationRecord }> {
    const application = this.get(input.ApplicationName);
    assertUpdatable(application, input);
    if (input.RuntimeEnvironmentUpdate !== undefined) assertRuntime(input.RuntimeEnvironmentUpdate);
    const update = input.ApplicationConfigurationUpdate ?? {};
    const code = await this.#updatedCode(application, update.ApplicationCodeConfigurationUpdate);
    if (application.status === 'RUNNING') await this.#assertNoDowntime(application);
    // Both took their time.
    assertUpdatable(application, input);
    const current = currentVersion(application).configuration;
    const configuration: Configuration = {
      ...updatedConfiguration(current, update, code),
      runtime: input.RuntimeEnvironmentUpdate ?? current.runtime,
      role: input.ServiceExecutionRoleUpdate ?? current.role,
      logging: updatedLogging(current, input.CloudWatchLoggingOptionUpdates ?? []),
    };
    const run = input.RunConfigurationUpdate;
    const restore = run?.ApplicationRestoreConfiguration;
    // What is asked for must be there before the job stops.
    restoredSnapshot(application, restore);
    application.runConfiguration = runConfiguration(run ?? {}, restore?.ApplicationRestoreType);
    return { application, operation: this.#configure(application, configuration) };
  }

  /** Is an update as any other; an application has one log. */
  async addLog(
    input: Validated<flink.AddApplicationCloudWatchLoggingOptionRequest>,
  ): Promise<{ application: ApplicationRecord; operation: OperationRecord }> {
    const application = this.get(input.ApplicationName);
    assertUpdatable(application, input);
    if (application.status === 'RUNNING') await this.#assertNoDowntime(application);
    // That took its time.
    assertUpdatable(application, input);
    const { id, configuration } = currentVersion(application);
    if (configuration.logging.length > 0)
      throw invalidArgument(`Application ${application.name} has a CloudWatch logging option already`);
    const logging = [{ id: `${id + 1}.1`, logStreamArn: input.CloudWatchLoggingOption.LogStreamARN }];
    return { application, operation: this.#configure(application, { ...configuration, logging }) };
  }

  #configure(application: ApplicationRecord, configuration: Configuration): OperationRecord {
    return application.status === 'READY'
      ? this.#lifecycle.configure(application, configuration)
      : this.#lifecycle.update(application, configuration);
  }

  rollback(input: Validated<flink.RollbackApplicationRequest>): {
    application: ApplicationRecord;
    operation: OperationRecord;
  } {
    const application = this.get(input.ApplicationName);
    assertVersion(application, input.CurrentApplicationVersionId, undefined);
    assertStatus(application, 'RollbackApplication', ['UPDATING', 'AUTOSCALING', 'RUNNING']);
    const { updatedFrom } = currentVersion(application);
    if (updatedFrom === undefined)
      throw invalidRequest(`Application ${application.name} has no previous running version to roll back to`);
    if (newestSnapshot(application) === undefined)
      throw invalidRequest(`Application ${application.name} has no snapshots, so it can't be rolled back`);
    return { application, operation: this.#lifecycle.rollBack(application, updatedFrom) };
  }

  delete(input: Validated<flink.DeleteApplicationRequest>): void {
    const application = this.get(input.ApplicationName);
    assertStatus(application, 'DeleteApplication', ['READY', 'RUNNING', 'ROLLED_BACK']);
    if (!isSame(application.createdAtMs, input.CreateTimestamp))
      throw invalidArgument(
        `Application ${application.name} was not created at ${input.CreateTimestamp.toISOString()}`,
      );
    this.#lifecycle.delete(application);
  }

  async createSnapshot(input: Validated<flink.CreateApplicationSnapshotRequest>): Promise<void> {
    const application = this.get(input.ApplicationName);
    const name = input.SnapshotName;
    assertStatus(application, 'CreateApplicationSnapshot', ['RUNNING']);
    await this.#assertNoDowntime(application);
    assertStatus(application, 'CreateApplicationSnapshot', ['RUNNING']);
    if (!currentVersion(application).configuration.snapshotsEnabled)
      throw invalidConfiguration(`Snapshots are disabled for application ${application.name}`);
    if (application.snapshots.some((snapshot) => snapshot.name === name))
      throw inUse(`Application ${application.name} has a snapshot ${name} already`);
    if (application.snapshots.length >= MAX_SNAPSHOTS)
      throw limitExceeded(`Application ${application.name} has ${MAX_SNAPSHOTS} snapshots: delete some first`);
    this.#lifecycle.takeSnapshot(application, name);
  }

  /**
   * Where a snapshot is to be taken of a job that is down, the service refuses at once:
   * https://docs.aws.amazon.com/managed-flink/latest/java/troubleshooting-symptoms.html
   */
  async #assertNoDowntime(application: ApplicationRecord): Promise<void> {
    const takesSnapshots = currentVersion(application).configuration.snapshotsEnabled;
    if (takesSnapshots && (await this.#jobs.isDown(application)))
      throw invalidConfiguration(
        `No snapshot of application ${application.name} can be taken now: it is experiencing downtime`,
      );
  }

  deleteSnapshot(input: Validated<flink.DeleteApplicationSnapshotRequest>): void {
    const application = this.get(input.ApplicationName);
    const snapshot = this.snapshot(application, input.SnapshotName);
    if (!isSame(snapshot.createdAtMs, input.SnapshotCreationTimestamp))
      throw invalidArgument(
        `Snapshot ${snapshot.name} was not created at ${input.SnapshotCreationTimestamp.toISOString()}`,
      );
    if (snapshot.status === 'CREATING' || snapshot.status === 'DELETING')
      throw inUse(`Snapshot ${snapshot.name} is ${snapshot.status}`);
    this.#lifecycle.deleteSnapshot(application, snapshot);
  }

  snapshot({ name, snapshots }: ApplicationRecord, wanted: string): SnapshotRecord {
    const snapshot = snapshots.find((each) => each.name === wanted);
    if (snapshot === undefined) throw notFound(`Application ${name} has no snapshot ${wanted}`);
    return snapshot;
  }

  addTags(application: ApplicationRecord, tags: readonly flink.Tag[]): void {
    application.tags = tagMap(
      Object.entries({ ...application.tags, ...tagMap(tags) }).map(([Key, Value]) => ({ Key, Value })),
    );
    this.#store.save(application);
  }

  removeTags(application: ApplicationRecord, keys: readonly string[]): void {
    application.tags = Object.fromEntries(Object.entries(application.tags).filter(([key]) => !keys.includes(key)));
    this.#store.save(application);
  }

  #assertFree(name: string): void {
    if (this.#store.applications.has(name)) throw inUse(`Application ${name} already exists`);
  }

  async #updatedCode(
    { name, versions }: ApplicationRecord,
    update: Validated<flink.ApplicationCodeConfigurationUpdate> | undefined,
  ): Promise<Code | undefined> {
    if (update === undefined) return undefined;
    const { TextContentUpdate, ZipFileContentUpdate, S3ContentLocationUpdate: s3 } = update.CodeContentUpdate ?? {};
    const current = versions.at(-1)?.configuration.code;
    const location = {
      BucketARN: s3?.BucketARNUpdate ?? current?.bucketArn ?? '',
      FileKey: s3?.FileKeyUpdate ?? current?.fileKey ?? '',
      ObjectVersion: s3?.ObjectVersionUpdate,
    };
    const content = {
      TextContent: TextContentUpdate,
      ZipFileContent: ZipFileContentUpdate,
      S3ContentLocation: location,
    };
    return this.#fetchCode(name, update.CodeContentTypeUpdate ?? 'ZIPFILE', content);
  }

  /** Keeps a copy of the code as it is now: a later version may lie at the same place. */
  async #fetchCode(
    name: string,
    type: flink.CodeContentType | undefined,
    content: Validated<flink.CodeContent>,
  ): Promise<Code> {
    const location = content.S3ContentLocation;
    if (type !== 'ZIPFILE') throw invalidArgument('The code of a Flink application must be of type ZIPFILE');
    if (location === undefined || content.TextContent !== undefined || content.ZipFileContent !== undefined)
      throw unsupported('CodeContent other than S3ContentLocation');
    const source = {
      bucketArn: location.BucketARN,
      fileKey: location.FileKey,
      ...(location.ObjectVersion !== undefined && { objectVersion: location.ObjectVersion }),
    };
    const file = join(codeFolder(this.#stateDir, name), randomUUID(), basename(location.FileKey));
    try {
      return { ...source, ...(await this.#objects.download(source, file)), file };
    } catch (error) {
      throw invalidArgument(
        `The code at ${location.FileKey} in ${location.BucketARN} could not be read: ${String(error)}`,
      );
    }
  }
}

const assertRuntime = (runtime: flink.RuntimeEnvironment): void => {
  if (runtime !== RUNTIME) throw unsupported(`RuntimeEnvironment ${runtime} (only ${RUNTIME})`);
};

const assertStatus = (application: ApplicationRecord, operation: string, allowed: readonly Status[]): void => {
  if (allowed.includes(application.status)) return;
  throw inUse(
    `${operation} is not possible while application ${application.name} is ${application.status}: it must be ${allowed.join(' or ')}`,
  );
};

const assertVersion = (application: ApplicationRecord, id: number | undefined, token: string | undefined): void => {
  if (id === undefined && token === undefined)
    throw invalidArgument('CurrentApplicationVersionId or ConditionalToken must be given');
  const { id: current } = currentVersion(application);
  if (id !== undefined && id !== current)
    throw concurrentModification(`Application ${application.name} is at version ${current}, not ${id}`);
  if (token !== undefined && token !== conditionalToken(application))
    throw concurrentModification(`Application ${application.name} has changed: its ConditionalToken is another`);
};

const assertUpdatable = (
  application: ApplicationRecord,
  seen: Pick<Validated<flink.UpdateApplicationRequest>, 'CurrentApplicationVersionId' | 'ConditionalToken'>,
): void => {
  assertVersion(application, seen.CurrentApplicationVersionId, seen.ConditionalToken);
  assertStatus(application, 'UpdateApplication', ['READY', 'RUNNING']);
};

/** The snapshot from which a start is asked for; none where there is none yet, or none is wanted. */
const restoredSnapshot = (
  application: ApplicationRecord,
  restore: Validated<flink.ApplicationRestoreConfiguration> | undefined,
): SnapshotRecord | undefined => {
  const type = restore?.ApplicationRestoreType ?? 'RESTORE_FROM_LATEST_SNAPSHOT';
  if (type !== 'RESTORE_FROM_CUSTOM_SNAPSHOT' && restore?.SnapshotName !== undefined)
    throw invalidArgument(`SnapshotName goes with RESTORE_FROM_CUSTOM_SNAPSHOT, not with ${type}`);
  if (type === 'SKIP_RESTORE_FROM_SNAPSHOT') return undefined;
  if (type === 'RESTORE_FROM_LATEST_SNAPSHOT') return newestSnapshot(application);
  if (restore?.SnapshotName === undefined) throw invalidArgument('RESTORE_FROM_CUSTOM_SNAPSHOT needs a SnapshotName');
  const snapshot = application.snapshots.find(({ name }) => name === restore.SnapshotName);
  if (snapshot === undefined) throw notFound(`Application ${application.name} has no snapshot ${restore.SnapshotName}`);
  if (snapshot.status !== 'READY') throw invalidArgument(`Snapshot ${snapshot.name} is ${snapshot.status}, not READY`);
  return snapshot;
};

/** What is not said is the default, whatever an earlier start has said. */
const runConfiguration = (
  run: Validated<flink.RunConfigurationUpdate>,
  type: flink.ApplicationRestoreType = 'RESTORE_FROM_LATEST_SNAPSHOT',
): ApplicationRecord['runConfiguration'] => ({
  ApplicationRestoreConfiguration: run.ApplicationRestoreConfiguration ?? { ApplicationRestoreType: type },
  FlinkRunConfiguration: { AllowNonRestoredState: run.FlinkRunConfiguration?.AllowNonRestoredState ?? false },
});

const updatedLogging = (
  { logging }: Configuration,
  updates: readonly Validated<flink.CloudWatchLoggingOptionUpdate>[],
): Configuration['logging'] => {
  const unknown = updates.find(({ CloudWatchLoggingOptionId }) =>
    logging.every(({ id }) => id !== CloudWatchLoggingOptionId),
  );
  if (unknown) throw invalidArgument(`There is no CloudWatch logging option ${unknown.CloudWatchLoggingOptionId}`);
  return logging.map((option) => {
    const update = updates.find(({ CloudWatchLoggingOptionId }) => CloudWatchLoggingOptionId === option.id);
    return { ...option, logStreamArn: update?.LogStreamARNUpdate ?? option.logStreamArn };
  });
};

const tagMap = (tags: readonly flink.Tag[]): Record<string, string> => {
  const map = Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
  if (Object.keys(map).length > MAX_TAGS) throw tooManyTags(`An application has at most ${MAX_TAGS} tags`);
  return map;
};

const isSame = (ms: number, given: Date): boolean => Math.abs(ms - given.getTime()) < TIMESTAMP_TOLERANCE_MS;
