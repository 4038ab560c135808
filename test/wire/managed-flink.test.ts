import {
  AddApplicationCloudWatchLoggingOptionCommand,
  CreateApplicationCommand,
  CreateApplicationSnapshotCommand,
  type CreateApplicationCommandInput,
  DeleteApplicationCommand,
  DeleteApplicationSnapshotCommand,
  DescribeApplicationOperationCommand,
  DescribeApplicationVersionCommand,
  ListApplicationOperationsCommand,
  ListApplicationsCommand,
  ListApplicationSnapshotsCommand,
  ListApplicationVersionsCommand,
  ListTagsForResourceCommand,
  RollbackApplicationCommand,
  StartApplicationCommand,
  StopApplicationCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateApplicationCommand,
  type UpdateApplicationCommandInput,
} from '@aws-sdk/client-kinesis-analytics-v2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countingApplication, countingProperties } from './counting-application.ts';
import { LocalS3 } from './local-s3.ts';
import { buildJob, CountedFiles, exactlyOnce, highestFigure, ManagedFlink } from './managed-flink-service.ts';

const ApplicationName = 'counting';
const perSecond = '100';

let s3: LocalS3;
const flink = new ManagedFlink();
const files = new CountedFiles();

const job = (properties: Readonly<Record<string, string>> = {}) =>
  countingProperties({ output: files.folder, perSecond, ...properties });

const creation = (changes: Partial<CreateApplicationCommandInput> = {}): CreateApplicationCommand =>
  new CreateApplicationCommand({ ...countingApplication(job()), ApplicationName, ...changes });

/** Updates the application as it is now. */
const update = async (changes: Partial<UpdateApplicationCommandInput>): Promise<string> => {
  const { ApplicationVersionId: CurrentApplicationVersionId } = await flink.describe(ApplicationName);
  const command = new UpdateApplicationCommand({ ApplicationName, CurrentApplicationVersionId, ...changes });
  return (await flink.client.send(command)).OperationId!;
};

const operation = async (OperationId: string) => {
  const command = new DescribeApplicationOperationCommand({ ApplicationName, OperationId });
  return (await flink.client.send(command)).ApplicationOperationInfoDetails!;
};

const snapshots = async () =>
  (await flink.client.send(new ListApplicationSnapshotsCommand({ ApplicationName }))).SnapshotSummaries ?? [];

const start = (RunConfiguration = {}) =>
  flink.client.send(new StartApplicationCommand({ ApplicationName, RunConfiguration }));

const stop = (Force = false) => flink.client.send(new StopApplicationCommand({ ApplicationName, Force }));

const most = (MetricName: string, since?: number) => highestFigure(flink.figures, ApplicationName, MetricName, since);

beforeAll(async () => {
  s3 = await LocalS3.start();
  await s3.createBucket('artifacts');
  await s3.put('artifacts', 'job-1.jar', buildJob('one'));
  await s3.put('artifacts', 'job-2.jar', buildJob('two'));
  await flink.start(s3);
});

afterAll(async () => {
  await flink.stop();
  await s3.stop();
  files.remove();
});

test('an application is made with the defaults of the service, once, and only of what is supported', async () => {
  const { ApplicationDetail: detail } = await flink.client.send(creation({ Tags: [{ Key: 'team', Value: 'data' }] }));
  expect(detail).toMatchObject({
    ApplicationARN: 'arn:aws:kinesisanalytics:us-east-1:000000000000:application/counting',
    ApplicationStatus: 'READY',
    ApplicationVersionId: 1,
    ApplicationConfigurationDescription: {
      ApplicationSnapshotConfigurationDescription: { SnapshotsEnabled: true },
      ApplicationSystemRollbackConfigurationDescription: { RollbackEnabled: false },
      FlinkApplicationConfigurationDescription: {
        CheckpointConfigurationDescription: { ConfigurationType: 'CUSTOM', CheckpointInterval: 1_000 },
        ParallelismConfigurationDescription: { ConfigurationType: 'DEFAULT', Parallelism: 1 },
      },
    },
  });
  await expect(flink.client.send(creation())).rejects.toMatchObject({ name: 'ResourceInUseException' });
  const other = (changes: Partial<CreateApplicationCommandInput>) =>
    flink.client.send(creation({ ApplicationName: 'other', ...changes }));
  await expect(other({ RuntimeEnvironment: 'FLINK-2_2' })).rejects.toThrow(/only FLINK-1_20/);
  await expect(
    other({ ApplicationConfiguration: { VpcConfigurations: [{ SubnetIds: ['a'], SecurityGroupIds: ['b'] }] } }),
  ).rejects.toMatchObject({ name: 'UnsupportedOperationException' });
  const S3ContentLocation = { BucketARN: 'arn:aws:s3:::artifacts', FileKey: 'nothing.jar' };
  const ApplicationCodeConfiguration = { CodeContentType: 'ZIPFILE', CodeContent: { S3ContentLocation } } as const;
  await expect(other({ ApplicationConfiguration: { ApplicationCodeConfiguration } })).rejects.toThrow(/nothing\.jar/);
  const { ApplicationSummaries } = await flink.client.send(new ListApplicationsCommand({}));
  expect(ApplicationSummaries).toMatchObject([{ ApplicationName, ApplicationStatus: 'READY' }]);
});

