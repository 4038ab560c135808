import { beforeEach, describe, expect, it } from 'vitest';
import { checkFreshness } from '../../activities/ledger/freshness.ts';
import type { Orchestrator, ServerSchedule } from '../../activities/ledger/orchestrator.ts';
import { loadCatalogue } from '../../products/catalogue.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';

const catalogue = loadCatalogue();
const cadences = {
  hour: { scheduleId: 'hourly-bronze', firesAfterMinutes: 20 },
  date: { scheduleId: 'daily-batch', firesAfterMinutes: 60 },
};
const longAgo: ServerSchedule = { createdAt: new Date('2024-01-01T00:00:00Z'), paused: false };

let ledger: MemoryLedger;
beforeEach(() => {
  ledger = new MemoryLedger();
  for (const product of [
    'silver.trips',
    'gold.trips',
    'gold.fact_hourly_metrics',
    'gold.dim_city',
    'gold.dim_vehicle_type',
  ])
    publish(product, '2025-01-01', '2025-01-18', { 'bronze.events': 99, 'silver.trips': 99 });
  publish('bronze.events', '2025-01-15T00', '2025-01-18T08');
});

function publish(product: string, start: string, end: string, inputVersions = {}): void {
  const outputVersion = ledger.version(product) + 1;
  ledger.publish(publishedBuild(product, { start, end }, { inputVersions, outputVersion, changedPartitions: [] }));
}

async function check(at: string, schedule: ServerSchedule | null = longAgo) {
  const orchestrator: Orchestrator = {
    isRunning: async () => false,
    statusOf: async () => null,
    restate: async () => undefined,
    buildOnce: async () => undefined,
    heal: async () => undefined,
    scheduleOf: async () => schedule,
  };
  return checkFreshness(ledger, catalogue, orchestrator, { cadences, at });
}

describe('freshness', () => {
  it('is proven while every interval that is due is published', async () => {
    expect(await check('2025-01-18T08:50:00Z')).toEqual({ expected: 48 + 5 * 7, found: 0, findings: [] });
  });

  it('misses an hour whose schedule never fired, once it is due', async () => {
    expect((await check('2025-01-18T10:19:00Z')).findings).toEqual([]);
    expect((await check('2025-01-18T10:20:00Z')).findings).toEqual([
      { product: 'bronze.events', interval: '2025-01-18T08', problem: 'missing, due 2025-01-18T10:20Z' },
    ]);
  });

  it('counts a date as late by its product’s own latency after the daily batch', async () => {
    const late = async (at: string) =>
      (await check(at)).findings.flatMap(({ product, interval }) => (interval === '2025-01-18' ? [product] : []));
    expect(await late('2025-01-19T02:59:00Z')).toEqual([]);
    expect(await late('2025-01-19T03:00:00Z')).toEqual(['silver.trips']);
    expect(await late('2025-01-19T05:00:00Z')).toHaveLength(5);
  });

  it('tells a failure with its reason, and what is stale with the change', async () => {
    ledger.fail('bronze.events', '2025-01-18T07', 'quarantined', '2025-01-18T08:30:00.000Z');
    publish('silver.trips', '2025-01-14', '2025-01-15', { 'bronze.events': 7 });
    const late = { outputVersion: 200, changedPartitions: ['2025-01-14'] };
    ledger.publish(publishedBuild('bronze.events', { start: '2025-01-18T05', end: '2025-01-18T06' }, late));
    const { findings } = await check('2025-01-18T09:20:00Z');
    expect(findings).toContainEqual({
      product: 'bronze.events',
      interval: '2025-01-18T07',
      problem: 'quarantined, due 2025-01-18T09:20Z: lost',
    });
    expect(findings).toContainEqual({
      product: 'silver.trips',
      interval: '2025-01-14',
      problem: 'stale: bronze.events of 2025-01-14 has changed since it was built',
    });
  });

  it('expects nothing from before a schedule was made', async () => {
    const made = { createdAt: new Date('2025-01-18T08:05:00Z'), paused: false };
    expect(await check('2025-01-18T09:50:00Z', made)).toEqual({ expected: 0, found: 0, findings: [] });
    expect((await check('2025-01-18T10:50:00Z', made)).expected).toBe(1);
  });

  it('finds a schedule that is gone or paused', async () => {
    const gone = await check('2025-01-18T08:50:00Z', null);
    expect(gone.findings[0]).toMatchObject({ product: 'bronze.events', interval: null, problem: /not on the server/ });
    const paused = await check('2025-01-18T08:50:00Z', { ...longAgo, paused: true });
    expect(paused.findings.map(({ problem }) => problem)).toContain(
      'schedule daily-batch is paused: nothing new is built',
    );
  });

  it('tells how much there is when there is too much to list', async () => {
    ledger = new MemoryLedger();
    const report = await check('2025-01-18T08:50:00Z');
    expect(report.found).toBe(48 + 5 * 7);
    expect(report.findings).toHaveLength(50);
  });
});
