import { DateTime } from 'luxon';
import { batchOf, type Catalogue, settledStream, settledStreamOf, streamOf, writerOf } from '../../model/catalogue.ts';
import type { Product } from '../../model/product.ts';
import {
  chunkRange,
  intervalKey,
  intervalsIn,
  type IntervalRange,
  type ProductRange,
  rangeName,
  shiftInterval,
} from '../../model/intervals.ts';
import type { BuildInput } from '../../model/messages/builds.ts';
import type { StreamPlan } from '../../model/messages/realtime.ts';
import { dailyWindow, hourlyInputs, type Input, intervalsOfDate, readersIn, readersOf } from '../../model/graph.ts';
import type { SparkJob } from '../emr-serverless/activities.ts';
import { sparkSettings } from './spark-settings.ts';

/** Where jobs find their code and their data. */
export interface JobConfig {
  /** Folder of the packaged jobs, named by their content hash. */
  readonly jobsUri: string;
  readonly lakeUri: string;
  readonly rawBucketUri: string;
  readonly buildsUri: string;
  /** Settings of the cluster that differ between environments, such as the driver's memory. */
  readonly submitParameters: string;
  /** The longest that any job may run. */
  readonly timeoutMinutes: number;
  /** Overrides the contracts' earliest event date; for loading data of older years. */
  readonly earliestEvent: string | undefined;
}

/** A job that does one thing once, however often it has to be started for it. */
export interface JobPlan {
  readonly buildId: string;
  readonly job: SparkJob;
  readonly resultUri: string;
  /** Those of the rows that it exports for the warehouse, where it has the product too. */
  readonly columns?: readonly string[];
  /** Whether its rows take the place of a stream's. */
  readonly settles?: true;
}

export interface BuildPlan extends JobPlan {
  readonly name: string;
  /** Whether a build writes the whole table, so that no other may run beside it. */
  readonly replacesTable: boolean;
  /** Whether the warehouse has this product too. */
  readonly loadsWarehouse: boolean;
  /** Whether other products are made from this one: what reads the dates that a build changes is built again. */
  readonly hasReaders: boolean;
}

/** A job that needs a table for itself. */
export interface TablePlan extends JobPlan {
  /** Whose builds write the table: none of them may run meanwhile. */
  readonly claims: string;
}

const option = (flag: string, value: string): string[] => [`--${flag}`, value];

/** A job on one product's table; `interval` is what it is about, for people. */
function planJob(
  catalogue: Pick<Catalogue, 'streams'>,
  config: JobConfig,
  kind: 'build' | 'maintain' | 'restore',
  { key: product, columns, warehouse }: Product,
  buildId: string,
  interval: string,
  specific: readonly string[],
): JobPlan {
  const resultUri = `${config.buildsUri}/${buildId}/result.json`;
  const common = [...option('product', product), ...option('lake', config.lakeUri), ...option('result', resultUri)];
  return {
    buildId,
    resultUri,
    ...(warehouse && { columns: columns.map(({ name }) => name) }),
    ...(settledStream(catalogue, product) && { settles: true as const }),
    job: {
      name: `${product} ${interval}`,
      entryPoint: `${config.jobsUri}/main.py`,
      arguments: [kind, ...common, ...specific],
      submitParameters: `${sparkSettings(config.jobsUri)} ${config.submitParameters}`.trim(),
      timeoutMinutes: config.timeoutMinutes,
      tags: { product, interval },
      ...(kind === 'maintain' && { role: 'maintenance' as const }),
    },
  };
}

/** How long a build's job may run: one that hangs keeps its intervals from being built. */
function timeoutOf({ jobTimeoutMinutes }: Product, intervals: number, longest: number): number {
  if (!jobTimeoutMinutes) return longest;
  const { shortest, perInterval } = jobTimeoutMinutes;
  return Math.min(Math.max(shortest, perInterval * intervals), longest);
}

/** Everything one build needs, from its contract and the configuration. `generation` tells apart builds of the same run. */
export function planBuild(
  catalogue: Catalogue,
  config: JobConfig,
  input: BuildInput & { generation: number },
): BuildPlan {
  const product = catalogue.get(input.product);
  const name = rangeName(product.grain, input);
  const count = intervalsIn(product.grain, input).length;
  if (count > product.intervalsPerJob) {
    throw new RangeError(
      `${product.key} ${name}: ${count} intervals in one build; its contract allows ${product.intervalsPerJob} (intervalsPerJob).`,
    );
  }
  const limited = { ...config, timeoutMinutes: timeoutOf(product, count, config.timeoutMinutes) };
  const buildId = `${product.key}/${name}/${input.generation.toString(36)}`;
  return {
    ...planJob(catalogue, limited, 'build', product, buildId, name, [
      ...option('start', input.start),
      ...option('end', input.end),
      ...option('build-id', buildId),
      ...option('generation', String(input.generation)),
      ...(product.source ? option('raw', `${config.rawBucketUri}/${product.source.folder}`) : []),
      ...(input.rebuild ? ['--rebuild'] : []),
      ...(input.forced ? option('forced', JSON.stringify(input.forced)) : []),
      ...(config.earliestEvent ? option('earliest-event', config.earliestEvent) : []),
    ]),
    name,
    replacesTable: product.partitionColumn === undefined,
    loadsWarehouse: product.warehouse !== undefined,
    hasReaders: readersIn(catalogue, product.key).length > 0,
  };
}

