import { describe, expect, it } from 'vitest';
import {
  planBuild,
  planDailyBatch,
  planGold,
  planMaintenance,
  planRestatement,
  planRestore,
} from '../../activities/catalogue/plan.ts';
import { builtProducts } from '../../activities/planning/survey.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { shiftInterval } from '../../model/intervals.ts';
import { jobConfig } from './job-config.ts';

const catalogue = loadCatalogue();
const argument = (args: readonly string[], flag: string): string | undefined => args[args.indexOf(flag) + 1];

describe('a build plan', () => {
  const input = { product: 'silver.trips', start: '2025-01-18', end: '2025-01-20', generation: 1737331200000 };

  it('tells the job its product, its dates and where everything lies', () => {
    const plan = planBuild(catalogue, jobConfig, input);
    expect(plan.name).toBe('2025-01-18..2025-01-19');
    expect(plan.job.arguments[0]).toBe('build');
    expect(argument(plan.job.arguments, '--product')).toBe('silver.trips');
    expect(argument(plan.job.arguments, '--start')).toBe('2025-01-18');
    expect(argument(plan.job.arguments, '--end')).toBe('2025-01-20');
    expect(argument(plan.job.arguments, '--result')).toBe(plan.resultUri);
    expect(plan.job.submitParameters).toContain(`--py-files ${jobConfig.jobsUri}/tideline_jobs.zip`);
    expect(plan.job.arguments).not.toContain('--earliest-event');
  });

  it('names Delta Lake as the release has it, and the log store with which several drivers may commit', () => {
    const { submitParameters } = planBuild(catalogue, { ...jobConfig, submitParameters: '--conf a.b=c' }, input).job;
    const jars = '/usr/share/aws/delta/lib/delta-spark.jar,/usr/share/aws/delta/lib/delta-storage.jar';
    expect(submitParameters).toContain(`--jars ${jars},${jobConfig.jobsUri}/log-store.jar `);
    expect(submitParameters).toContain('tideline_jobs.zip,/usr/share/aws/delta/lib/delta-spark.jar ');
    expect(submitParameters).toContain('--conf spark.delta.logStore.s3.impl=tideline.ConditionalPutLogStore ');
    expect(submitParameters).toMatch(/ --conf a\.b=c$/);
  });

  it('tells the job what it is built without, for the commit', () => {
    const forced = { missing: ['bronze.events 2025-01-18T03'], by: 'ada', why: 'the source is down' };
    const plan = planBuild(catalogue, jobConfig, { ...input, forced });
    expect(JSON.parse(argument(plan.job.arguments, '--forced') ?? '')).toEqual(forced);
  });

  it('has the same id for the same generation and another for the next', () => {
    const id = (generation: number): string => planBuild(catalogue, jobConfig, { ...input, generation }).buildId;
    expect(id(1)).toBe(id(1));
    expect(id(1)).not.toBe(id(2));
  });

  it('loads the warehouse only where the contract names a table there, and then says which columns', () => {
    expect(planBuild(catalogue, jobConfig, input)).toMatchObject({ loadsWarehouse: false });
    expect(planBuild(catalogue, jobConfig, input)).not.toHaveProperty('columns');
    const columns = catalogue.get('gold.trips').columns.map(({ name }) => name);
    const trips = { ...input, product: 'gold.trips' };
    expect(planBuild(catalogue, jobConfig, trips)).toMatchObject({ loadsWarehouse: true, columns });
    expect(planRestore(catalogue, jobConfig, { ...trips, version: 1 })).toMatchObject({ columns });
  });

  it('gives a job the time that its contract says for its intervals, within that of the configuration', () => {
    const longest = { ...jobConfig, timeoutMinutes: 360 };
    const minutes = (start: string, end: string, config = longest, product = 'bronze.events'): number =>
      planBuild(catalogue, config, { product, start, end, generation: 1 }).job.timeoutMinutes;
    expect(minutes('2025-01-18T05', '2025-01-18T06')).toBe(45);
    expect(minutes('2025-01-18T04', '2025-01-18T06')).toBe(45);
    expect(minutes('2025-01-18T00', '2025-01-18T12')).toBe(120);
    expect(minutes('2025-01-18T00', '2025-01-19T00')).toBe(240);
    expect(minutes('2025-01-18T05', '2025-01-18T06', { ...longest, timeoutMinutes: 30 })).toBe(30);
    for (const { key, grain, intervalsPerJob } of builtProducts(catalogue)) {
      const start = grain === 'hour' ? '2025-01-01T00' : '2025-01-01';
      const [one, all] = [1, intervalsPerJob].map((count) =>
        minutes(start, shiftInterval(grain, start, count), longest, key),
      );
      expect(one, key).toBeLessThanOrEqual(90);
      // Where a driver hangs, another job is started before the patience with lost ones is over.
      expect(all, key).toBeLessThan(longest.timeoutMinutes);
    }
  });

  it('refuses more intervals than the contract allows in one job', () => {
    const long = { ...input, end: '2025-12-31' };
    expect(() => planBuild(catalogue, jobConfig, long)).toThrow(
      /silver\.trips 2025-01-18\.\.2025-12-30: 347 intervals.*intervalsPerJob/,
    );
  });
});

