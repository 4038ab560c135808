import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudWatchClient, PutMetricDataCommand, PutMetricDataInput } from '@aws-sdk/client-cloudwatch';
import { noopMetricMeter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Metrics } from '../../activities/cloudwatch/metrics.ts';
import type { ApplicationRecord, RunRecord } from '../../local/emr-serverless/records.ts';
import { Store } from '../../local/emr-serverless/store.ts';
import { StreamFigures } from '../../local/delivery/figures.ts';
import { WorkerFigures } from '../../local/emr-serverless/worker-figures.ts';
import { alarms } from '../../model/alarms.ts';
import { applicationNames } from '../../model/applications.ts';
import { dashboardCharts, dashboardName } from '../../model/dashboard.ts';
import { type MetricName, metrics } from '../../model/metrics.ts';
import { templateOf } from './stack.ts';

const minuteMs = 60_000;
const now = Date.UTC(2025, 0, 18, 12);
const ids = { scheduled: '00sched', backfill: '00backf' };

/** A CloudWatch that only listens. */
function listener() {
  const sent: PutMetricDataInput[] = [];
  const send = async ({ input }: PutMetricDataCommand): Promise<void> => {
    sent.push(input);
  };
  return { sent, client: { send, destroy: () => undefined } as unknown as CloudWatchClient };
}

const failOn = (error: unknown): never => {
  throw error;
};

const metricsIn = (sent: readonly PutMetricDataInput[]) =>
  sent.flatMap(({ Namespace, MetricData = [] }) =>
    MetricData.map(({ MetricName, Dimensions = [] }) => ({
      namespace: Namespace,
      metric: MetricName,
      dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
    })),
  );

describe('the dashboard', () => {
  let folder: string;
  let store: Store;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tideline-dashboard-'));
    store = new Store(folder);
    for (const lane of ['scheduled', 'backfill'] as const)
      store.saveApplication({
        id: ids[lane],
        settings: { name: applicationNames[lane] },
        state: 'STARTED',
      } as ApplicationRecord);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('asks only for what workers, EMR Serverless and the stream publish, by all of its dimensions', async () => {
    const { sent, client } = listener();
    const ours = new Metrics(client, noopMetricMeter, failOn);
    ours.put(Object.keys(metrics).map((name) => ({ name: name as MetricName, value: 1, product: 'gold.trips' })));
    await ours.close();
    const figures = new WorkerFigures(client, store, () => 1, failOn);
    await figures.publish(now);
    figures.close();
    const stream = new StreamFigures(client);
    const record = { sequenceNumber: '1', arrivedAtMs: now, data: Buffer.from('{}') };
    stream.read({ records: [record], millisBehindLatest: 0 });
    await stream.publish(now, { freshnessSeconds: 0 });
    const published = metricsIn(sent);
    const asked = dashboardCharts(ids).flatMap(({ series }) => series);
    expect(asked.length).toBeGreaterThan(10);
    // An alarm whose dimensions are not a metric's rings for ever, or never.
    const rung = alarms.flatMap(({ metric }) => (typeof metric === 'string' ? [] : [metric]));
    for (const { namespace, metric, dimensions } of [...asked, ...rung])
      expect(published).toContainEqual({ namespace, metric, dimensions });
  });

  it('shows the most workers of a minute, of jobs of seconds too, and of no application that is stopped', async () => {
    const { sent, client } = listener();
    const ran = (id: string, startedAtMs: number, endedAtMs?: number) => {
      store.saveRun({
        ...{ id, applicationId: ids.scheduled, sequence: 1, state: 'RUNNING' },
        attempts: [{ startedAtMs, ...(endedAtMs !== undefined && { endedAtMs }) }],
      } as unknown as RunRecord);
    };
    ran('before', now - 5 * minuteMs, now - 2 * minuteMs);
    ran('short', now - 50_000, now - 46_000);
    ran('next', now - 46_000, now - 40_000);
    ran('long', now - 3 * minuteMs);
    store.saveApplication({ ...store.applications.get(ids.backfill)!, state: 'STOPPED' });
    const figures = new WorkerFigures(client, store, ({ id }) => (id === 'long' ? 4 : 1), failOn);
    await figures.publish(now);
    figures.close();
    expect(sent.flatMap(({ MetricData = [] }) => MetricData.map(({ Value }) => Value))).toEqual([5]);
  });

  it('draws a line where an alarm about one of its metrics rings', () => {
    const drawn = dashboardCharts(ids).flatMap(({ thresholds }) => thresholds);
    expect(drawn).toEqual([
      { label: 'P1-DataQualityDegraded', value: 95, rings: 'below' },
      { label: 'P1-StreamingLatencyHigh', value: 15, rings: 'above' },
      { label: 'P1-StreamLagging', value: 5, rings: 'above' },
      { label: 'Batch SLA', value: 24 },
      { label: 'P2-BatchProcessingDelayed', value: 26, rings: 'above' },
    ]);
    for (const { label, value } of drawn.filter(({ rings }) => rings))
      expect(alarms.find(({ name }) => name === label)).toMatchObject({ threshold: value });
  });
});

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

