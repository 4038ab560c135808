import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { planInputs } from '../../activities/catalogue/plan.ts';
import { awaitInputs, missingOf } from '../../activities/planning/missing-inputs.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import type { AwaitedInputs, MissingInput } from '../../model/messages/inputs.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';

const catalogue = loadCatalogue();
const hours = { product: 'bronze.events', start: '2025-01-17T00', end: '2025-01-19T00' };
const never = '9999-01-01T00:00:00Z';

let ledger: MemoryLedger;
beforeEach(() => {
  ledger = new MemoryLedger();
});
const publish = (start: string, end: string, at = '2025-01-01T00:00:00Z'): void => {
  ledger.publish(publishedBuild('bronze.events', { start, end }, { generation: Date.parse(at) }));
};
const look = (
  known: readonly MissingInput[] | null,
  until = never,
  createdAt: string | null = null,
): Promise<AwaitedInputs> => {
  const schedule = createdAt === null ? null : { createdAt: new Date(createdAt), paused: false };
  const asked = { inputs: [hours], until, known };
  const wait = () => awaitInputs(catalogue, ledger, { scheduleOf: async () => schedule }, asked, 10);
  return new MockActivityEnvironment().run(wait);
};
const told = (missing: readonly MissingInput[]) => missing.map(({ start, end, state }) => `${start} ${end} ${state}`);

describe('the inputs of a daily batch', () => {
  it('are the hours from the first date of its window to the end of its date, as far as they had ended when it fired', () => {
    expect(planInputs(catalogue, '2025-01-18', '2025-01-19T01:00:00.000Z')).toEqual([
      { product: 'bronze.events', start: '2025-01-14T00', end: '2025-01-19T00' },
    ]);
    expect(planInputs(catalogue, '2025-01-18', '2025-01-18T15:05:00.000Z')[0]?.end).toBe('2025-01-18T15');
    expect(planInputs(catalogue, '2025-01-18', '2025-01-13T15:05:00.000Z')).toEqual([]);
  });
});

describe('what is missing of an input', () => {
  it('is all that is not published, in runs of one state', async () => {
    publish('2025-01-17T00', '2025-01-18T20');
    publish('2025-01-18T22', '2025-01-18T23');
    ledger.fail('bronze.events', '2025-01-17T05', 'quarantined', '2025-01-18T08:30:00.000Z');
    expect(told(await missingOf(catalogue, ledger, hours))).toEqual([
      '2025-01-17T05 2025-01-17T06 quarantined',
      '2025-01-18T20 2025-01-18T22 missing',
      '2025-01-18T23 2025-01-19T00 missing',
    ]);
  });

  it('is nothing from before a build has ever published it, nor from before its schedule was made', async () => {
    expect((await look(null)).missing).toEqual([]);
    publish('2025-01-18T22', '2025-01-18T23', '2025-01-18T23:05:00Z');
    expect(told((await look(null)).missing)).toEqual(['2025-01-18T23 2025-01-19T00 missing']);
    // What somebody built of long ago before there was a schedule.
    publish('2024-12-01T00', '2024-12-01T01', '2025-01-18T20:10:00Z');
    expect(told((await look(null, never, '2025-01-18T21:05:00Z')).missing)).toEqual([
      '2025-01-18T21 2025-01-18T22 missing',
      '2025-01-18T23 2025-01-19T00 missing',
    ]);
  });

  it('is what was missed before its schedule was made anew: builds had published before', async () => {
    publish('2024-12-01T00', '2024-12-02T00', '2025-01-18T23:05:00Z');
    publish('2025-01-16T00', '2025-01-18T17', '2025-01-18T17:05:00Z');
    publish('2025-01-18T22', '2025-01-19T00', '2025-01-19T00:05:00Z');
    expect(told((await look(null, never, '2025-01-18T22:30:00Z')).missing)).toEqual([
      '2025-01-18T17 2025-01-18T22 missing',
    ]);
  });
});

describe('a wait for inputs', () => {
  it('ends when something else is missing than is known, and when nothing is', async () => {
    publish('2025-01-17T00', '2025-01-18T22');
    const first = await look(null);
    expect(told(first.missing)).toEqual(['2025-01-18T22 2025-01-19T00 missing']);
    const second = look(first.missing);
    publish('2025-01-18T22', '2025-01-18T23');
    expect(told((await second).missing)).toEqual(['2025-01-18T23 2025-01-19T00 missing']);
    publish('2025-01-18T23', '2025-01-19T00');
    expect(await look((await second).missing)).toEqual({ missing: [], expired: false });
  });

  it('ends when its time is up', async () => {
    publish('2025-01-17T00', '2025-01-18T22');
    const { missing } = await look(null);
    expect(await look(missing, '2025-01-19T06:00:00Z')).toEqual({ missing, expired: true });
  });
});
