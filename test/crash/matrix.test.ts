import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type WorkflowHandle, WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { format } from 'prettier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { putInto } from '../../cli/laptop/land.ts';
import { openLedger } from '../../workers/clients.ts';
import { writeRaw } from '../../local/generator/write-raw.ts';
import { buckets, ledgerTable } from '../../local/provision.ts';
import { buildWorkflowId } from '../../workflows/run-builds.ts';
import { grainOf, intervalsIn, rangeName, shiftInterval } from '../../model/intervals.ts';
import { orchestrationQueue } from '../../model/queues.ts';
import { expectLakeToBeTrue } from '../e2e/lake-against-truth.ts';
import { root } from '../tools.ts';
import { type Case, cases, type Target } from './cases.ts';
import { liveCases } from './live-cases.ts';
import { LiveTrips } from './live-trips.ts';
import { Testbed } from './testbed.ts';

/** Dates whose silver is there before anything goes wrong, for builds of gold; the hours after them are for bronze. */
const settled = { start: '2025-01-15', end: '2025-01-19' };
const goldProducts = ['gold.trips', 'gold.fact_hourly_metrics'];

const folder = mkdtempSync(join(tmpdir(), 'tideline-crash-'));
const truthFolder = join(folder, 'truth');
let testbed: Testbed;
let nextHour = `${settled.end}T00`;
/** Its gold is built first: the stream's trips are settled by it. Those after it are for builds of gold. */
const liveDate = settled.start;
const goldTargets = intervalsIn('date', settled)
  .slice(1)
  .flatMap((date) => goldProducts.map((product) => ({ product, date })));
const matrix: string[][] = [];
const liveMatrix: string[][] = [];

const execute = (type: string, workflowId: string, input: object): Promise<unknown> =>
  testbed.session.client.workflow.execute(type, { workflowId, taskQueue: orchestrationQueue, args: [input] });

beforeAll(async () => {
  testbed = await Testbed.open(folder);
  await writeRaw(
    { seed: 11, start: settled.start, days: 6, tripsPerDay: 120, newSchemaFrom: `${settled.start}T12` },
    { put: putInto(testbed.session.platform.s3, buckets.raw), truthDirectory: truthFolder },
  );
  await execute('backfill', 'bronze', {
    product: 'bronze.events',
    start: `${settled.start}T00`,
    end: nextHour,
    downstream: false,
  });
  await execute('backfill', 'silver', { product: 'silver.trips', ...settled, downstream: false });
});
afterAll(async () => {
  await testbed.close();
  await rm(folder, { recursive: true, force: true });
});

function nextTarget({ product, intervals = 1 }: Case): Target {
  if (product === 'gold') {
    const target = goldTargets.shift();
    if (!target) throw new Error('More cases build gold than there are dates of gold to build; make `settled` longer.');
    return withId({ product: target.product, start: target.date, end: shiftInterval('date', target.date, 1) });
  }
  const start = nextHour;
  nextHour = shiftInterval('hour', start, intervals);
  return withId({ product: 'bronze.events', start, end: nextHour });
}

const withId = (target: Omit<Target, 'workflowId'>): Target => ({ ...target, workflowId: buildWorkflowId(target) });

const build = ({ product, start, end, workflowId }: Target): Promise<WorkflowHandle> =>
  testbed.session.client.workflow.start('buildProduct', {
    workflowId,
    taskQueue: orchestrationQueue,
    args: [{ product, start, end }],
  });

