import { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { noopMetricMeter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Metrics } from '../../activities/cloudwatch/metrics.ts';
import { ensureAlarms, ensureTopics, receiveAlerts } from '../../local/alerts.ts';
import { startCloudWatch } from '../../local/cloudwatch/service.ts';
import type { AwsServer } from '../../local/wire/index.ts';
import { alarms } from '../../model/alarms.ts';
import { metrics as names, type Measurement } from '../../model/metrics.ts';
import { access } from './access.ts';
import { LocalS3 } from './local-s3.ts';

const defects: unknown[] = [];
let emulator: LocalS3;
let service: AwsServer;
let cloudWatch: CloudWatchClient;
let sqs: SQSClient;
let queue: string;
let metrics: Metrics;
beforeAll(async () => {
  emulator = await LocalS3.start();
  const endpoint = emulator.url;
  const sns = new SNSClient({ ...access, endpoint });
  sqs = new SQSClient({ ...access, endpoint });
  service = await startCloudWatch({ sns, evaluateEveryMs: 100, onDefect: (error) => defects.push(error) });
  cloudWatch = new CloudWatchClient({ ...access, endpoint: service.url });
  const { queueUrl, arns } = await ensureTopics(sns, sqs);
  await ensureAlarms(cloudWatch, arns, 'http://127.0.0.1/workflows');
  queue = queueUrl;
  metrics = new Metrics(cloudWatch, noopMetricMeter, (text) => defects.push(text));
});
afterAll(async () => {
  await metrics.close();
  await service.close();
  await emulator.stop();
  expect(defects).toEqual([]);
});

const publish = async (...figures: Measurement[]): Promise<void> => {
  metrics.put(figures);
  await metrics.flush();
};
const statistics = async (Dimensions: { Name: string; Value: string }[]) => {
  const { Datapoints = [] } = await cloudWatch.send(
    new GetMetricStatisticsCommand({
      ...{ Namespace: names.rows_loaded.namespace, MetricName: 'rows_loaded', Dimensions },
      ...{ StartTime: new Date(Date.now() - 60_000), EndTime: new Date(Date.now() + 60_000), Period: 3600 },
      Statistics: ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'],
    }),
  );
  return Datapoints.map(({ Timestamp: _, ...values }) => values);
};

describe('the local CloudWatch', () => {
  it('keeps a metric by all of its dimensions, also when thousands of figures come at once', async () => {
    const figures = Array.from(
      { length: 2_000 },
      (_, value) => ({ name: 'rows_loaded', value, product: 'gold.trips' }) as const,
    );
    await publish(...figures, { name: 'rows_loaded', value: 7 });
    const ofProduct = { SampleCount: 2_000, Sum: 1_999_000, Average: 999.5, Minimum: 0, Maximum: 1_999 };
    expect(await statistics([{ Name: 'Product', Value: 'gold.trips' }])).toEqual([ofProduct]);
    expect(await statistics([])).toMatchObject([{ SampleCount: 2_001, Sum: 1_999_007 }]);
  });

  it('rings once, by the topic’s queue, with what a person has to know', async () => {
    const states = async () => {
      const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({}));
      return new Set(MetricAlarms.map(({ StateValue }) => StateValue));
    };
    await expect.poll(states).toEqual(new Set(['OK']));
    expect(await receiveAlerts(sqs, queue, 1)).toEqual([]);
    await publish({ name: 'builds_failed', value: 1, product: 'silver.trips' });
    await publish({ name: 'builds_failed', value: 1, product: 'gold.trips' });
    const [alarm] = alarms;
    expect(await receiveAlerts(sqs, queue, 5)).toMatchObject([
      {
        AlarmName: 'P0-BuildFailed',
        AlarmDescription: `${alarm?.meaning ?? ''}. Runs: http://127.0.0.1/workflows?query=BuildState%20%3D%20%22failed%22. What to do: docs/runbooks/P0-BuildFailed.md`,
        NewStateValue: 'ALARM',
        NewStateReason: expect.stringMatching(/^Sum of builds_failed in the last 1 × 300 s: \d/) as string,
      },
    ]);
    expect(await receiveAlerts(sqs, queue, 1)).toEqual([]);
  });
});
