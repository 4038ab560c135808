import type { CloudWatchClient, PutMetricDataCommand, PutMetricDataInput } from '@aws-sdk/client-cloudwatch';
import type { Context } from '@temporalio/activity';
import { type MetricMeter, noopMetricMeter } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchFigures } from '../../workflows/watch-figures.ts';
import { countByAlarm } from '../../model/messages/freshness.ts';
import { measuring } from '../../activities/cloudwatch/figures.ts';
import { Metrics } from '../../activities/cloudwatch/metrics.ts';
import { wholeTable } from '../../model/messages/builds.ts';
import type { Measurement } from '../../model/metrics.ts';
import { publishedBuild } from '../workflow/memory-ledger.ts';

describe('figures on their way to CloudWatch', () => {
  let sent: PutMetricDataInput[];
  let refusal: Error | null;
  let warnings: string[];
  let metrics: Metrics;
  beforeEach(() => {
    [sent, warnings, refusal] = [[], [], null];
    const send = async ({ input }: PutMetricDataCommand): Promise<void> => {
      if (refusal) throw refusal;
      sent.push(input);
    };
    metrics = new Metrics({ send } as unknown as CloudWatchClient, noopMetricMeter, (text) => warnings.push(text));
  });
  afterEach(() => metrics.close());
  const told = () =>
    sent.flatMap(({ Namespace, MetricData }) =>
      (MetricData ?? []).map(({ MetricName, Value, Unit, Dimensions }) =>
        [Namespace, MetricName, Value, Unit, Dimensions?.map(({ Value: of }) => of).join()].join(' '),
      ),
    );

  it('go to the namespace of their name, for themselves and with their product', async () => {
    metrics.put([
      { name: 'raw_events_count', value: 40, product: 'bronze.events' },
      { name: 'quality_score', value: 0.99, product: 'bronze.events' },
      { name: 'intervals_expected', value: 83 },
    ]);
    await metrics.flush();
    expect(told()).toEqual([
      'RideHailing/Pipeline raw_events_count 40 Count ',
      'RideHailing/Pipeline raw_events_count 40 Count bronze.events',
      'RideHailing/Pipeline intervals_expected 83 Count ',
      'RideHailing/DataQuality quality_score 0.99 None ',
      'RideHailing/DataQuality quality_score 0.99 None bronze.events',
    ]);
  });

  it('go to CloudWatch, and no build fails, where the Prometheus endpoint refuses them', async () => {
    const createGauge = () => {
      throw new Error('value must be non-negative');
    };
    const refusing = { createGauge, createCounter: () => ({ add: () => undefined }) } as unknown as MetricMeter;
    const send = async ({ input }: PutMetricDataCommand): Promise<void> => void sent.push(input);
    const others = new Metrics({ send } as unknown as CloudWatchClient, refusing, (text) => warnings.push(text));
    others.put([{ name: 'intervals_expected', value: -1 }]);
    await others.close();
    expect(told()).toEqual(['RideHailing/Pipeline intervals_expected -1 Count ']);
    expect(warnings).toEqual([
      'intervals_expected is not at the Prometheus endpoint: Error: value must be non-negative',
    ]);
  });

  it('are counted at the Prometheus endpoint, those that were sent and those that are lost', async () => {
    const counted: Record<string, number> = {};
    const createCounter = (name: string) => ({
      add: (count: number) => (counted[name] = (counted[name] ?? 0) + count),
    });
    const counting = { createCounter, createGauge: () => ({ set: () => undefined }) } as unknown as MetricMeter;
    const refused = Object.assign(new Error('out of range'), { name: 'InvalidParameterValueException' });
    const send = async ({ input }: PutMetricDataCommand): Promise<void> => {
      if (input.MetricData?.[0]?.MetricName === 'cost_usd') throw refused;
    };
    const others = new Metrics({ send } as unknown as CloudWatchClient, counting, () => undefined);
    others.put([{ name: 'rows_loaded', value: 5, product: 'gold.trips' }]);
    await others.flush();
    others.put([{ name: 'cost_usd', value: 5 }]);
    await others.close();
    expect(counted).toEqual({ tideline_figures_sent: 2, tideline_figures_lost: 1 });
  });

  it('go in calls that CloudWatch takes', async () => {
    metrics.put(Array.from({ length: 700 }, () => ({ name: 'cost_usd', value: 1, product: 'gold.trips' }) as const));
    await metrics.flush();
    expect(sent.map(({ MetricData }) => MetricData?.length)).toEqual([500, 500, 400]);
  });

  it('are kept where a call fails, with a warning, and go once when it works again', async () => {
    refusal = new Error('Rate exceeded');
    metrics.put([{ name: 'intervals_expected', value: 1 }]);
    await metrics.flush();
    metrics.put([{ name: 'intervals_expected', value: 2 }]);
    await metrics.flush();
    refusal = null;
    await Promise.all([metrics.flush(), metrics.flush()]);
    expect(sent.flatMap(({ MetricData }) => MetricData?.map(({ Value }) => Value))).toEqual([1, 2]);
    expect(warnings[0]).toMatch(/not taken 1 figures \(Error: Rate exceeded\): 1 are kept for the next try/);
  });

  it('are lost where CloudWatch will never take them, so that others are not held up', async () => {
    refusal = Object.assign(new Error('no such unit'), { name: 'InvalidParameterValueException' });
    metrics.put([{ name: 'intervals_expected', value: 1 }]);
    await metrics.flush();
    refusal = null;
    await metrics.flush();
    expect(sent).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/^CloudWatch refuses 1 figures, which are lost/)]);
  });

  it('are given up, the oldest first, where CloudWatch is away for long', async () => {
    refusal = new Error('Rate exceeded');
    metrics.put(Array.from({ length: 10_003 }, (_, value) => ({ name: 'intervals_expected', value }) as const));
    await metrics.flush();
    refusal = null;
    await metrics.flush();
    expect(sent[0]?.MetricData?.[0]?.Value).toBe(3);
    expect(warnings.at(-1)).toMatch(/3 of the oldest are lost, 10000 are kept/);
  });
});