test('tags are added, taken away, and listed', async () => {
  const { ApplicationARN: ResourceARN } = await flink.describe(ApplicationName);
  await flink.client.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: 'tier', Value: '1' }] }));
  await flink.client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['team'] }));
  const { Tags } = await flink.client.send(new ListTagsForResourceCommand({ ResourceARN }));
  expect(Tags).toEqual([{ Key: 'tier', Value: '1' }]);
});

test('what an application that is READY does not allow is refused', async () => {
  await expect(stop()).rejects.toMatchObject({ name: 'ResourceInUseException' });
  await expect(stop(true)).rejects.toMatchObject({ name: 'ResourceInUseException' });
  const snapshot = new CreateApplicationSnapshotCommand({ ApplicationName, SnapshotName: 'early' });
  await expect(flink.client.send(snapshot)).rejects.toMatchObject({ name: 'ResourceInUseException' });
  const rollback = new RollbackApplicationCommand({ ApplicationName, CurrentApplicationVersionId: 1 });
  await expect(flink.client.send(rollback)).rejects.toMatchObject({ name: 'ResourceInUseException' });
  const custom = { ApplicationRestoreType: 'RESTORE_FROM_CUSTOM_SNAPSHOT', SnapshotName: 'none' };
  await expect(start({ ApplicationRestoreConfiguration: custom })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  await expect(update({ CurrentApplicationVersionId: 7 })).rejects.toMatchObject({
    name: 'ConcurrentModificationException',
  });
  await expect(flink.describe('unknown')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('an application is given one log, which updates change', async () => {
  const logStream = (name: string) => `arn:aws:logs:us-east-1:000000000000:log-group:flink:log-stream:${name}`;
  const add = (CurrentApplicationVersionId?: number) => {
    const CloudWatchLoggingOption = { LogStreamARN: logStream('one') };
    return flink.client.send(
      new AddApplicationCloudWatchLoggingOptionCommand({
        ...{ ApplicationName, CurrentApplicationVersionId, CloudWatchLoggingOption },
      }),
    );
  };
  await expect(add(7)).rejects.toMatchObject({ name: 'ConcurrentModificationException' });
  const { OperationId, ...added } = await add(1);
  expect(added).toMatchObject({
    ApplicationVersionId: 2,
    CloudWatchLoggingOptionDescriptions: [{ CloudWatchLoggingOptionId: '2.1', LogStreamARN: logStream('one') }],
  });
  await flink.untilStatus(ApplicationName, 'READY');
  expect(await operation(OperationId!)).toMatchObject({
    ...{ Operation: 'UpdateApplication', OperationStatus: 'SUCCESSFUL' },
  });
  await expect(add(2)).rejects.toMatchObject({ name: 'InvalidArgumentException' });
  const LogStreamARNUpdate = logStream('two');
  await update({ CloudWatchLoggingOptionUpdates: [{ CloudWatchLoggingOptionId: '2.1', LogStreamARNUpdate }] });
  await flink.untilStatus(ApplicationName, 'READY');
  expect((await flink.describe(ApplicationName)).CloudWatchLoggingOptionDescriptions).toEqual([
    { CloudWatchLoggingOptionId: '2.1', LogStreamARN: logStream('two') },
  ]);
});

test('a job whose main method fails does not start: READY again, with its own words', async () => {
  await update({ ApplicationConfigurationUpdate: { EnvironmentPropertyUpdates: job({ broken: 'main' }) } });
  await flink.untilStatus(ApplicationName, 'READY');
  const { OperationId } = await start();
  expect(await flink.untilStatus(ApplicationName, 'READY')).toEqual(['STARTING', 'READY']);
  expect(await operation(OperationId!)).toMatchObject({
    OperationStatus: 'FAILED',
    OperationFailureDetails: { ErrorInfo: { ErrorString: expect.stringMatching(/broken before it started/) } },
  });
});

test('a job starts, runs, and tells CloudWatch how it does', async () => {
  await update({ ApplicationConfigurationUpdate: { EnvironmentPropertyUpdates: job() } });
  await flink.untilStatus(ApplicationName, 'READY');
  await start();
  expect(await flink.untilStatus(ApplicationName, 'RUNNING')).toEqual(['STARTING', 'RUNNING']);
  await expect(start()).rejects.toMatchObject({ name: 'ResourceInUseException' });
  await files.more(300);
  // A rate is told only after some seconds.
  await expect.poll(() => most('numRecordsInPerSecond'), { timeout: 60_000 }).toBeGreaterThan(0);
  expect(await most('uptime')).toBeGreaterThan(0);
  expect(await most('lastCheckpointDuration')).toBeGreaterThan(0);
  expect(await most('lastCheckpointSize')).toBeGreaterThan(0);
  expect(await most('heapMemoryUtilization')).toBeGreaterThan(0);
  expect(await most('fullRestarts')).toBe(0);
  expect(await most('downtime')).toBe(0);
  expect(await most('KPUs')).toBe(2);
});

test.each(['taskmanager', 'jobmanager'] as const)('a %s that is killed loses and doubles nothing', async (role) => {
  await files.more(100);
  const killed = flink.pid(ApplicationName, role);
  process.kill(killed, 'SIGKILL');
  const counted = await files.more(500);
  expect(flink.pid(ApplicationName, role)).not.toBe(killed);
  expect(counted.map(({ label, ...rest }) => rest)).toEqual(exactlyOnce(counted));
  expect((await flink.describe(ApplicationName)).ApplicationStatus).toBe('RUNNING');
});

test('a service that is killed takes its jobs up again, and leaves no process behind', async () => {
  const before = [...flink.pids().values()];
  await flink.restart('SIGKILL');
  expect((await flink.describe(ApplicationName)).ApplicationStatus).toBe('RUNNING');
  const counted = await files.more(500);
  expect(counted.map(({ label, ...rest }) => rest)).toEqual(exactlyOnce(counted));
  for (const pid of before) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
});

test('a snapshot is taken while the job goes on, under a name of its own', async () => {
  await flink.client.send(new CreateApplicationSnapshotCommand({ ApplicationName, SnapshotName: 'named' }));
  expect(await flink.untilSnapshot(ApplicationName, 'named')).toMatchObject({
    SnapshotStatus: 'READY',
    RuntimeEnvironment: 'FLINK-1_20',
  });
  const again = new CreateApplicationSnapshotCommand({ ApplicationName, SnapshotName: 'named' });
  await expect(flink.client.send(again)).rejects.toMatchObject({ name: 'ResourceInUseException' });
});

test('new code goes on with the state of the old, from a snapshot that the update takes', async () => {
  const { ConditionalToken } = await flink.describe(ApplicationName);
  const CodeContentUpdate = { S3ContentLocationUpdate: { FileKeyUpdate: 'job-2.jar' } };
  const { OperationId } = await flink.client.send(
    new UpdateApplicationCommand({
      ApplicationName,
      ConditionalToken,
      ApplicationConfigurationUpdate: {
        ApplicationCodeConfigurationUpdate: { CodeContentUpdate },
        ApplicationSystemRollbackConfigurationUpdate: { RollbackEnabledUpdate: true },
      },
    }),
  );
  expect(await flink.untilStatus(ApplicationName, 'RUNNING')).toEqual(['UPDATING', 'RUNNING']);
  expect((await operation(OperationId!)).OperationStatus).toBe('SUCCESSFUL');
  const counted = await files.more(200);
  expect(new Set(counted.map(({ label }) => label))).toEqual(new Set(['one', 'two']));
  expect(counted.map(({ label, ...rest }) => rest)).toEqual(exactlyOnce(counted));
  expect((await snapshots()).map(({ SnapshotName }) => SnapshotName)).toEqual([
    expect.stringMatching(/^update-/),
    'named',
  ]);
  const stale = new UpdateApplicationCommand({ ApplicationName, ConditionalToken });
  await expect(flink.client.send(stale)).rejects.toMatchObject({ name: 'ConcurrentModificationException' });
});

test('a service that is killed while it updates an application finishes the update', async () => {
  const more = { EnvironmentPropertyUpdates: job({ perSecond: '120' }) };
  const OperationId = await update({ ApplicationConfigurationUpdate: more });
  await flink.restart('SIGKILL');
  expect(await flink.untilStatus(ApplicationName, 'RUNNING')).toEqual(['UPDATING', 'RUNNING']);
  expect((await operation(OperationId)).OperationStatus).toBe('SUCCESSFUL');
  const counted = await files.more(200);
  expect(counted.map(({ label, ...rest }) => rest)).toEqual(exactlyOnce(counted));
});

test('an update that does not start is rolled back by itself, and nothing is lost', async () => {
  const { ApplicationVersionId: good } = await flink.describe(ApplicationName);
  const broken = { EnvironmentPropertyUpdates: job({ broken: 'main' }) };
  const OperationId = await update({ ApplicationConfigurationUpdate: broken });
  expect(await flink.untilStatus(ApplicationName, 'RUNNING')).toEqual(['UPDATING', 'ROLLING_BACK', 'RUNNING']);
  const failed = await operation(OperationId);
  expect(failed).toMatchObject({
    Operation: 'UpdateApplication',
    OperationStatus: 'FAILED',
    OperationFailureDetails: { ErrorInfo: { ErrorString: expect.stringMatching(/broken before it started/) } },
  });
  expect(await operation(failed.OperationFailureDetails!.RollbackOperationId!)).toMatchObject({
    Operation: 'RollbackApplication',
    OperationStatus: 'SUCCESSFUL',
  });
  expect(await flink.describe(ApplicationName)).toMatchObject({
    ApplicationVersionId: good! + 2,
    ApplicationVersionRolledBackFrom: good! + 1,
    ApplicationVersionRolledBackTo: good,
  });
  const { ApplicationVersionSummaries } = await flink.client.send(
    new ListApplicationVersionsCommand({ ApplicationName, Limit: 2 }),
  );
  expect(ApplicationVersionSummaries).toEqual([
    { ApplicationVersionId: good! + 2, ApplicationStatus: 'RUNNING' },
    { ApplicationVersionId: good! + 1, ApplicationStatus: 'ROLLED_BACK' },
  ]);
  const counted = await files.more(200);
  expect(counted.map(({ label, ...rest }) => rest)).toEqual(exactlyOnce(counted));
});

test('a job that keeps failing is RUNNING with restarts, until it is rolled back by hand', async () => {
  const failing = { EnvironmentPropertyUpdates: job({ broken: 'record' }) };
  await update({ ApplicationConfigurationUpdate: failing });
  await flink.untilStatus(ApplicationName, 'RUNNING');
  const since = Date.now();
  await expect.poll(() => most('fullRestarts', since), { timeout: 60_000 }).toBeGreaterThan(0);
  expect((await flink.describe(ApplicationName)).ApplicationStatus).toBe('RUNNING');
  const { ApplicationVersionId: CurrentApplicationVersionId } = await flink.describe(ApplicationName);
  await flink.client.send(new RollbackApplicationCommand({ ApplicationName, CurrentApplicationVersionId }));
  expect(await flink.untilStatus(ApplicationName, 'RUNNING')).toEqual(['ROLLING_BACK', 'RUNNING']);
  const counted = await files.more(200);
  expect(counted.map(({ label, ...rest }) => rest)).toEqual(exactlyOnce(counted));
  const { ApplicationVersionDetail } = await flink.client.send(
    new DescribeApplicationVersionCommand({ ApplicationName, ApplicationVersionId: CurrentApplicationVersionId }),
  );
  expect(ApplicationVersionDetail?.ApplicationStatus).toBe('ROLLED_BACK');
});

test('a job stops with a snapshot, and goes on from the latest', async () => {
  const { OperationId } = await stop();
  expect(await flink.untilStatus(ApplicationName, 'READY')).toEqual(['STOPPING', 'READY']);
  expect((await operation(OperationId!)).OperationStatus).toBe('SUCCESSFUL');
  const stopped = files.read();
  expect(flink.pids().size).toBe(0);
  await start();
  await flink.untilStatus(ApplicationName, 'RUNNING');
  const counted = await files.more(200);
  expect(counted.slice(0, stopped.length)).toEqual(stopped);
  expect(counted.map(({ label, ...rest }) => rest)).toEqual(exactlyOnce(counted));
});

test('a force stop cuts off whatever is under way, without a snapshot', async () => {
  const before = await snapshots();
  await stop(true);
  await flink.untilStatus(ApplicationName, 'READY');
  const { OperationId } = await start();
  await stop(true);
  await flink.untilStatus(ApplicationName, 'READY');
  expect((await operation(OperationId!)).OperationStatus).toBe('CANCELLED');
  expect(await snapshots()).toEqual(before);
  expect(flink.pids().size).toBe(0);
});

test('a job starts from the snapshot that is named: what it wrote since comes again', async () => {
  await start({
    ApplicationRestoreConfiguration: {
      ApplicationRestoreType: 'RESTORE_FROM_CUSTOM_SNAPSHOT',
      SnapshotName: 'named',
    },
  });
  await flink.untilStatus(ApplicationName, 'RUNNING');
  const counted = await files.more(100);
  expect(counted.filter(({ number, count }) => count !== Math.floor(number / 10) + 1)).toEqual([]);
  expect(counted.filter(({ number }) => number === 0)).toHaveLength(1);
  expect(counted.length - new Set(counted.map(({ number }) => number)).size).toBeGreaterThanOrEqual(100);
});

test('a job starts from nothing where no snapshot is wanted', async () => {
  await stop(true);
  await flink.untilStatus(ApplicationName, 'READY');
  await start({ ApplicationRestoreConfiguration: { ApplicationRestoreType: 'SKIP_RESTORE_FROM_SNAPSHOT' } });
  await flink.untilStatus(ApplicationName, 'RUNNING');
  const counted = await files.more(50);
  expect(counted.filter(({ number }) => number === 0)).toMatchObject([{ count: 1 }, { count: 1 }]);
});

test('state that the new code has no operator for is left out only where that is allowed', async () => {
  const renamed = { EnvironmentPropertyUpdates: job({ uid: 'count-anew' }) };
  await update({
    ApplicationConfigurationUpdate: {
      ...renamed,
      ApplicationSystemRollbackConfigurationUpdate: { RollbackEnabledUpdate: false },
    },
  });
  expect(await flink.untilStatus(ApplicationName, 'READY')).toEqual(['UPDATING', 'READY']);
  const { ApplicationOperationInfoList } = await flink.client.send(
    new ListApplicationOperationsCommand({ ApplicationName, Operation: 'UpdateApplication', Limit: 1 }),
  );
  expect(ApplicationOperationInfoList).toMatchObject([{ OperationStatus: 'FAILED' }]);
  await start({ FlinkRunConfiguration: { AllowNonRestoredState: true } });
  await flink.untilStatus(ApplicationName, 'RUNNING');
});

test('a snapshot is deleted by its name and time; an application with all that is its own, while it runs', async () => {
  const [newest] = await snapshots();
  const of = (SnapshotCreationTimestamp: Date) =>
    new DeleteApplicationSnapshotCommand({
      ApplicationName,
      SnapshotName: newest!.SnapshotName,
      SnapshotCreationTimestamp,
    });
  await expect(flink.client.send(of(new Date(0)))).rejects.toMatchObject({ name: 'InvalidArgumentException' });
  await flink.client.send(of(newest!.SnapshotCreationTimestamp!));
  const { CreateTimestamp } = await flink.describe(ApplicationName);
  await flink.client.send(new DeleteApplicationCommand({ ApplicationName, CreateTimestamp }));
  await expect(flink.untilStatus(ApplicationName, 'RUNNING')).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  expect(await s3.keys('managed-flink-state', '')).toEqual([]);
  expect(flink.pids().size).toBe(0);
});
