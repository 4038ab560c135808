import type { Client } from '@temporalio/client';
import { chunkRange, type IntervalRange, intervalStart, rangeName, shiftInterval } from '../../model/intervals.ts';
import type { BuildInput, BuildOutcome } from '../../model/messages/builds.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import type { Catalogue } from '../../model/catalogue.ts';

/** Called after each workflow with how many of how many have ended. */
export type OnProgress = (name: string, done: number, total: number, outcomes: readonly BuildOutcome[]) => void;

/** Two at a time: while one job runs, the next is planned and queued. */
const concurrency = 2;

async function inParallel<Item>(items: readonly Item[], use: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await use(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
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
export async function runDay(client: Client, date: string, onProgress: OnProgress): Promise<BuildOutcome[]> {
  const hourly = Array.from({ length: 24 }, (_, hour) => {
    const firedAt = intervalStart(date)
      .plus({ hours: hour + 1, minutes: 20 })
      .toFormat("yyyy-MM-dd'T'HH:mm:ss'Z'");
    return { type: 'hourlyBronze', id: `hourly-bronze-${firedAt}`, input: { firedAt } };
  });
  const bronze = await runAll(client, 'hourly bronze', hourly, onProgress);
  const daily = [{ type: 'dailyBatch', id: `daily-batch-${date}`, input: { date } }];
  return [...bronze, ...(await runAll(client, 'daily batch', daily, onProgress))];
}

/** Many days at once: bronze and silver in runs as long as their contracts allow, then gold. `hours` and `dates` are half-open. */
export async function runDays(
  client: Client,
  catalogue: Catalogue,
  hours: IntervalRange,
  dates: IntervalRange,
  onProgress: OnProgress,
): Promise<BuildOutcome[]> {
  const builds = (key: string, range: IntervalRange): Run[] => {
    const { grain, intervalsPerJob } = catalogue.get(key);
    return chunkRange(grain, range, intervalsPerJob).map((chunk) => {
      const input: BuildInput = { product: key, ...chunk, lane: 'backfill', readersBuiltBy: 'caller' };
      return { type: 'buildProduct', id: `build/${key}/${rangeName(grain, chunk)}`, input };
    });
  };
  const bronze = await runAll(client, 'bronze', builds('bronze.events', hours), onProgress);
  const silver = await runAll(client, 'silver', builds('silver.trips', dates), onProgress);
  const gold = [
    { type: 'rebuildGold', id: `rebuild-gold-${dates.start}..${shiftInterval('date', dates.end, -1)}`, input: dates },
  ];
  return [...bronze, ...silver, ...(await runAll(client, 'gold', gold, onProgress))];
}