async function expectCancelled(handle: WorkflowHandle): Promise<void> {
  const failure = await handle.result().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(WorkflowFailedError);
  expect((failure as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
}

/** The ledger's records of the target's intervals; nobody may hold one. */
async function records({ product, start, end }: Target) {
  const intervals = intervalsIn(grainOf(start), { start, end });
  const found = await openLedger(ledgerTable).records(product, start, intervals.at(-1) ?? start);
  expect(found.map(({ claim }) => claim)).toEqual(found.map(() => undefined));
  return found;
}

/** Bronze up to the target, or the target's gold product, in the lake and in the warehouse. */
async function expectRowsToBeTrue({ product, end }: Target): Promise<void> {
  const { session } = testbed;
  const isBronze = product === 'bronze.events';
  const cutoff = isBronze
    ? { ...settled, arrivedBefore: end }
    : { ...settled, end, arrivedBefore: `${settled.end}T00` };
  await expectLakeToBeTrue(session, truthFolder, cutoff, isBronze ? /^bronze/ : new RegExp(`${product}$`));
}

describe('trips of a stream are merged, and settled', () => {
  let trips: LiveTrips;
  beforeAll(async () => {
    const end = shiftInterval('date', liveDate, 1);
    for (const product of goldProducts)
      await execute('buildProduct', `live/${product}`, { product, start: liveDate, end });
    trips = new LiveTrips(testbed, liveDate);
  });

  it.each(liveCases)('$workflow, $what: $when', async (each) => {
    await trips.prepare(each.workflow);
    const workflowId = `${each.workflow}/${liveMatrix.length}`;
    testbed.on(each.call, each.disturb(testbed, workflowId), 1);
    const handle = await trips.start(each.workflow, workflowId);
    if (each.ends === 'cancelled') await expectCancelled(handle);
    else await handle.result();
    expect(await testbed.recovered()).toBeGreaterThan(0);
    if (each.ends === 'cancelled') await (await trips.start(each.workflow, `${workflowId}/again`)).result();
    await trips.expectDone(each.workflow);
    liveMatrix.push([each.what, each.when, each.workflow, each.ends ?? 'done']);
  });
});

describe('one interval is built', () => {
  it.each(cases)('$what: $when', async (each) => {
    const target = nextTarget(each);
    const name = `${target.product} ${rangeName(grainOf(target.start), target)}`;
    if (each.call && each.disturb) testbed.on(each.call, each.disturb(testbed, target), each.times ?? 1);
    if (each.trigger) await each.trigger(testbed, target);
    else {
      const handle = await build(target);
      if (each.ends === 'cancelled') await expectCancelled(handle);
      else await handle.result();
    }
    expect(await testbed.recovered()).toBeGreaterThan(0);

    if (each.ends === 'cancelled') {
      const published = (await records(target)).filter((record) => record.published).length;
      expect(published).toBe(await testbed.commits(target.product, target.start));
      await (await build(target)).result();
    }
    const jobs = await testbed.jobRuns(name);
    const commits = await testbed.commits(target.product, target.start);
    const allowed = [each.jobs ?? 1].flat();
    expect(commits).toBe(1);
    expect(allowed).toContain(jobs);
    for (const record of await records(target)) {
      expect(record.failure).toBeUndefined();
      expect(record.published).toBeDefined();
    }
    await expectRowsToBeTrue(target);
    matrix.push([
      each.what,
      each.when,
      target.product,
      each.ends ?? 'published',
      allowed.join(' or '),
      String(commits),
    ]);
  });

  it('and the matrix is in the documentation', async () => {
    const head = ['what goes wrong', 'when', 'product', 'the build ends as', 'jobs', 'commits'];
    const tableOf = (names: string[], rows: string[][]): string =>
      [names, names.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
    const text = `# When things go wrong

Written by \`npm run crash\`: in each row one interval is built on the real engines while one thing goes wrong. Afterwards
the rows in the lake and in the warehouse equal the generator's truth, the ledger says so, and nobody holds a claim.
A cancelled build is followed by another. A second job stands where the first was cancelled, lost its driver or its
storage, or where the interval was asked for twice.

${tableOf(head, matrix)}

## Trips of a stream

In each row a merge, or a reconciliation, is disturbed. Afterwards every file is noted once, the table has each trip once,
in its newest version or as the batch has it, the date is settled once, and nobody holds the table.

${tableOf(['what goes wrong', 'when', 'workflow', 'ends as'], liveMatrix)}
`;
    console.log(text);
    const file = join(root, 'docs', 'crash-matrix.md');
    await expect(await format(text, { parser: 'markdown', printWidth: 120 })).toMatchFileSnapshot(file);
  });
});