interface Body {
  readonly start: string;
  readonly periodOverride: string;
  readonly widgets: readonly Widget[];
}

/** The body as CloudFormation joins it, what AWS names later by the name that it has in the stack. */
function bodyIn(dashboards: Record<string, { Properties?: unknown }>): Body {
  const [{ Properties } = {}] = Object.values(dashboards);
  const { DashboardName, DashboardBody } = Properties as {
    DashboardName: string;
    DashboardBody: { 'Fn::Join': [string, (string | Record<string, string | string[]>)[]] };
  };
  expect(DashboardName).toBe(dashboardName);
  const parts = DashboardBody['Fn::Join'][1].map((part) =>
    typeof part === 'string' ? part : Object.values(part).flat().join('.'),
  );
  return JSON.parse(parts.join('')) as Body;
}

describe('the dashboard in AWS', () => {
  const { widgets, ...settings } = bodyIn(templateOf().findResources('AWS::CloudWatch::Dashboard'));

  it('shows the last day, each row with its own period whatever span is chosen', () => {
    expect(settings).toEqual({ start: '-P1D', periodOverride: 'inherit' });
  });

  it('is one of CloudWatch’s grid: rows below each other, within its 24 columns', () => {
    let y = 0;
    for (const widget of widgets) {
      expect(widget).toMatchObject({ x: 0, y, width: 24 });
      y += widget.height;
    }
  });

  it('begins with the states of all alarms', () => {
    expect(widgets[0]).toMatchObject({
      type: 'alarm',
      properties: {
        alarms: alarms.map(({ name }) => `arn:AWS::Partition:cloudwatch:AWS::Region:AWS::AccountId:alarm:${name}`),
      },
    });
  });

  it('has the rows as they are declared, with both applications by their ids', () => {
    const charts = widgets.slice(1);
    const stackIds = { scheduled: 'Spark.ApplicationId', backfill: 'SparkBackfill.ApplicationId' };
    expect(charts).toHaveLength(dashboardCharts(stackIds).length);
    for (const [index, { title, periodSeconds, series, thresholds }] of dashboardCharts(stackIds).entries()) {
      const { type, properties } = charts[index]!;
      expect(type).toBe('metric');
      expect(properties).toMatchObject({
        ...{ title, period: periodSeconds, region: 'AWS::Region', view: 'timeSeries' },
        annotations: { horizontal: thresholds.map(({ label, value }) => ({ label, value })) },
      });
      expect(properties.metrics).toEqual(
        series.map(({ namespace, metric, dimensions, label, statistic, axis }) => [
          ...[namespace, metric, ...Object.entries(dimensions).flat()],
          { label, stat: statistic, yAxis: axis },
        ]),
      );
    }
    expect(charts[2]?.properties.yAxis).toMatchObject({ left: { min: 0, max: 100 } });
  });
});
