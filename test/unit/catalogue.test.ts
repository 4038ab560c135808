import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCatalogue, productsFolder } from '../../products/catalogue.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'products-'));
  cpSync(productsFolder, folder, { recursive: true });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function edit(product: string, change: (text: string) => string): void {
  const file = join(folder, product, 'contract.yaml');
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

describe('the catalogue', () => {
  it('holds every product by its folder', () => {
    expect([...loadCatalogue().products.keys()]).toEqual([
      'bronze.events',
      'bronze.events_quarantine',
      'gold.dim_city',
      'gold.dim_vehicle_type',
      'gold.fact_hourly_metrics',
      'gold.trips',
      'silver.trips',
    ]);
  });

  it('tells all problems of all contracts at once, with their place', () => {
    edit('silver/trips', (text) => text.replace('kind: DataContract', 'kind: Contract'));
    edit('gold/trips', (text) => text.replace('product: silver.trips', 'product: silver.rides'));
    edit('gold/dim_city', (text) => text.replace('value: date', 'value: week'));
    expect(() => loadCatalogue(folder)).toThrow(/silver\/trips\/contract\.yaml: kind/);
    expect(() => loadCatalogue(folder)).toThrow(/gold\.trips: customProperties\.inputs: no product "silver\.rides"/);
    expect(() => loadCatalogue(folder)).toThrow(/gold\/dim_city\/contract\.yaml: customProperties\.grain/);
  });

  it('refuses retentions and keys of which maintenance could make nothing', () => {
    edit('silver/trips', (text) => text.replace('[city_id, start_time]', '[city, start_time]'));
    edit('bronze/events', (text) => text.replace('value: 400', 'value: 3'));
    edit('gold/dim_city', (text) => `${text}  - property: zOrderBy\n    value: [city_id]\n`);
    edit('bronze/events_quarantine', (text) => text.replace('value: bronze.events\n', 'value: bronze.event\n'));
    for (const problem of [
      /silver\/trips\/contract\.yaml: .*no column "city"/,
      /bronze\/events\/contract\.yaml: customProperties\.versionRetentionDays: must not be more than logRetentionDays/,
      /gold\/dim_city\/contract\.yaml: customProperties\.zOrderBy: needs a partitionColumn/,
      /bronze\.events_quarantine: customProperties\.writtenBy: no product "bronze\.event"/,
    ])
      expect(() => loadCatalogue(folder)).toThrow(problem);
  });

  it('refuses a contract in a folder of another name', () => {
    edit('silver/trips', (text) => text.replace('id: silver.trips', 'id: silver.journeys'));
    expect(() => loadCatalogue(folder)).toThrow(/"silver\.journeys" must be "silver\.trips"/);
  });

  it('names the products there are when asked for another', () => {
    expect(() => loadCatalogue().get('gold.trip')).toThrow(/no product "gold\.trip"\. Products: bronze\.events/);
  });
});
