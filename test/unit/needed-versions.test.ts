import { beforeEach, describe, expect, it } from 'vitest';
import { oldestNeededVersion } from '../../activities/planning/needed-versions.ts';
import type { RestorePoint } from '../../activities/ledger/records.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';

const catalogue = loadCatalogue();
let ledger: MemoryLedger;
beforeEach(() => {
  ledger = new MemoryLedger();
});

const readBy = (product: string, date: string, version: number): void => {
  const range = { start: date, end: `${date.slice(0, -2)}${Number(date.slice(-2)) + 1}` };
  ledger.publish(publishedBuild(product, range, { inputVersions: { 'silver.trips': version } }));
};
const point = (name: string, version: number, expiresAt: string): RestorePoint => ({
  name,
  version,
  why: 'new fares',
  at: '2025-01-18T00:00:00.000Z',
  expiresAt,
});
const needed = (product = 'silver.trips', points: RestorePoint[] = []) =>
  oldestNeededVersion(catalogue, ledger, { list: async (of) => (of === 'silver.trips' ? points : []) }, product);

describe('the oldest version that somebody needs', () => {
  it('is none where nothing reads the product, or nothing has been built from it', async () => {
    expect(await needed('gold.trips')).toBeNull();
    expect(await needed()).toBeNull();
  });

  it('is the last one that a product read, not those that its older intervals were made from', async () => {
    readBy('gold.trips', '2025-01-16', 3);
    readBy('gold.trips', '2025-01-17', 8);
    // Built again later than the date after it.
    readBy('gold.trips', '2025-01-16', 9);
    expect(await needed()).toBe(9);
  });

  it('is that of the reader that lags behind the others', async () => {
    readBy('gold.trips', '2025-01-17', 9);
    readBy('gold.fact_hourly_metrics', '2025-01-17', 4);
    expect(await needed()).toBe(4);
  });

  it('is that of a restore point that has not expired', async () => {
    readBy('gold.trips', '2025-01-17', 9);
    const expired = point('expired', 1, '2025-01-19T00:00:00.000Z');
    expect(await needed('silver.trips', [expired])).toBe(9);
    expect(await needed('silver.trips', [expired, point('kept', 3, '2999-01-01T00:00:00.000Z')])).toBe(3);
  });

  it('names the products there are when asked for another', async () => {
    await expect(needed('silver.trip')).rejects.toThrow(/no product "silver\.trip"/);
  });
});
