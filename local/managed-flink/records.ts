import type {
  ApplicationStatus,
  CheckpointConfigurationDescription,
  MonitoringConfigurationDescription,
  OperationStatus,
  ParallelismConfigurationDescription,
  RunConfiguration,
  RuntimeEnvironment,
  SnapshotStatus,
} from '@aws-sdk/client-kinesis-analytics-v2';

// Times are epoch milliseconds, so that records are plain JSON.

/** The code of a version: where it came from, and the copy that is kept, so that an earlier version can run again. */
export interface Code {
  readonly bucketArn: string;
  readonly fileKey: string;
  readonly objectVersion?: string;
  readonly bytes: number;
  readonly file: string;
}

export interface PropertyGroup {
  readonly id: string;
  readonly properties: Readonly<Record<string, string>>;
}

export interface LoggingOption {
  readonly id: string;
  readonly logStreamArn: string;
}

/** A description in which nothing is left out. */
type Complete<Description> = { readonly [Member in keyof Description]-?: NonNullable<Description[Member]> };

/** All that a version says, with the service's defaults filled in. */
export interface Configuration {
  readonly runtime: RuntimeEnvironment;
  readonly role: string;
  readonly code?: Code;
  readonly checkpoints: Complete<CheckpointConfigurationDescription>;
  readonly monitoring: Complete<MonitoringConfigurationDescription>;
  readonly parallelism: Complete<ParallelismConfigurationDescription>;
  readonly propertyGroups: readonly PropertyGroup[];
  readonly snapshotsEnabled: boolean;
  readonly rollbackEnabled: boolean;
  readonly logging: readonly LoggingOption[];
}

export interface VersionRecord {
  readonly id: number;
  readonly createdAtMs: number;
  readonly configuration: Configuration;
  /** The version that was current before, to which a rollback goes. */
  readonly updatedFrom?: number;
  readonly rolledBackFrom?: number;
  readonly rolledBackTo?: number;
}

export interface SnapshotRecord {
  readonly name: string;
  readonly versionId: number;
  readonly runtime: RuntimeEnvironment;
  readonly createdAtMs: number;
  /** The folder of its savepoints in S3. */
  readonly folder: string;
  /** Whether the job ends with it. */
  readonly stopsJob: boolean;
  status: SnapshotStatus;
  /** The savepoint itself, once it is READY. */
  savepoint?: string | undefined;
}

export type OperationKind = 'StartApplication' | 'StopApplication' | 'UpdateApplication' | 'RollbackApplication';

export interface OperationRecord {
  readonly id: string;
  readonly kind: OperationKind;
  readonly startedAtMs: number;
  readonly fromVersion: number;
  readonly toVersion: number;
  status: OperationStatus;
  endedAtMs?: number;
  error?: string;
  rollbackOperationId?: string;
}

/** A job on a cluster: it keeps its id when it is started again after a crash, so that its checkpoints are found. */
export interface Deployment {
  readonly jobId: string;
  readonly versionId: number;
  readonly allowNonRestoredState: boolean;
  /** The savepoint it began with. */
  readonly restoredFrom?: string;
}

export interface ApplicationRecord {
  readonly name: string;
  readonly description: string;
  readonly createdAtMs: number;
  readonly versions: VersionRecord[];
  readonly snapshots: SnapshotRecord[];
  readonly operations: OperationRecord[];
  tags: Record<string, string>;
  status: ApplicationStatus;
  updatedAtMs: number;
  runConfiguration: Pick<RunConfiguration, 'ApplicationRestoreConfiguration' | 'FlinkRunConfiguration'>;
  /** There is one from a start to the end of its job. */
  deployment?: Deployment;
}

/** The version that the application has now. */
export const currentVersion = ({ name, versions }: ApplicationRecord): VersionRecord => {
  const newest = versions.at(-1);
  if (newest === undefined) throw new Error(`application ${name} has no version`);
  return newest;
};

export const versionOf = ({ versions }: ApplicationRecord, id: number | undefined): VersionRecord | undefined =>
  versions.find((version) => version.id === id);

/** Versions that a rollback has left. */
export const rolledBackVersions = ({ versions }: ApplicationRecord): ReadonlySet<number | undefined> =>
  new Set(versions.map(({ rolledBackFrom }) => rolledBackFrom));

export const newestSnapshot = ({ snapshots }: ApplicationRecord): SnapshotRecord | undefined =>
  snapshots.findLast(({ status }) => status === 'READY');