/** What a merge into a stream's table, or a reconciliation or comparison of it, needs; `generation` tells apart those of its kind. */
export function planStream(
  catalogue: Catalogue,
  input: {
    readonly product: string | undefined;
    readonly kind: 'merge' | 'reconcile' | 'compare';
    readonly generation: number;
  },
): StreamPlan {
  const { key } = (input.kind === 'reconcile' ? settledStreamOf : streamOf)(catalogue, input.product);
  if (input.kind === 'compare') batchOf(catalogue, key);
  return { product: key, runId: `${key}/${input.kind}/${input.generation.toString(36)}` };
}

/** Builds of the table wait meanwhile; what a maintenance has not done in so long, the next night's does. */
const maintenanceMinutes = 60;

/** Everything a maintenance of one table needs; its job is told `--needed-version` when the table is claimed. */
export function planMaintenance(
  catalogue: Catalogue,
  config: JobConfig,
  input: { readonly product: string; readonly generation: number },
): TablePlan {
  const product = catalogue.get(input.product);
  const { key } = product;
  const id = `${key}/maintenance/${input.generation.toString(36)}`;
  const limited = { ...config, timeoutMinutes: Math.min(maintenanceMinutes, config.timeoutMinutes) };
  const job = planJob(catalogue, limited, 'maintain', product, id, 'maintenance', option('maintenance-id', id));
  return { ...job, claims: writerOf(product) };
}

/** Everything that it takes to put one table back to one of its versions. */
export function planRestore(
  catalogue: Catalogue,
  config: JobConfig,
  input: { readonly product: string; readonly version: number; readonly generation: number },
): TablePlan {
  const product = catalogue.get(input.product);
  const { key } = product;
  const id = `${key}/restore-${input.version}/${input.generation.toString(36)}`;
  const job = planJob(catalogue, config, 'restore', product, id, `restore to version ${input.version}`, [
    ...option('restore-id', id),
    ...option('generation', String(input.generation)),
    ...option('version', String(input.version)),
  ]);
  return { ...job, claims: writerOf(product) };
}

/** A build among others. */
export interface PlannedBuild extends BuildInput {
  /** What it reads of products that earlier stages build. Plans without it were made before builds waited for that alone. */
  readonly reads?: readonly Input[];
}

/** Builds that read nothing of each other. */
export type Stage = readonly PlannedBuild[];

/**
 * The builds that bring `products`, which come after their inputs, up to date after dates [start, end) changed, in stages
 * so that none reads another of its own. A product that reads its input's neighbouring dates is built for those
 * neighbours too, up to the last changed date. A run is cut where the contract's `intervalsPerJob` says so.
 */
export function planStages(products: readonly Product[], changed: IntervalRange): Stage[] {
  const planned = new Map<string, { start: string; stage: number }>();
  const stages: PlannedBuild[][] = [];
  for (const { key, inputs, intervalsPerJob } of products) {
    const reads = inputs.filter((input) => planned.has(input.product));
    const before = reads.flatMap((input) => {
      const source = planned.get(input.product);
      return source ? [{ ...source, start: shiftInterval('date', source.start, 1 - input.toOffset) }] : [];
    });
    const [start = changed.start] = [changed.start, ...before.map((each) => each.start)].sort();
    const stage = Math.max(0, ...before.map((each) => each.stage + 1));
    planned.set(key, { start, stage });
    const builds = chunkRange('date', { start, end: changed.end }, intervalsPerJob);
    stages[stage] = [...(stages[stage] ?? []), ...builds.map((chunk) => ({ product: key, ...chunk, reads }))];
  }
  return stages;
}

/** Silver and gold for every date that an event of the window can have changed, ending with `date`. */
export function planDailyBatch(catalogue: Catalogue, date: string): Stage[] {
  const products = [...catalogue.products.values()].filter(({ grain }) => grain === 'date');
  return planStages(products, dailyWindow(catalogue, date));
}

/** The hours that the daily batch of `date` is made from, as far as they had ended when it fired. */
export function planInputs(catalogue: Catalogue, date: string, firedAt: string): ProductRange[] {
  const window = dailyWindow(catalogue, date);
  const fired = DateTime.fromISO(firedAt, { zone: 'utc' });
  return [...new Set(hourlyInputs(catalogue).map(({ product }) => product))].flatMap((product) => {
    const { grain } = catalogue.get(product);
    const [end = ''] = [intervalsOfDate(catalogue, product, date).end, intervalKey(grain, fired)].sort();
    const { start } = intervalsOfDate(catalogue, product, window.start);
    return start < end ? [{ product, start, end }] : [];
  });
}

/** A survey of so many dates between two that changed costs less than another backfill. */
const longestGapDays = 31;

/**
 * Per product that reads `product`, the runs of intervals that read some of its `dates`: what late events may have made
 * stale. Dates that lie far apart are runs of their own. What else reads those products follows from what changes in them.
 */
export function planRestatement(catalogue: Catalogue, product: string, dates: readonly string[]): ProductRange[] {
  return readersIn(catalogue, product).flatMap(({ reader, input }) => {
    const runs: { product: string; start: string; end: string }[] = [];
    for (const date of [...dates].sort()) {
      const reading = readersOf(catalogue, input, intervalsOfDate(catalogue, product, date));
      const last = runs.at(-1);
      if (last && reading.start <= shiftInterval('date', last.end, longestGapDays)) last.end = reading.end;
      else runs.push({ product: reader.key, ...reading });
    }
    return runs;
  });
}

/** The gold layer over dates [start, end). */
export function planGold(catalogue: Catalogue, range: IntervalRange): Stage[] {
  return planStages(
    [...catalogue.products.values()].filter(({ layer }) => layer === 'gold'),
    range,
  );
}
