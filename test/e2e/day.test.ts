import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newestVersion, readCommits } from '../../activities/lake/delta-log.ts';
import type { SurveyedInterval } from '../../activities/planning/survey.ts';
import { runDay } from '../../cli/laptop/days.ts';
import { putInto } from '../../cli/laptop/land.ts';
import { rebuildLedger } from '../../activities/table-history/rebuilt-ledger.ts';
import { surveyDates } from '../../activities/planning/overview.ts';
import { openLedger } from '../../workers/clients.ts';
import { restore } from '../../cli/restore.ts';
import { createRestorePoint } from '../../cli/restore-point.ts';
import { openSession, type Session } from '../../cli/laptop/session.ts';
import { writeRaw, type WriteSummary } from '../../local/generator/write-raw.ts';
import { buckets, ensureLedger, ledgerTable } from '../../local/provision.ts';
import { readTruth } from '../truth/read-truth.ts';
import { expectedTrips } from '../../local/generator/trip-truth.ts';
import { expectedOrphans } from '../truth/orphans.ts';
import type { BackfillReport } from '../../model/messages/backfill.ts';
import { grainOf, intervalsIn } from '../../model/intervals.ts';
import { restateWorkflowId } from '../../model/messages/late-data.ts';
import type { BuildOutcome, MaintenanceOutcome } from '../../model/messages/builds.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { addColumn, checkoutWith, lakeOf } from './checkout.ts';
import { killingDataPlane } from './killing.ts';
import { countsOf, readTable } from './delta-table.ts';
import { readByDeltaRs } from './delta-rs.ts';
import { expectLakeToBeTrue } from './lake-against-truth.ts';
import { expectFiguresOf } from './figures.ts';
import { landTrips, tripLines } from './trip-lines.ts';
import { rowsOf } from './ledger-rows.ts';
import { expectNightToSettle, expectTableToBeBatch } from './live-trips.ts';
import { completedTrips, orphans, ridersOf, tripsOf } from './warehouse-queries.ts';

/** A checkout with a product that nobody has written a line of code for. */
const checkout = checkoutWith({ added: join(import.meta.dirname, 'products') });
const folder = mkdtempSync(join(tmpdir(), 'tideline-e2e-'));
const truthFolder = join(folder, 'truth');
const date = '2025-01-18';
const dayAlone = { arrivedBefore: '2025-01-19T00', start: '2025-01-15', end: '2025-01-19' };
const withLateEvents = { arrivedBefore: '2025-01-22T00', start: '2025-01-15', end: '2025-01-22' };
const quiet = (): void => undefined;

let session: Session;
let landed: WriteSummary;
let outcomes: BuildOutcome[];
beforeAll(async () => {
  session = await openSession({ root: checkout, folder, jobsAtOnce: 2 });
  landed = await writeRaw(
    { seed: 7, start: date, days: 1, tripsPerDay: 400, newSchemaFrom: `${date}T12` },
    { put: putInto(session.platform.s3, buckets.raw), truthDirectory: truthFolder },
  );
});
afterAll(async () => {
  await session.close();
  await rm(folder, { recursive: true, force: true });
  await rm(checkout, { recursive: true, force: true });
});

const run = <T = unknown>(workflow: string, workflowId: string, input: object): Promise<T> =>
  session.client.workflow.execute(workflow, { workflowId, taskQueue: orchestrationQueue, args: [input] }) as Promise<T>;

/** Every interval of dates [from, to), as a ledger has it. */
const survey = async (from: string, to: string, table = ledgerTable): Promise<readonly SurveyedInterval[]> =>
  (await surveyDates(openLedger(table), session.catalogue, { from, to })).intervals.filter(({ product }) =>
    session.catalogue.products.has(product),
  );

