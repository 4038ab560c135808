import { expect, test } from 'vitest';
import {
  createdConfiguration,
  describeConfiguration,
  updatedConfiguration,
} from '../../local/managed-flink/configuration.ts';
import { counters, lags } from '../../local/managed-flink/figures.ts';
import {
  applicationProperties,
  clusterFiles,
  flinkConfiguration,
} from '../../local/managed-flink/flink-configuration.ts';
import { innermostCause } from '../../local/managed-flink/innermost-cause.ts';
import { pageOf } from '../../local/managed-flink/paging.ts';
import { readSettings } from '../../local/managed-flink/settings.ts';

const code = { bucketArn: 'arn:aws:s3:::artifacts', fileKey: 'job.jar', bytes: 7, file: '/code/job.jar' };
const created = (given: Parameters<typeof createdConfiguration>[2] = {}) =>
  createdConfiguration('FLINK-1_20', 'arn:aws:iam::000000000000:role/flink', given, code);
const settings = readSettings({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
const yaml = (configuration: ReturnType<typeof created>): string[] =>
  flinkConfiguration(configuration, settings, clusterFiles('/c'), { rpc: 1, blobs: 2, rest: 3 }, 's3://b/k').split(
    '\n',
  );

test('DEFAULT is the default, whatever else is said; CUSTOM is the default with what is said', () => {
  const CheckpointInterval = 5_000;
  const checkpointsOf = (ConfigurationType: 'DEFAULT' | 'CUSTOM') =>
    created({
      FlinkApplicationConfiguration: { CheckpointConfiguration: { ConfigurationType, CheckpointInterval } },
    }).checkpoints;
  expect(checkpointsOf('DEFAULT')).toEqual(created().checkpoints);
  expect(checkpointsOf('CUSTOM')).toEqual({
    ConfigurationType: 'CUSTOM',
    CheckpointingEnabled: true,
    CheckpointInterval,
    MinPauseBetweenCheckpoints: 5_000,
  });
});

test('an update changes what it says, and nothing else', () => {
  const before = created({
    FlinkApplicationConfiguration: { MonitoringConfiguration: { ConfigurationType: 'CUSTOM', LogLevel: 'WARN' } },
    EnvironmentProperties: { PropertyGroups: [{ PropertyGroupId: 'a', PropertyMap: { x: '1' } }] },
    ApplicationSystemRollbackConfiguration: { RollbackEnabled: true },
  });
  expect(updatedConfiguration(before, {}, undefined)).toEqual(before);
  const after = updatedConfiguration(
    before,
    {
      FlinkApplicationConfigurationUpdate: {
        ParallelismConfigurationUpdate: { ConfigurationTypeUpdate: 'CUSTOM', ParallelismUpdate: 4 },
      },
      EnvironmentPropertyUpdates: { PropertyGroups: [{ PropertyGroupId: 'b', PropertyMap: { y: '2' } }] },
      ApplicationSnapshotConfigurationUpdate: { SnapshotsEnabledUpdate: false },
    },
    { ...code, fileKey: 'new.jar' },
  );
  expect(after).toEqual({
    ...before,
    code: { ...code, fileKey: 'new.jar' },
    parallelism: { ...before.parallelism, ConfigurationType: 'CUSTOM', Parallelism: 4, CurrentParallelism: 4 },
    propertyGroups: [{ id: 'b', properties: { y: '2' } }],
    snapshotsEnabled: false,
  });
  expect(JSON.parse(applicationProperties(after))).toEqual([{ PropertyGroupId: 'b', PropertyMap: { y: '2' } }]);
});

test('what one machine does not have is refused by its name', () => {
  expect(() => created({ ZeppelinApplicationConfiguration: {} })).toThrow('ZeppelinApplicationConfiguration');
  expect(() => updatedConfiguration(created(), { VpcConfigurationUpdates: [] }, undefined)).toThrow(
    'VpcConfigurationUpdates',
  );
  const PropertyGroups = [1, 2].map((x) => ({ PropertyGroupId: 'a', PropertyMap: { x: String(x) } }));
  expect(() => created({ EnvironmentProperties: { PropertyGroups } })).toThrow('Property group a');
});

test('code of more than the model can tell of is described without its size', () => {
  const described = (bytes: number) =>
    describeConfiguration({ ...created(), code: { ...code, bytes } }).ApplicationCodeConfigurationDescription
      ?.CodeContentDescription?.CodeSize;
  expect(described(7)).toBe(7);
  expect(described(138_000_000)).toBeUndefined();
});

test('Flink listens on this machine alone, and checkpoints as the application says', () => {
  const lines = yaml(created());
  expect(lines.filter((line) => /(host|address): /.test(line)).every((line) => line.includes('127.0.0.1'))).toBe(true);
  expect(lines).toContain('execution.checkpointing.interval: 60000');
  expect(lines).toContain('execution.checkpointing.timeout: 3600000');
  const CheckpointConfiguration = { ConfigurationType: 'CUSTOM', CheckpointingEnabled: false } as const;
  const without = yaml(created({ FlinkApplicationConfiguration: { CheckpointConfiguration } }));
  expect(without.some((line) => line.startsWith('execution.checkpointing.interval'))).toBe(false);
});

test('the lag of a stream is that of its shard that is furthest behind', () => {
  const shard = (stream: string, id: number, max: number) => ({
    id: `Source__events.KinesisConsumer.stream.${stream}.shardId.shardId-00${id}.millisBehindLatest`,
    max,
  });
  const dimensions = (stream: string) => [
    { Name: 'Id', Value: stream },
    { Name: 'Flow', Value: 'Input' },
  ];
  expect(lags([shard('a-b', 1, 20), shard('a-b', 2, 30), shard('c', 1, -1), { id: 'numRecordsIn', max: 5 }])).toEqual([
    ['millisBehindLatest', 30, 'Milliseconds', dimensions('a_b')],
  ]);
});

test('what an application counts is told where it asks for it, of all operators together', () => {
  const metrics = [
    { id: 'decoded.kinesisanalytics.rejectedLines', sum: 2 },
    { id: 'trips.kinesisanalytics.Service.of-trips.lateEvents', sum: 0 },
    { id: 'other.KinesisAnalytics.rejectedLines', sum: 3 },
    { id: 'decoded.rejectedLines', sum: 7 },
  ];
  expect(counters(metrics)).toEqual([
    ['rejectedLines', 5, 'Count'],
    ['lateEvents', 0, 'Count'],
  ]);
});

test('of a log the innermost cause that stands last is told, or its end', () => {
  expect(innermostCause('x\nCaused by: A: a\n\tat y\nCaused by: B: b\n\tat z\n')).toBe('B: b');
  expect(innermostCause('1\n2\n3\n4\n5\n6\n')).toBe('2\n3\n4\n5\n6');
});

test('pages hold every item once, and a token of another list is refused', () => {
  const items = ['a', 'b', 'c'];
  const page = (token?: string) => pageOf(items, (item) => item, 2, token);
  expect(page()).toEqual({ items: ['a', 'b'], NextToken: 'b' });
  expect(page('b')).toEqual({ items: ['c'] });
  expect(() => page('z')).toThrow('NextToken z');
});
