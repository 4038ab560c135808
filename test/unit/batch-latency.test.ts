import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { batchLatencyHours } from '../../activities/planning/batch-latency.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';

describe('the latency of a batch', () => {
  const at = DateTime.utc(2025, 1, 20, 2);
  const gold = [...loadCatalogue().products.values()].filter(
    ({ layer, partitionColumn }) => layer === 'gold' && partitionColumn,
  );
  const latency = (ledger: MemoryLedger, since = '2024-12-01') =>
    batchLatencyHours(ledger, loadCatalogue(), new Date(since), at);
  const publish = (ledger: MemoryLedger, key: string, end: string, loaded?: null): void => {
    const told = loaded === null ? { loaded } : {};
    ledger.publish(publishedBuild(key, { start: '2025-01-10', end }, told));
  };

  it('is that of the product that is furthest behind, in the lake or in the warehouse', async () => {
    const ledger = new MemoryLedger();
    expect(await latency(ledger)).toBeNull();
    for (const { key } of gold.slice(1)) publish(ledger, key, '2025-01-20');
    expect(await latency(ledger)).toBe(2);
    publish(ledger, gold[0]!.key, '2025-01-19');
    expect(await latency(ledger)).toBe(26);
    ledger.publish(publishedBuild(gold[0]!.key, { start: '2025-01-19', end: '2025-01-20' }, { loaded: null }));
    expect(await latency(ledger)).toBe(26);
  });

  it('begins with the date in which the schedule was made: who builds days of long ago by hand is not late', async () => {
    const ledger = new MemoryLedger();
    for (const { key } of gold) publish(ledger, key, '2025-01-11');
    expect(await latency(ledger, '2025-01-19T20:00:00Z')).toBe(26);
    expect(await latency(ledger, '2025-01-20T01:00:00Z')).toBe(2);
  });

  it('goes on over a schedule that was made anew', async () => {
    const ledger = new MemoryLedger();
    for (const { key } of gold) publish(ledger, key, '2025-01-17');
    expect(await latency(ledger, '2025-01-19T20:00:00Z')).toBe(74);
  });

  it('is none where somebody has built a date that has not ended', async () => {
    const ledger = new MemoryLedger();
    for (const { key } of gold) publish(ledger, key, '2025-01-22');
    expect(await latency(ledger)).toBe(0);
  });

  it('grows with a product that the warehouse has never had', async () => {
    const ledger = new MemoryLedger();
    for (const { key } of gold) publish(ledger, key, '2025-01-20', null);
    expect(await latency(ledger)).toBeGreaterThan(200);
  });
});
