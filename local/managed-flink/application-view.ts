import { createHash } from 'node:crypto';
import type {
  ApplicationDetail,
  ApplicationOperationInfo,
  ApplicationOperationInfoDetails,
  ApplicationSummary,
  ApplicationVersionSummary,
  SnapshotDetails,
} from '@aws-sdk/client-kinesis-analytics-v2';
import { describeConfiguration } from './configuration.ts';
import {
  type ApplicationRecord,
  currentVersion,
  type OperationRecord,
  rolledBackVersions,
  type SnapshotRecord,
  type VersionRecord,
} from './records.ts';

/** Names of applications in this account and region. */
export type ArnOf = (name: string) => string;

/** Another one for every version. */
export const conditionalToken = (application: ApplicationRecord): string =>
  createHash('sha256')
    .update(`${application.name} ${application.createdAtMs} ${currentVersion(application).id}`)
    .digest('hex');

export const applicationDetail = (
  application: ApplicationRecord,
  arnOf: ArnOf,
  version: VersionRecord = currentVersion(application),
): ApplicationDetail => ({
  ApplicationARN: arnOf(application.name),
  ApplicationName: application.name,
  ApplicationDescription: application.description,
  ApplicationMode: 'STREAMING',
  RuntimeEnvironment: version.configuration.runtime,
  ServiceExecutionRole: version.configuration.role,
  ApplicationStatus: statusOf(application, version),
  ApplicationVersionId: version.id,
  CreateTimestamp: new Date(application.createdAtMs),
  LastUpdateTimestamp: new Date(application.updatedAtMs),
  ApplicationConfigurationDescription: {
    ...describeConfiguration(version.configuration),
    RunConfigurationDescription: {
      ApplicationRestoreConfigurationDescription: application.runConfiguration.ApplicationRestoreConfiguration,
      FlinkRunConfigurationDescription: application.runConfiguration.FlinkRunConfiguration,
    },
  },
  CloudWatchLoggingOptionDescriptions: version.configuration.logging.map(({ id, logStreamArn }) => ({
    CloudWatchLoggingOptionId: id,
    LogStreamARN: logStreamArn,
  })),
  ApplicationVersionUpdatedFrom: version.updatedFrom,
  ApplicationVersionRolledBackFrom: version.rolledBackFrom,
  ApplicationVersionRolledBackTo: version.rolledBackTo,
  ApplicationVersionCreateTimestamp: new Date(version.createdAtMs),
  ConditionalToken: conditionalToken(application),
});

export const applicationSummary = (application: ApplicationRecord, arnOf: ArnOf): ApplicationSummary => {
  const { id, configuration } = currentVersion(application);
  return {
    ApplicationName: application.name,
    ApplicationARN: arnOf(application.name),
    ApplicationStatus: application.status,
    ApplicationVersionId: id,
    RuntimeEnvironment: configuration.runtime,
    ApplicationMode: 'STREAMING',
  };
};

/** The status of the application is that of its current version; of those before, a rollback is remembered. */
const statusOf = (application: ApplicationRecord, version: VersionRecord): ApplicationRecord['status'] => {
  if (version === currentVersion(application)) return application.status;
  return rolledBackVersions(application).has(version.id) ? 'ROLLED_BACK' : 'READY';
};

export const versionSummary = (application: ApplicationRecord, version: VersionRecord): ApplicationVersionSummary => ({
  ApplicationVersionId: version.id,
  ApplicationStatus: statusOf(application, version),
});

export const snapshotDetails = (snapshot: SnapshotRecord): SnapshotDetails => ({
  SnapshotName: snapshot.name,
  SnapshotStatus: snapshot.status,
  ApplicationVersionId: snapshot.versionId,
  SnapshotCreationTimestamp: new Date(snapshot.createdAtMs),
  RuntimeEnvironment: snapshot.runtime,
});

export const operationSummary = (operation: OperationRecord): ApplicationOperationInfo => ({
  Operation: operation.kind,
  OperationId: operation.id,
  StartTime: new Date(operation.startedAtMs),
  ...(operation.endedAtMs !== undefined && { EndTime: new Date(operation.endedAtMs) }),
  OperationStatus: operation.status,
});

export const operationDetails = (operation: OperationRecord): ApplicationOperationInfoDetails => ({
  Operation: operation.kind,
  StartTime: new Date(operation.startedAtMs),
  // The model asks for an end of what has none yet.
  EndTime: new Date(operation.endedAtMs ?? Date.now()),
  OperationStatus: operation.status,
  ApplicationVersionChangeDetails: {
    ApplicationVersionUpdatedFrom: operation.fromVersion,
    ApplicationVersionUpdatedTo: operation.toVersion,
  },
  ...(operation.error !== undefined && {
    OperationFailureDetails: {
      ErrorInfo: { ErrorString: operation.error },
      ...(operation.rollbackOperationId !== undefined && { RollbackOperationId: operation.rollbackOperationId }),
    },
  }),
});
