import { DateTime } from 'luxon';
import { beforeEach, describe, expect, it } from 'vitest';
import { findThinHours } from '../../activities/planning/line-counts.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { intervalsIn } from '../../model/intervals.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';

const catalogue = loadCatalogue();
const product = 'bronze.events';
const now = DateTime.utc(2025, 1, 18, 12, 50);

let ledger: MemoryLedger;
beforeEach(() => {
  ledger = new MemoryLedger();
});

function publish(start: string, end: string, rowsIn: number, rowsQuarantined = 0): void {
  const rows = { rowsIn, rowsPublished: rowsIn - rowsQuarantined, rowsDuplicate: 0, rowsQuarantined, changed: true };
  const intervals = intervalsIn('hour', { start, end }).map((interval) => ({ interval, ...rows }));
  ledger.publish(publishedBuild(product, { start, end }, { intervals }));
}

const found = () => findThinHours(ledger, catalogue, now);

describe('an hour without lines', () => {
  it('is found between hours that have some', async () => {
    publish('2025-01-18T05', '2025-01-18T11', 40);
    publish('2025-01-18T08', '2025-01-18T09', 0);
    expect(await found()).toEqual([
      {
        product,
        interval: '2025-01-18T08',
        kind: 'few lines',
        problem: 'no lines, though the hours around it have 40 and 40',
      },
    ]);
  });

  it('is no finding beside another one, nor beside what nobody has built, nor while its own runs may still come', async () => {
    publish('2025-01-18T05', '2025-01-18T12', 40);
    publish('2025-01-18T06', '2025-01-18T08', 0);
    publish('2025-01-18T10', '2025-01-18T11', 0);
    publish('2025-01-17T06', '2025-01-17T07', 0);
    expect(await found()).toEqual([]);
  });

  it('is a backfill’s matter when it is older than two days', async () => {
    publish('2025-01-14T05', '2025-01-18T12', 40);
    publish('2025-01-15T06', '2025-01-15T07', 0);
    expect(await found()).toEqual([]);
  });
});

describe('an hour of which too much is quarantined', () => {
  it.each([
    [99, 99, ['99 of 99 lines are in quarantine']],
    [40, 10, ['10 of 40 lines are in quarantine']],
    [40, 9, []],
    [400, 20, []],
  ])('is found, also where its lines are too few for a verdict: %i lines, %i of them', async (lines, bad, problems) => {
    publish('2025-01-18T05', '2025-01-18T11', 40);
    publish('2025-01-18T08', '2025-01-18T09', lines, bad);
    expect((await found()).map(({ problem }) => problem)).toEqual(problems);
  });
});

describe('an hour with a tenth of what is usual', () => {
  it.each([
    [
      19,
      [
        {
          product,
          interval: '2025-01-18T08',
          kind: 'few lines',
          problem: '19 lines, though the same hour of the week before has 200',
        },
      ],
    ],
    [20, []],
    [
      0,
      [
        {
          product,
          interval: '2025-01-18T08',
          kind: 'few lines',
          problem: 'no lines, though the hours around it have 200 and 200',
        },
      ],
    ],
  ])('is found by the same hour of the week before: %i of 200', async (lines, findings) => {
    publish('2025-01-04T08', '2025-01-18T12', 200);
    publish('2025-01-18T08', '2025-01-18T09', lines);
    expect(await found()).toEqual(findings);
  });

  it('is no finding before there are two weeks of history, nor where the week before has few lines or none', async () => {
    publish('2025-01-04T09', '2025-01-18T12', 200);
    publish('2025-01-18T08', '2025-01-18T09', 1);
    expect(await found()).toEqual([]);
    publish('2025-01-01T08', '2025-01-18T12', 99);
    publish('2025-01-18T08', '2025-01-18T09', 1);
    expect(await found()).toEqual([]);
  });
});
