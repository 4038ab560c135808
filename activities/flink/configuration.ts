import { isDeepStrictEqual } from 'node:util';
import type {
  ApplicationConfiguration,
  ApplicationConfigurationUpdate,
  ApplicationDetail,
  RuntimeEnvironment,
} from '@aws-sdk/client-kinesis-analytics-v2';
import type { DesiredApplication } from '../../model/messages/streams.ts';
import { propertyGroup, subtasksPerKpu } from '../../model/stream-applications.ts';

/** What flink-jobs/ is compiled for. */
export const runtime: RuntimeEnvironment = 'FLINK-1_20';

/** Between two checkpoints the job does nothing else than read for so long, as the service has it by default. */
const minPauseBetweenCheckpoints = 5_000;

const locationOf = (code: string) => {
  const { hostname, pathname } = new URL(code);
  return { BucketARN: `arn:aws:s3:::${hostname}`, FileKey: pathname.slice(1) };
};

const checkpoints = ({ checkpointIntervalMs }: DesiredApplication) => ({
  ConfigurationType: 'CUSTOM' as const,
  CheckpointingEnabled: true,
  CheckpointInterval: checkpointIntervalMs,
  MinPauseBetweenCheckpoints: Math.min(minPauseBetweenCheckpoints, checkpointIntervalMs),
});

/** Its size is given, so that nothing costs more by itself. */
const scale = ({ parallelism }: DesiredApplication) => ({
  ConfigurationType: 'CUSTOM' as const,
  Parallelism: parallelism,
  ParallelismPerKPU: Math.min(subtasksPerKpu, parallelism),
  AutoScalingEnabled: false,
});

/** Every figure that is read is one of the whole application: finer ones cost more. INFO tells of restarts, and why. */
const monitoring = {
  ConfigurationType: 'CUSTOM',
  MetricsLevel: 'APPLICATION',
  LogLevel: 'INFO',
} as const;

const propertyGroups = ({ properties }: DesiredApplication) => ({
  PropertyGroups: [{ PropertyGroupId: propertyGroup, PropertyMap: { ...properties } }],
});

/** Of a new application. Snapshots and rollbacks by the service itself are always on. */
export const createdConfiguration = (desired: DesiredApplication): ApplicationConfiguration => ({
  ApplicationCodeConfiguration: {
    CodeContentType: 'ZIPFILE',
    CodeContent: { S3ContentLocation: locationOf(desired.code) },
  },
  FlinkApplicationConfiguration: {
    CheckpointConfiguration: checkpoints(desired),
    MonitoringConfiguration: monitoring,
    ParallelismConfiguration: scale(desired),
  },
  EnvironmentProperties: propertyGroups(desired),
  ApplicationSnapshotConfiguration: { SnapshotsEnabled: true },
  ApplicationSystemRollbackConfiguration: { RollbackEnabled: true },
});

const withSuffix = (given: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [`${name}Update`, value]));

/** Of one that is there, whatever it has. */
export const updatedConfiguration = (desired: DesiredApplication): ApplicationConfigurationUpdate => {
  const { BucketARN, FileKey } = locationOf(desired.code);
  return {
    ApplicationCodeConfigurationUpdate: {
      CodeContentUpdate: { S3ContentLocationUpdate: { BucketARNUpdate: BucketARN, FileKeyUpdate: FileKey } },
    },
    FlinkApplicationConfigurationUpdate: {
      CheckpointConfigurationUpdate: withSuffix(checkpoints(desired)),
      MonitoringConfigurationUpdate: withSuffix(monitoring),
      ParallelismConfigurationUpdate: withSuffix(scale(desired)),
    },
    EnvironmentPropertyUpdates: propertyGroups(desired),
    ApplicationSnapshotConfigurationUpdate: { SnapshotsEnabledUpdate: true },
    ApplicationSystemRollbackConfigurationUpdate: { RollbackEnabledUpdate: true },
  };
};

/** What of an application is not as desired, in words. */
export function differences(desired: DesiredApplication, detail: ApplicationDetail): string[] {
  const has = detail.ApplicationConfigurationDescription;
  const flink = has?.FlinkApplicationConfigurationDescription;
  const code = has?.ApplicationCodeConfigurationDescription?.CodeContentDescription;
  const groups = has?.EnvironmentPropertyDescriptions?.PropertyGroupDescriptions?.map(
    ({ PropertyGroupId, PropertyMap }) => ({ PropertyGroupId, PropertyMap }),
  );
  const holds = (wanted: object, given: object | undefined): boolean =>
    given !== undefined && Object.entries(wanted).every(([name, value]) => Reflect.get(given, name) === value);
  const isRight = {
    code: holds(locationOf(desired.code), code?.S3ApplicationCodeLocationDescription),
    runtime: detail.RuntimeEnvironment === runtime,
    role: detail.ServiceExecutionRole === desired.roleArn,
    checkpoints: holds(checkpoints(desired), flink?.CheckpointConfigurationDescription),
    monitoring: holds(monitoring, flink?.MonitoringConfigurationDescription),
    parallelism: holds(scale(desired), flink?.ParallelismConfigurationDescription),
    properties: isDeepStrictEqual(groups, propertyGroups(desired).PropertyGroups),
    snapshots: has?.ApplicationSnapshotConfigurationDescription?.SnapshotsEnabled === true,
    logs: detail.CloudWatchLoggingOptionDescriptions?.[0]?.LogStreamARN === desired.logStreamArn,
    rollbacks: has?.ApplicationSystemRollbackConfigurationDescription?.RollbackEnabled === true,
  };
  return Object.entries(isRight).flatMap(([name, right]) => (right ? [] : [name]));
}
