import { CloudWatchClient, type GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import {
  AddApplicationCloudWatchLoggingOptionCommand,
  type ApplicationDetail,
  DescribeApplicationCommand,
  InvalidApplicationConfigurationException,
  KinesisAnalyticsV2Client,
  UpdateApplicationCommand,
} from '@aws-sdk/client-kinesis-analytics-v2';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStreamHealthActivities } from '../../activities/cloudwatch/stream-health.ts';
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

describe('a change that the service refuses for a snapshot', () => {
  const refusing = (() => {
    const message = 'The snapshot cannot be taken or read';
    const send = async (command: unknown) => {
      if (command instanceof DescribeApplicationCommand) return { ApplicationDetail: described() };
      throw new InvalidApplicationConfigurationException({ message, $metadata: {} });
    };
    const client = Object.assign(new KinesisAnalyticsV2Client({ region: 'eu-west-1' }), { send });
    return createFlinkActivities(client, { pollIntervalMs: 1 });
  })();
  const { application } = desired;

  it('is told as such where it begins with one', async () => {
    const changes = [
      () => refusing.updateApplication({ desired, versionId: 7, isRunning: true }),
      () => refusing.stopApplication({ application }),
      () => refusing.takeSnapshot({ application, name: 'regular-1' }),
    ];
    for (const change of changes) expect(await new MockActivityEnvironment().run(change)).toBe('no snapshot');
  });

  it('has failed where it does not, or a start would be tried again for ever', async () => {
    const changes = [
      refusing.createApplication(desired),
      refusing.startApplication({ application, snapshot: 'regular-1' }),
      refusing.updateApplication({ desired, versionId: 7, isRunning: false }),
      refusing.rollBackApplication({ application, versionId: 7 }),
      refusing.stopApplication({ application, force: true }),
    ];
    for (const change of changes) await expect(change).rejects.toThrow('cannot be taken or read');
  });
});

describe('how an application does', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: new Date('2025-01-18T12:05:10Z') }));
  afterEach(() => vi.useRealTimers());
  /** What is told of the time since then, of figures by the minute in which they came. */
  const health = async (figures: Readonly<Record<string, Readonly<Record<string, number>>>>, beganThen: boolean) => {
    const send = async ({ input: { MetricName = '', StartTime } }: GetMetricStatisticsCommand) => ({
      Datapoints: Object.entries(figures[MetricName] ?? {})
        .map(([minute, Maximum]) => ({ Timestamp: new Date(`2025-01-18T${minute}:00Z`), Maximum }))
        .filter(({ Timestamp }) => StartTime !== undefined && Timestamp >= StartTime),
    });
    const client = Object.assign(new CloudWatchClient({ region: 'eu-west-1' }), { send });
    const { readStreamHealth } = createStreamHealthActivities(client);
    return readStreamHealth({ application: 'trip-sessions', since: Date.parse('2025-01-18T12:00:30Z'), beganThen });
  };
  const counts = { numberOfFailedCheckpoints: { '12:01': 3, '12:02': 4 }, fullRestarts: { '12:01': 1, '12:02': 1 } };

  it('counts all restarts of what runs, its failed checkpoints but for those while it started, and nothing of before', async () => {
    expect(await health(counts, true)).toMatchObject({ failedCheckpoints: 1, restarts: 1 });
    const before = { '12:00': 7, '12:01': 0, '12:02': 0 };
    const of = { numberOfFailedCheckpoints: before, fullRestarts: before, lastCheckpointDuration: before };
    expect(await health(of, true)).toMatchObject({ failedCheckpoints: 0, restarts: 0, checkpoints: 2 });
  });

  it('counts what is more than when it was first looked at, where it runs for longer', async () => {
    expect(await health(counts, false)).toMatchObject({ failedCheckpoints: 1, restarts: 0 });
  });

  it('counts anew where a job has begun anew', async () => {
    const fullRestarts = { '12:01': 3, '12:02': 2, '12:03': 4 };
    expect(await health({ fullRestarts }, false)).toMatchObject({ restarts: 4 });
    expect(await health({ fullRestarts }, true)).toMatchObject({ restarts: 7 });
  });
});