describe('a day of trips', () => {
  it('is published as it was, in the lake and in the warehouse', async () => {
    outcomes = await runDay(session.client, session.catalogue, date, quiet);
    await expectFiguresOf(session, outcomes);
    await expectLakeToBeTrue(session, truthFolder, dayAlone);
  });

  it('counts every line of every hour as published, duplicate or quarantined', async () => {
    const { hours } = await readTruth(truthFolder, dayAlone.arrivedBefore);
    const built = new Map(
      outcomes
        .filter(({ product }) => product === 'bronze.events')
        .flatMap(({ intervals }) => intervals.map((rows) => [rows.interval, rows])),
    );
    expect(built.size).toBe(25);
    for (const hour of hours) {
      const quarantined = Object.values(hour.quarantined).reduce((sum, count) => sum + count, 0);
      expect(built.get(hour.arrival_hour)).toMatchObject({
        rowsIn: hour.lines,
        rowsPublished: hour.published,
        rowsDuplicate: hour.duplicates,
        rowsQuarantined: quarantined,
      });
    }
  });

  it('counts the events that are in no trip, each with the date before its own', async () => {
    const { events } = await readTruth(truthFolder, dayAlone.arrivedBefore);
    const silver = (await survey('2025-01-15', '2025-01-19')).filter(({ product }) => product === 'silver.trips');
    const counted = silver.map(({ interval, record }) => [interval, record?.published?.orphanEvents]);
    const dates = intervalsIn('date', { start: '2025-01-15', end: '2025-01-19' });
    expect(counted).toEqual(dates.map((day) => [day, expectedOrphans(events, day)]));
    expect(expectedOrphans(events, '2025-01-17')).toBeGreaterThan(0);
  });

  it('is in the ledger, which the tables alone give back when it is lost', async () => {
    const { hours } = await readTruth(truthFolder, dayAlone.arrivedBefore);
    const intervals = await survey(date, '2025-01-19');
    expect(intervals.filter(({ state }) => state !== 'published')).toEqual([]);
    expect(rowsOf(intervals)).toMatchObject(
      Object.fromEntries(
        hours
          .filter((hour) => hour.arrival_hour.startsWith(date))
          .map((hour) => [
            `bronze.events ${hour.arrival_hour}`,
            { rowsIn: hour.lines, rowsPublished: hour.published, rowsDuplicate: hour.duplicates },
          ]),
      ),
    );
    await ensureLedger(new DynamoDBClient(), 'rebuilt');
    const { platform, catalogue, warehouse } = session;
    const [ledger, client, bucket] = [openLedger('rebuilt'), platform.s3, buckets.lake];
    await rebuildLedger({ ledger, client, bucket, catalogue, warehouse }, quiet);
    const rebuilt = await survey(date, '2025-01-19', 'rebuilt');
    expect(rowsOf(rebuilt)).toEqual(rowsOf(intervals));
    expect(rebuilt.filter(({ record }) => record?.published?.loaded).length).toBeGreaterThan(0);
  });

  it('is explained to people who have only the `temporal` command', async () => {
    const explanation = await run('explainInterval', 'explain', { product: 'silver.trips', interval: date });
    expect(explanation).toMatch(
      /^silver\.trips 2025-01-18 is published: [\d,]+ rows.*from version \d+ of bronze\.events/,
    );
  });

  it('is known of an added product, by its folder alone, to schedules, explanation, warehouse and catalogue', async () => {
    const lake = lakeOf(checkout, session.platform.environment);
    expect(lake('schedules', 'plan')).toMatch(/\+ maintain\/gold\.rider_days {2}to be created/);
    expect(lake('explain', 'gold.rider_days', date)).toMatch(/^gold\.rider_days 2025-01-18 is published: [\d,]+ rows/);
    expect(lake('catalogue', 'plan')).toContain('= gold.rider_days  as declared');
    expect(lake('sql', 'gold.rider_days')).toContain('CREATE TABLE IF NOT EXISTS gold.rider_days');
  });

  it('is settled by night, with what the stream had otherwise found, while merges fire and workers are killed', async () => {
    await expectNightToSettle(session, truthFolder, date);
    const lake = lakeOf(checkout, session.platform.environment);
    expect(lake('explain', 'public.trips_realtime', date)).toMatch(
      /^public\.trips_realtime 2025-01-18 is final: gold\.trips took the stream's place/,
    );
    expect(lake('status', '--from', date, '--to', '2025-01-20')).toMatch(/public\.trips_realtime\s+■\s+≈/);
  });

  it('is read by other tools, which know of the Glue catalogue alone, with the columns of the contracts', async () => {
    const tables = readByDeltaRs(session.platform);
    expect(tables.map(({ table }) => table).sort()).toEqual([...session.catalogue.products.keys()].sort());
    for (const { table, columns, counts } of tables) {
      const declared = session.catalogue.get(table).columns.map(({ name, physicalType }) => [name, physicalType]);
      expect([table, columns]).toEqual([table, Object.fromEntries(declared)]);
      expect([table, countsOf(await readTable(session.platform, table))]).toEqual([table, counts]);
    }
  });

  it('stays as it is when every hour and the day are built again', async () => {
    const tables = [...session.catalogue.products.keys()];
    const versions = () => Promise.all(tables.map((key) => newestVersion(session.platform.s3, buckets.lake, key)));
    const before = await versions();
    const made = ['silver.trips', 'gold.trips', 'gold.fact_hourly_metrics', 'gold.rider_days'];
    const again = [
      { product: 'bronze.events', start: '2025-01-17T23', end: '2025-01-19T00' },
      ...made.map((product) => ({ product, start: dayAlone.start, end: dayAlone.end })),
    ];
    for (const input of again) {
      const all = { ...input, mode: 'all', downstream: false };
      const { built } = await run<BackfillReport>('backfill', `backfill/${input.product}/again`, all);
      expect(built.intervals).toBe(intervalsIn(grainOf(input.start), input).length);
    }
    expect(await versions()).toEqual(before);
    await expectLakeToBeTrue(session, truthFolder, dayAlone);
  });

  it('grows by late events in a backfill, and a worker killed in the middle of every stage starts no job twice', async () => {
    const late = { product: 'bronze.events', start: '2025-01-19T00', end: '2025-01-22T00' };
    const working = run<BackfillReport>('backfill', 'backfill/late', late);
    const { kills, jobs } = await killingDataPlane(session.platform, working);
    const { built } = await working;
    expect(kills).toBeGreaterThanOrEqual(3);
    expect(jobs.length).toBe(new Set(jobs).size);
    expect(jobs).toHaveLength(built.jobs);
    await expectLakeToBeTrue(session, truthFolder, withLateEvents);
    await expectTableToBeBatch(session, date);
    const intervals = await survey(date, '2025-01-22');
    const builtFromEvents = intervals.filter(({ product }) => !product.startsWith('gold.dim_'));
    expect(builtFromEvents.filter(({ state }) => state !== 'published')).toEqual([]);
    expect(landed.lines).toBe((await readTruth(truthFolder)).hours.reduce((sum, hour) => sum + hour.lines, 0));
  });

  it('stays as it is when its tables are maintained', async () => {
    const maintained = await Promise.all(
      [...session.catalogue.products.keys()].map((product) =>
        run<MaintenanceOutcome>('maintainTable', `maintain/${product}`, { product }),
      ),
    );
    const events = maintained.find(({ product }) => product === 'bronze.events')!;
    expect(events.filesAfter).toBeLessThan(events.filesBefore);
    expect(events.neededVersion).toBeGreaterThan(0);
    await expectLakeToBeTrue(session, truthFolder, withLateEvents);
  });

  it('restates the date of a trip whose events arrive five days late, and no other', async () => {
    const { s3 } = session.platform;
    const environment = { TIDELINE_LEDGER_TABLE: ledgerTable, TIDELINE_LAKE_BUCKET: buckets.lake };
    const point = { name: 'before-the-late-trip', why: 'to go back to', days: 1 };
    await createRestorePoint(environment, 'gold.trips', point);
    const silverCommits = () => readCommits(s3, buckets.lake, 'silver.trips');
    const arrival = '2025-01-23T02';
    await landTrips(s3, arrival, tripLines({ name: 'five_days_late', hour: '2025-01-17T10' }));
    const before = (await silverCommits()).length;
    await run('hourlyBronze', 'hourly-bronze-late', { firedAt: '2025-01-23T04:20:00Z' });
    await session.client.workflow.getHandle(restateWorkflowId('bronze.events')).result();
    const commits = (await silverCommits()).slice(before);
    expect(commits.map(({ changedPartitions }) => changedPartitions)).toEqual([['2025-01-17']]);
    const trip = { trip_id: 'trip_five_days_late', status: 'COMPLETED', fare: '21.50' };
    expect(await tripsOf(session.warehouse, '2025-01-17')).toEqual([trip]);
  });

  it('is put back by one command, in the lake, the ledger and the warehouse, and comes again with a backfill', async () => {
    const { s3 } = session.platform;
    const product = 'gold.trips';
    const lateTrips = () => tripsOf(session.warehouse, '2025-01-17');
    const stateOf = async () => {
      const intervals = await survey('2025-01-17', '2025-01-18');
      return intervals.find((interval) => interval.product === product)?.state;
    };
    expect(await lateTrips()).toHaveLength(1);
    const restored = await restore(session.client, { product, to: 'before-the-late-trip' });
    expect(restored).toMatchObject({ changedPartitions: ['2025-01-17'], rowsLoaded: 0 });
    const commits = await readCommits(s3, buckets.lake, product);
    expect(commits.at(-1)?.restored).toBe(restored.restored);
    expect(await lateTrips()).toEqual([]);
    expect(await stateOf()).not.toBe('published');
    await run('backfill', 'backfill/after-restore', { product, start: '2025-01-17', end: '2025-01-18' });
    expect(await lateTrips()).toHaveLength(1);
    expect(await stateOf()).toBe('published');
  });

  it('is restated and put back in an added product too', async () => {
    const riders = () => ridersOf(session.warehouse, '2025-01-17');
    expect(await riders()).toEqual([{ rider_id: 'rid_five_days_late' }]);
    const commits = await readCommits(session.platform.s3, buckets.lake, 'gold.rider_days');
    const { version } = commits.at(-1)!;
    await restore(session.client, { product: 'gold.rider_days', to: version - 1 });
    expect(await riders()).toEqual([]);
  });

  it('leaves reference data in the warehouse that every trip finds', async () => {
    expect(await orphans(session.warehouse)).toEqual([]);
  });

  it('has a column more in an added product by its folder alone, and fills it for the past', async () => {
    await session.close();
    addColumn(checkout);
    session = await openSession({ root: checkout, folder, jobsAtOnce: 2 });
    const completed = () => completedTrips(session.warehouse);
    expect((await completed())[date]).toBeNull();
    const mode = { mode: 'code', downstream: false };
    await run('backfill', 'backfill/a-column', { product: 'gold.rider_days', start: date, end: '2025-01-19', ...mode });
    const { events } = await readTruth(truthFolder);
    const trips = expectedTrips(events).filter((trip) => trip.rider_id !== null && trip.trip_date === date);
    expect((await completed())[date]).toBe(trips.filter(({ is_completed }) => is_completed).length);
  });
});
