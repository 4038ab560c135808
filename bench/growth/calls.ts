import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { planBackfill } from '../../activities/planning/backfill.ts';
import { explainInterval } from '../../activities/planning/explain.ts';
import { checkFreshness } from '../../activities/planning/freshness.ts';
import { Ledger } from '../../activities/ledger/ledger.ts';
import { oldestNeededVersion } from '../../activities/planning/needed-versions.ts';
import { recordedVersionKey } from '../../activities/ledger/records.ts';
import { RestorePoints } from '../../activities/ledger/restore-points.ts';
import { changesLeft } from '../../activities/planning/stale-readers.ts';
import { newestVersion } from '../../activities/lake/delta-log.ts';
import { recordCommits } from '../../activities/table-history/recorded-commits.ts';
import { rebuildLedger } from '../../activities/table-history/rebuilt-ledger.ts';
import { createTableHistoryActivities } from '../../activities/table-history/activities.ts';
import { createUnreadRawActivities } from '../../activities/planning/unread-raw.ts';
import { surveyDates } from '../../activities/planning/overview.ts';
import { statusGrid } from '../../cli/status-grid.ts';
import { ensureLedger } from '../../local/provision.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { shiftInterval } from '../../model/intervals.ts';
import { wholeTable } from '../../model/messages/builds.ts';
import type { Figure } from './figures.ts';
import { writeLedger } from './ledger-past.ts';
import { quietOrchestrator } from '../../test/quiet-orchestrator.ts';

const bronze = 'bronze.events';

/** One call, and how often it is measured; `prepare` is not. */
interface Call {
  readonly run: () => Promise<unknown>;
  readonly repeats: number;
  readonly prepare?: () => Promise<unknown>;
  readonly intervals?: number;
}

/** The calls that are measured, on a lake whose tables hold so many days until, and with, `date`. */
async function callsOf(
  days: number,
  date: string,
  s3: S3Client,
  dynamo: DynamoDBClient,
): Promise<Record<string, Call>> {
  const name = `growth-${days}`;
  await ensureLedger(dynamo, name);
  const documents = DynamoDBDocumentClient.from(dynamo);
  const ledger = new Ledger(documents, name);
  const catalogue = loadCatalogue();
  const end = shiftInterval('date', date, 1);
  const begin = shiftInterval('date', end, -days);
  const scheduleOf = async () => ({ createdAt: new Date(begin), paused: false });
  const orchestrator = { ...quietOrchestrator, scheduleOf };
  const plan = (start: string) =>
    planBackfill(
      catalogue,
      ledger,
      { product: bronze, start, end: `${end}T00`, startedAtMs: Date.now(), stage: null },
      'source',
    );
  const rebuilt = async (): Promise<void> => {
    await ensureLedger(dynamo, `${name}-rebuilt`);
    const rebuilding = new Ledger(documents, `${name}-rebuilt`);
    await rebuildLedger({ ledger: rebuilding, client: s3, bucket: name, catalogue, warehouse: null }, () => undefined);
  };
  const history = createTableHistoryActivities(ledger, s3, name, catalogue, {
    restate: async () => undefined,
    isRunning: async () => false,
  });
  const unread = createUnreadRawActivities(ledger, s3, 's3://growth-raw', catalogue, orchestrator);
  const newest = (await newestVersion(s3, name, bronze)) ?? 0;
  await writeLedger(documents, name, catalogue, { start: begin, end }, newest);
  const forget = () =>
    documents.send(
      new UpdateCommand({
        TableName: name,
        Key: { product: bronze, interval: recordedVersionKey },
        UpdateExpression: 'SET recordedVersion = :version',
        ExpressionAttributeValues: { ':version': newest - 1 },
      }),
    );
  const claimant = { product: bronze, intervals: [wholeTable], workflowId: 'bench', buildId: 'bench' };
  const check = { at: `${end}T12:00:00.000Z` };
  const many = { repeats: 15 };
  const window = { start: shiftInterval('date', date, -4), end };
  const built = ['silver.trips', 'gold.trips', 'gold.fact_hourly_metrics'].map((product) => ({ product, ...window }));
  return {
    'lake status': {
      run: async () => {
        const { dates, intervals } = await surveyDates(ledger, catalogue, {});
        return statusGrid(dates, intervals);
      },
      ...many,
    },
    explainInterval: { run: () => explainInterval(ledger, catalogue, orchestrator, 'silver.trips', date), ...many },
    'planBackfill, a day': { run: () => plan(`${date}T00`), ...many },
    'planBackfill, all': { run: () => plan(`${begin}T00`), repeats: 3, intervals: 27 * days },
    checkFreshness: { run: () => checkFreshness(ledger, catalogue, orchestrator, check), ...many },
    findUnreadRaw: { run: () => unread.findUnreadRaw(check), ...many },
    'recordCommits, one new': { run: () => recordCommits(ledger, s3, name, bronze), prepare: forget, ...many },
    restateReaders: { run: () => changesLeft(catalogue, ledger, built, built), ...many },
    oldestNeededVersion: {
      run: () => oldestNeededVersion(catalogue, ledger, new RestorePoints(documents, name), bronze),
      ...many,
    },
    'a claim of the whole table': {
      run: () => ledger.claim(claimant),
      prepare: () => ledger.release(claimant),
      ...many,
    },
    'newest version of a table': { run: () => newestVersion(s3, name, bronze), ...many },
    'rebuild-ledger': { run: rebuilt, repeats: 1, intervals: 27 * days },
    recordRestored: { run: () => history.recordRestored({ product: bronze, version: newest }), repeats: 3 },
  };
}

/** CPU-seconds of this process for each call, and its requests. */
export async function measureCalls(
  days: readonly number[],
  date: string,
  onProgress: (text: string) => void,
): Promise<Figure[]> {
  let requests = 0;
  const s3 = new S3Client({ forcePathStyle: true });
  const dynamo = new DynamoDBClient();
  for (const { middlewareStack } of [s3, dynamo] as { middlewareStack: S3Client['middlewareStack'] }[]) {
    middlewareStack.add(
      (next) => (args) => {
        requests += 1;
        return next(args);
      },
      { step: 'finalizeRequest' },
    );
  }
  const figures = new Map<
    string,
    { cpuSeconds: Map<number, number[]>; requests: Map<number, number>; intervals?: Map<number, number> }
  >();
  for (const each of days) {
    for (const [work, call] of Object.entries(await callsOf(each, date, s3, dynamo))) {
      const figure = figures.get(work) ?? {
        cpuSeconds: new Map(),
        requests: new Map(),
        ...(call.intervals && { intervals: new Map<number, number>() }),
      };
      figures.set(work, figure);
      figure.intervals?.set(each, call.intervals ?? 1);
      const taken: number[] = [];
      // The first run of many loads and compiles what the others use.
      for (let run = call.repeats > 1 ? -1 : 0; run < call.repeats; run++) {
        await call.prepare?.();
        requests = 0;
        const before = process.cpuUsage();
        await call.run();
        const { user, system } = process.cpuUsage(before);
        if (run >= 0) taken.push((user + system) / 1e6);
        figure.requests.set(each, requests);
      }
      figure.cpuSeconds.set(each, taken);
      onProgress(`${each} days: ${work}`);
    }
  }
  return [...figures].map(([work, figure]) => ({ work, ...figure }));
}
