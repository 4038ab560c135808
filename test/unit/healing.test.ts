import { beforeEach, describe, expect, it } from 'vitest';
import { healingOf } from '../../activities/planning/lost.ts';
import { planBackfill } from '../../activities/planning/backfill.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import type { BackfillRequest } from '../../model/messages/backfill.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';

const catalogue = loadCatalogue();
const product = 'bronze.events';
const before = '2025-01-18T08';
const at = '2025-01-18T10:30:00.000Z';
const longAgo = new Date('2024-01-01T00:00:00Z');

let ledger: MemoryLedger;
beforeEach(() => {
  ledger = new MemoryLedger();
  ledger.publish(publishedBuild(product, { start: '2025-01-01T00', end: '2025-01-18T03' }));
  ledger.publish(publishedBuild(product, { start: '2025-01-18T04', end: before }));
});

/** The hours that a healing after the run of `before` builds. */
async function healed(since: Date | null = longAgo, codeVersion = 'source'): Promise<string[]> {
  const scheduleOf = async () => since && { createdAt: since, paused: false };
  const healing = await healingOf(catalogue, ledger, { scheduleOf }, { product, before }, codeVersion);
  if (healing === null) return [];
  const request: BackfillRequest = { ...healing, startedAtMs: Date.parse(at), stage: null };
  const { next, products } = await planBackfill(catalogue, ledger, request, codeVersion);
  expect(products.map((each) => each.product)).toEqual([product]);
  return next.map(({ start, end }) => `${start}..${end}`);
}

const fail = (hour: string, failedAt: string, kind?: string, state: 'failed' | 'quarantined' = 'failed'): void => {
  ledger.fail(product, hour, state, failedAt, { codeVersion: 'source', ...(kind !== undefined && { kind }) });
};

describe('healing', () => {
  it('builds hours of the last two days that were never begun, and those whose jobs were lost', async () => {
    fail('2025-01-17T20', '2025-01-18T10:00:00.000Z', 'JobsLost');
    fail('2025-01-16T02', '2025-01-16T09:00:00.000Z', 'JobsLost');
    expect(await healed()).toEqual(['2025-01-17T20..2025-01-17T21', '2025-01-18T03..2025-01-18T04']);
  });

  it('misses nothing from before the schedule, or the first build', async () => {
    expect(await healed(null)).toEqual([]);
    ledger = new MemoryLedger();
    expect(await healed()).toEqual([]);
    const made = new Date('2025-01-18T04:05:00Z');
    const generation = made.getTime() + 60_000;
    ledger.publish(publishedBuild(product, { start: '2025-01-17T00', end: '2025-01-18T03' }, { generation }));
    ledger.publish(publishedBuild(product, { start: '2025-01-18T04', end: before }, { generation }));
    expect(await healed(made)).toEqual([]);
    ledger = new MemoryLedger();
    ledger.publish(publishedBuild(product, { start: before, end: '2025-01-18T10' }));
    expect(await healed()).toEqual([]);
  });

  it('builds what was missed before the schedule was made anew', async () => {
    expect(await healed(new Date('2025-01-18T07:30:00Z'))).toEqual(['2025-01-18T03..2025-01-18T04']);
  });

  it('leaves to people what failed by its data, until other jobs may judge otherwise', async () => {
    fail('2025-01-18T03', '2025-01-18T05:00:00.000Z', 'QUALITY_FAILED', 'quarantined');
    fail('2025-01-18T05', '2025-01-18T07:00:00.000Z', 'CONSERVATION_BROKEN');
    expect(await healed()).toEqual([]);
    expect(await healed(longAgo, 'corrected')).toEqual([
      '2025-01-18T03..2025-01-18T04',
      '2025-01-18T05..2025-01-18T06',
    ]);
  });

  it('tries ever later what failed for a reason that may not pass', async () => {
    fail('2025-01-18T03', '2025-01-18T07:00:00.000Z', 'JobFailed');
    expect(await healed()).toEqual(['2025-01-18T03..2025-01-18T04']);
    fail('2025-01-18T03', '2025-01-18T07:30:00.000Z', 'JobFailed');
    expect(await healed()).toEqual([]);
  });

  it('leaves alone what is being built, and takes up what was left behind claimed', async () => {
    const claimed = (since: string): void => {
      ledger.claim(product, '2025-01-18T03', 'w', 'b', since);
    };
    claimed('2025-01-18T05:00:00.000Z');
    expect(await healed()).toEqual([]);
    claimed('2025-01-17T05:00:00.000Z');
    expect(await healed()).toEqual(['2025-01-18T03..2025-01-18T04']);
  });
});
