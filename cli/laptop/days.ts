import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { planStages } from '../../activities/catalogue/plan.ts';
import {
  chunkRange,
  grainOf,
  type IntervalRange,
  intervalStart,
  type ProductRange,
  rangeName,
} from '../../model/intervals.ts';
import type { BuildInput, BuildOutcome } from '../../model/messages/builds.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import type { Catalogue } from '../../model/catalogue.ts';

/** Called after each workflow with how many of how many have ended. */
export type OnProgress = (name: string, done: number, total: number, outcomes: readonly BuildOutcome[]) => void;

/** While jobs run, two at the most, the next is planned and queued. */
const concurrency = 3;

/** So long after each other the first begin: their jobs are queued in their order, and few take rows from later ones. */
const apartMs = 1_000;

async function inParallel<Item>(items: readonly Item[], use: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (_: unknown, index: number): Promise<void> => {
    await delay(index * apartMs);
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await use(item);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}

interface Run {
  readonly type: string;
  readonly id: string;
  readonly input: object;
}

async function runAll(
  client: Client,
  name: string,
  runs: readonly Run[],
  onProgress: OnProgress,
): Promise<BuildOutcome[]> {
  const all: BuildOutcome[] = [];
  let done = 0;
  await inParallel(runs, async ({ type, id, input }) => {
    const outcomes = (await client.workflow.execute(type, {
      workflowId: id,
      taskQueue: orchestrationQueue,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: name,
    })) as BuildOutcome[] | BuildOutcome;
    const list = Array.isArray(outcomes) ? outcomes : [outcomes];
    all.push(...list);
    done += 1;
    onProgress(name, done, runs.length, list);
  });
  return all;
}

/** What the schedules start on one day: an hourly bronze run for each of its hours, then the daily batch. */
export async function runDay(
  client: Client,
  catalogue: Catalogue,
  date: string,
  onProgress: OnProgress,
): Promise<BuildOutcome[]> {
  const { firesAfterMinutes } = catalogue.get('bronze.events').cadence;
  const hourly = Array.from({ length: 24 }, (_, hour) => {
    const firedAt = intervalStart(date)
      .plus({ hours: hour + 1, minutes: firesAfterMinutes })
      .toFormat("yyyy-MM-dd'T'HH:mm:ss'Z'");
    return { type: 'hourlyBronze', id: `hourly-bronze-${firedAt}`, input: { firedAt } };
  });
  // Neighbours build an hour both, and would wait for each other. The last comes after its neighbour: both have built its
  // hours then, and what earlier hours took from them is counted.
  const apart = [0, 1].flatMap((remainder) => hourly.filter((_, hour) => hour % 2 === remainder));
  const bronze = await runAll(client, 'hourly bronze', apart, onProgress);
  const daily = [{ type: 'dailyBatch', id: `daily-batch-${date}`, input: { date } }];
  return [...bronze, ...(await runAll(client, 'daily batch', daily, onProgress))];
}

/** Many days at once, in runs as long as the contracts allow: the events, then all that is made from them. `hours` and `dates` are half-open. */
export async function runDays(
  client: Client,
  catalogue: Catalogue,
  hours: IntervalRange,
  dates: IntervalRange,
  onProgress: OnProgress,
): Promise<BuildOutcome[]> {
  const build = ({ product, start, end }: ProductRange): Run => {
    const input: BuildInput = { product, start, end, lane: 'backfill', readersBuiltBy: 'caller' };
    return { type: 'buildProduct', id: `build/${product}/${rangeName(grainOf(start), { start, end })}`, input };
  };
  const product = 'bronze.events';
  const events = chunkRange('hour', hours, catalogue.get(product).intervalsPerJob);
  const outcomes = await runAll(
    client,
    product,
    events.map((range) => build({ product, ...range })),
    onProgress,
  );
  const made = [...catalogue.products.values()].filter(({ grain }) => grain === 'date');
  for (const stage of planStages(made, dates)) {
    const names = [...new Set(stage.map((each) => each.product))];
    const name = names.length === 1 ? names.join() : `${names.length} products`;
    outcomes.push(...(await runAll(client, name, stage.map(build), onProgress)));
  }
  return outcomes;
}