describe('what activities tell', () => {
  const warnings: string[] = [];
  const figuresOf = async (activityType: string, input: unknown, taskQueue = 'data-plane-scheduled') => {
    const figures: Measurement[] = [];
    const context = { info: { activityType, taskQueue } } as unknown as Context;
    const sink = { put: (measurements: readonly Measurement[]) => void figures.push(...measurements) };
    const { inbound } = measuring(sink, (text) => warnings.push(text))(context);
    await inbound?.execute?.({ args: [input], headers: {} }, async () => undefined);
    return figures.map(({ name, value, product = '' }) => `${name} ${value} ${product}`.trim());
  };
  const hours = { start: '2025-01-18T03', end: '2025-01-18T07' };
  const rows = { rowsPublished: 180, rowsDuplicate: 10, changed: true };
  const intervals = [
    { interval: '2025-01-18T03', rowsIn: 200, rowsQuarantined: 10, ...rows },
    { interval: '2025-01-18T04', rowsIn: 0, rowsQuarantined: 0, ...rows, rowsPublished: 0 },
    { interval: '2025-01-18T05', rowsIn: 500, rowsQuarantined: 0, ...rows, changed: false },
    { interval: '2025-01-18T06', rowsIn: 10, rowsQuarantined: 1, ...rows, rowsPublished: 9 },
  ];
  const measured = { costUsd: 0.25, jobSeconds: 61, qualityScore: 0.98, intervals };

  it('of a build: time and cost, and of what is new its rows and their validity', async () => {
    const told = [
      'bronze_processing_time_seconds 61 bronze.events',
      'cost_usd 0.25 bronze.events',
      'quality_score 0.98 bronze.events',
      'raw_events_count 210 bronze.events',
      'bronze_events_count 189 bronze.events',
      'quarantined_rows 11 bronze.events',
    ];
    const build = publishedBuild('bronze.events', hours, measured);
    expect(await figuresOf('recordPublished', build)).toEqual([
      ...told,
      'bronze_validation_success_rate 95 bronze.events',
    ]);
    expect(await figuresOf('recordPublished', build, 'data-plane-backfill')).toEqual(told);
    const date = { start: '2025-01-18', end: '2025-01-19' };
    expect(await figuresOf('recordPublished', publishedBuild('silver.trips', date, { costUsd: null }))).toEqual(
      expect.arrayContaining(['silver_trips_count 1 silver.trips', 'silver_validation_success_rate 100 silver.trips']),
    );
  });

  it('of an end on the scheduled lane: what failed, and what is held back', async () => {
    const end = (product: string, state?: string) => ({
      ...{ product, intervals: [wholeTable, '2025-01-18'] },
      failure: state === undefined ? null : { state },
    });
    expect(await figuresOf('releaseIntervals', end('silver.trips'))).toEqual([]);
    expect(await figuresOf('releaseIntervals', end('silver.trips', 'failed'))).toEqual([
      'builds_failed 1 silver.trips',
    ]);
    expect(await figuresOf('releaseIntervals', end('silver.trips', 'failed'), 'data-plane-backfill')).toEqual([]);
    expect(await figuresOf('releaseIntervals', end('gold.trips', 'quarantined'))).toEqual([
      'intervals_held_back 1 gold.trips',
    ]);
    expect(await figuresOf('releaseIntervals', end('bronze.events', 'quarantined'))).toEqual([
      'bronze_validation_success_rate 0 bronze.events',
    ]);
  });

  it('of a load, nothing of what has none, and never at the cost of what is done', async () => {
    expect(await figuresOf('recordLoaded', { product: 'gold.trips', rows: 7 })).toEqual(['rows_loaded 7 gold.trips']);
    expect(await figuresOf('claimIntervals', {})).toEqual([]);
    expect(await figuresOf('recordPublished', null)).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/^The figures of recordPublished are not published: TypeError/)]);
  });
});

describe('what a watch tells', () => {
  const told = (...args: Parameters<typeof watchFigures>) =>
    Object.fromEntries(watchFigures(...args).map(({ name, value }) => [name, value]));

  it('counts what rings each alarm, also where there is more than a report holds', () => {
    const finding = { product: 'p', interval: null, kind: 'stale', problem: '' } as const;
    const findings = [
      ...Array.from({ length: 60 }, () => ({ ...finding, alarm: 'P1-ScheduleStopped' }) as const),
      finding,
    ];
    const due = {
      expected: 83,
      found: 61,
      findings: findings.slice(0, 50),
      byAlarm: countByAlarm(findings),
      batchLatencyHours: 2,
    };
    expect(told(due, 2)).toEqual({
      ...{ intervals_expected: 83, findings_not_fresh: 3, schedules_stopped: 60 },
      ...{ restatements_waiting: 0, claims_held: 0, batch_processing_latency_hours: 2 },
    });
  });

  it('tells nothing of what it could not look at, but that it could not', () => {
    expect(told(null, 1)).toEqual({ findings_not_fresh: 1 });
  });
});