describe('a maintenance plan', () => {
  const plan = (product: string) => planMaintenance(catalogue, jobConfig, { product, generation: 1737331200000 });

  it('claims the table that it is for, or the one with whose builds it is written', () => {
    expect(plan('silver.trips').claims).toBe('silver.trips');
    expect(plan('bronze.events_quarantine').claims).toBe('bronze.events');
  });

  it('holds the table for an hour at the longest, or as long as any job may run', () => {
    const minutes = (timeoutMinutes: number) =>
      planMaintenance(catalogue, { ...jobConfig, timeoutMinutes }, { product: 'silver.trips', generation: 1 }).job
        .timeoutMinutes;
    expect([360, 30].map(minutes)).toEqual([60, 30]);
  });

  it('tells the job its product and where its result is read', () => {
    const { job, resultUri, buildId } = plan('silver.trips');
    expect(job.arguments[0]).toBe('maintain');
    expect(argument(job.arguments, '--product')).toBe('silver.trips');
    expect(argument(job.arguments, '--maintenance-id')).toBe(buildId);
    expect(argument(job.arguments, '--result')).toBe(resultUri);
  });
});

describe('a restore plan', () => {
  it('names the version, and claims like a maintenance', () => {
    const plan = planRestore(catalogue, jobConfig, {
      product: 'bronze.events_quarantine',
      version: 4,
      generation: 1737331200000,
    });
    expect(plan.claims).toBe('bronze.events');
    expect(plan.job.arguments[0]).toBe('restore');
    expect(argument(plan.job.arguments, '--version')).toBe('4');
    expect(argument(plan.job.arguments, '--restore-id')).toBe(plan.buildId);
  });
});

describe('a restatement', () => {
  const runs = (dates: readonly string[]) =>
    planRestatement(catalogue, 'bronze.events', dates).map(({ product, start, end }) => `${product} ${start} ${end}`);

  it('reaches what reads the dates, neighbours as one', () => {
    expect(runs(['2025-01-11', '2025-01-10'])).toEqual([
      'silver.trips 2025-01-08 2025-01-13',
      'gold.surge_windows 2025-01-08 2025-01-12',
      'gold.surge_effectiveness 2025-01-08 2025-01-12',
    ]);
  });

  it('leaves out what lies between a stray old date and the others', () => {
    expect(runs(['2025-01-10', '2024-02-03', '2025-01-20']).slice(0, 2)).toEqual([
      'silver.trips 2024-02-01 2024-02-05',
      'silver.trips 2025-01-08 2025-01-22',
    ]);
  });
});

describe('stages', () => {
  it('put silver before gold, for the five dates that an event of 48 hours can change', () => {
    const [first = [], ...readers] = planDailyBatch(catalogue, '2025-01-18');
    expect(first.filter(({ product }) => !product.includes('dim_'))).toEqual([
      { product: 'silver.trips', start: '2025-01-14', end: '2025-01-19', reads: [] },
      { product: 'gold.surge_windows', start: '2025-01-14', end: '2025-01-19', reads: [] },
    ]);
    expect(
      readers
        .flat()
        .map(({ product }) => product)
        .sort(),
    ).toEqual(expect.arrayContaining(['gold.daily_metrics', 'gold.fact_hourly_metrics', 'silver.driver_metrics']));
  });

  it('reach the neighbouring dates that a changed date changes, but never past the last', () => {
    const metrics = planDailyBatch(catalogue, '2025-01-18')
      .flat()
      .find(({ product }) => product === 'gold.fact_hourly_metrics');
    expect(metrics).toEqual({
      product: 'gold.fact_hourly_metrics',
      start: '2025-01-13',
      end: '2025-01-19',
      reads: [{ product: 'silver.trips', fromOffset: -1, toOffset: 2 }],
    });
  });

  it('cut long runs where the contract says so', () => {
    const runs = planGold(catalogue, { start: '2025-01-01', end: '2025-03-01' }).flat();
    expect(runs.filter(({ product }) => product === 'gold.trips').map(({ start, end }) => `${start} ${end}`)).toEqual([
      '2025-01-01 2025-02-01',
      '2025-02-01 2025-03-01',
    ]);
  });
});
