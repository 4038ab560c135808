import type {
  ApplicationConfiguration,
  ApplicationConfigurationDescription,
  ApplicationConfigurationUpdate,
  EnvironmentProperties,
} from '@aws-sdk/client-kinesis-analytics-v2';
import type { Validated } from '../wire/index.ts';
import { invalidArgument, unsupported } from './errors.ts';
import type { Code, Configuration, PropertyGroup } from './records.ts';

type Checkpoints = Configuration['checkpoints'];
type Monitoring = Configuration['monitoring'];
type Parallelism = Configuration['parallelism'];

// The service's defaults, which DEFAULT stands for whatever else is said:
// https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_CheckpointConfiguration.html
const checkpoints: Checkpoints = {
  ConfigurationType: 'DEFAULT',
  CheckpointingEnabled: true,
  CheckpointInterval: 60_000,
  MinPauseBetweenCheckpoints: 5_000,
};
const monitoring: Monitoring = { ConfigurationType: 'DEFAULT', MetricsLevel: 'APPLICATION', LogLevel: 'INFO' };
const parallelism: Parallelism = {
  ConfigurationType: 'DEFAULT',
  Parallelism: 1,
  ParallelismPerKPU: 1,
  CurrentParallelism: 1,
  AutoScalingEnabled: false,
};

/** What has no meaning on one machine is refused, never left out without a word. */
const refused = [
  'SqlApplicationConfiguration',
  'ZeppelinApplicationConfiguration',
  'VpcConfigurations',
  'ApplicationEncryptionConfiguration',
].flatMap((name) => [name, `${name}Update`, name.replace(/s$/, 'Updates')]);

const assertSupported = (given: object): void => {
  const found = refused.find((name) => Reflect.get(given, name) !== undefined);
  if (found !== undefined) throw unsupported(found);
};

const propertyGroups = ({ PropertyGroups }: Validated<EnvironmentProperties>): PropertyGroup[] => {
  const ids = PropertyGroups.map(({ PropertyGroupId }) => PropertyGroupId);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw invalidArgument(`Property group ${twice} is there more than once`);
  return PropertyGroups.map(({ PropertyGroupId: id, PropertyMap: properties }) => ({ id, properties }));
};

/** Of one part: the defaults, or what is said of it over what it was. Members may carry an update's suffix. */
const customized = <Part extends { ConfigurationType: string | undefined }>(
  defaults: Part,
  current: Part,
  said: object | undefined,
): Part => {
  const given = Object.entries(said ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name.replace(/Update$/, ''), value] as const);
  const next: Part = { ...current, ...Object.fromEntries(given) };
  return next.ConfigurationType === 'CUSTOM' ? next : defaults;
};

const scaled = (current: Parallelism, said: object | undefined): Parallelism => {
  const next = customized(parallelism, current, said);
  return { ...next, CurrentParallelism: next.Parallelism };
};

/** The configuration of a new application. */
export const createdConfiguration = (
  runtime: Configuration['runtime'],
  role: string,
  given: Validated<ApplicationConfiguration>,
  code: Code | undefined,
): Configuration => {
  assertSupported(given);
  const flink = given.FlinkApplicationConfiguration;
  return {
    runtime,
    role,
    ...(code && { code }),
    checkpoints: customized(checkpoints, checkpoints, flink?.CheckpointConfiguration),
    monitoring: customized(monitoring, monitoring, flink?.MonitoringConfiguration),
    parallelism: scaled(parallelism, flink?.ParallelismConfiguration),
    propertyGroups: given.EnvironmentProperties ? propertyGroups(given.EnvironmentProperties) : [],
    snapshotsEnabled: given.ApplicationSnapshotConfiguration?.SnapshotsEnabled ?? true,
    rollbackEnabled: given.ApplicationSystemRollbackConfiguration?.RollbackEnabled ?? false,
    logging: [],
  };
};

/** A configuration with what an update says of it. Property groups are replaced as a whole, as the service does. */
export const updatedConfiguration = (
  current: Configuration,
  update: Validated<ApplicationConfigurationUpdate>,
  code: Code | undefined,
): Configuration => {
  assertSupported(update);
  const flink = update.FlinkApplicationConfigurationUpdate;
  const { ApplicationSnapshotConfigurationUpdate: snapshots, ApplicationSystemRollbackConfigurationUpdate: rollbacks } =
    update;
  return {
    ...current,
    ...(code && { code }),
    checkpoints: customized(checkpoints, current.checkpoints, flink?.CheckpointConfigurationUpdate),
    monitoring: customized(monitoring, current.monitoring, flink?.MonitoringConfigurationUpdate),
    parallelism: scaled(current.parallelism, flink?.ParallelismConfigurationUpdate),
    propertyGroups: update.EnvironmentPropertyUpdates
      ? propertyGroups(update.EnvironmentPropertyUpdates)
      : current.propertyGroups,
    snapshotsEnabled: snapshots?.SnapshotsEnabledUpdate ?? current.snapshotsEnabled,
    rollbackEnabled: rollbacks?.RollbackEnabledUpdate ?? current.rollbackEnabled,
  };
};

/** Larger code than this the service's own model can't tell of, though the service runs ten times as much. */
const MAX_CODE_SIZE = 50 * 1024 * 1024;

const describeCode = (code: Code): ApplicationConfigurationDescription => ({
  ApplicationCodeConfigurationDescription: {
    CodeContentType: 'ZIPFILE',
    CodeContentDescription: {
      ...(code.bytes <= MAX_CODE_SIZE && { CodeSize: code.bytes }),
      S3ApplicationCodeLocationDescription: {
        BucketARN: code.bucketArn,
        FileKey: code.fileKey,
        ObjectVersion: code.objectVersion,
      },
    },
  },
});

export const describeConfiguration = (configuration: Configuration): ApplicationConfigurationDescription => ({
  ...(configuration.code && describeCode(configuration.code)),
  FlinkApplicationConfigurationDescription: {
    CheckpointConfigurationDescription: configuration.checkpoints,
    MonitoringConfigurationDescription: configuration.monitoring,
    ParallelismConfigurationDescription: configuration.parallelism,
  },
  EnvironmentPropertyDescriptions: {
    PropertyGroupDescriptions: configuration.propertyGroups.map(({ id, properties }) => ({
      PropertyGroupId: id,
      PropertyMap: { ...properties },
    })),
  },
  ApplicationSnapshotConfigurationDescription: { SnapshotsEnabled: configuration.snapshotsEnabled },
  ApplicationSystemRollbackConfigurationDescription: { RollbackEnabled: configuration.rollbackEnabled },
});
