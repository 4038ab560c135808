import {
  AddApplicationCloudWatchLoggingOptionCommand,
  type ApplicationDetail,
  DescribeApplicationCommand,
  KinesisAnalyticsV2Client,
  UpdateApplicationCommand,
} from '@aws-sdk/client-kinesis-analytics-v2';
import { describe, expect, it } from 'vitest';
import { createFlinkActivities } from '../../activities/flink/activities.ts';
import { createdConfiguration, differences, runtime } from '../../activities/flink/configuration.ts';
import type { DesiredApplication } from '../../model/messages/streams.ts';

const desired: DesiredApplication = {
  ...{ application: 'trip-sessions', description: 'Trips', code: 's3://artifacts/1.jar', roleArn: 'role' },
  ...{ logStreamArn: 'log', parallelism: 1, checkpointIntervalMs: 60_000, properties: { output: 's3://lake' } },
};

/** The application as the service describes it. */
const described = (changes: Partial<ApplicationDetail> = {}): ApplicationDetail => {
  const { FlinkApplicationConfiguration: flink, ...made } = createdConfiguration(desired);
  return {
    ApplicationARN: 'arn',
    ApplicationName: desired.application,
    RuntimeEnvironment: runtime,
    ServiceExecutionRole: desired.roleArn,
    ApplicationStatus: 'RUNNING',
    ApplicationVersionId: 7,
    ApplicationConfigurationDescription: {
      ApplicationCodeConfigurationDescription: {
        CodeContentType: 'ZIPFILE',
        CodeContentDescription: {
          S3ApplicationCodeLocationDescription: made.ApplicationCodeConfiguration?.CodeContent?.S3ContentLocation,
        },
      },
      FlinkApplicationConfigurationDescription: {
        CheckpointConfigurationDescription: flink?.CheckpointConfiguration,
        MonitoringConfigurationDescription: flink?.MonitoringConfiguration,
        ParallelismConfigurationDescription: flink?.ParallelismConfiguration,
      },
      EnvironmentPropertyDescriptions: { PropertyGroupDescriptions: made.EnvironmentProperties?.PropertyGroups },
      ApplicationSnapshotConfigurationDescription: { SnapshotsEnabled: true },
      ApplicationSystemRollbackConfigurationDescription: { RollbackEnabled: true },
    },
    CloudWatchLoggingOptionDescriptions: [{ CloudWatchLoggingOptionId: '3.1', LogStreamARN: desired.logStreamArn }],
    ...changes,
  };
};

describe('an application', () => {
  it('is as desired when it is as it was made, and is not where it tells less or writes its log elsewhere', () => {
    expect(differences(desired, described())).toEqual([]);
    expect(differences({ ...desired, logStreamArn: 'other' }, described())).toEqual(['logs']);
    expect(differences(desired, described({ CloudWatchLoggingOptionDescriptions: [] }))).toEqual(['logs']);
    const quiet = described();
    const flink = quiet.ApplicationConfigurationDescription?.FlinkApplicationConfigurationDescription;
    flink!.MonitoringConfigurationDescription = { ...flink!.MonitoringConfigurationDescription, LogLevel: 'ERROR' };
    expect(differences(desired, quiet)).toEqual(['monitoring']);
  });

  it('is updated with the log that it has, and is given one first where it has none', async () => {
    const sent = async (options: ApplicationDetail['CloudWatchLoggingOptionDescriptions']) => {
      const commands: unknown[] = [];
      const send = async (command: unknown) => {
        if (command instanceof DescribeApplicationCommand)
          return { ApplicationDetail: described({ CloudWatchLoggingOptionDescriptions: options }) };
        commands.push(command);
        return {};
      };
      const client = Object.assign(new KinesisAnalyticsV2Client({ region: 'eu-west-1' }), { send });
      const { updateApplication } = createFlinkActivities(client, { pollIntervalMs: 1 });
      expect(await updateApplication({ desired, versionId: 7, isRunning: true })).toBe('begun');
      return commands;
    };
    const [update] = await sent([{ CloudWatchLoggingOptionId: '3.1', LogStreamARN: 'other' }]);
    expect((update as UpdateApplicationCommand).input).toMatchObject({
      CurrentApplicationVersionId: 7,
      ApplicationConfigurationUpdate: {
        FlinkApplicationConfigurationUpdate: { MonitoringConfigurationUpdate: { LogLevelUpdate: 'INFO' } },
      },
      CloudWatchLoggingOptionUpdates: [{ CloudWatchLoggingOptionId: '3.1', LogStreamARNUpdate: 'log' }],
    });
    const added = await sent([]);
    expect(added).toMatchObject([
      { input: { CurrentApplicationVersionId: 7, CloudWatchLoggingOption: { LogStreamARN: 'log' } } },
    ]);
    expect(added[0]).toBeInstanceOf(AddApplicationCloudWatchLoggingOptionCommand);
  });
});
