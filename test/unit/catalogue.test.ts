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

  it('refuses a contract in a folder of another name', () => {
    edit('silver/trips', (text) => text.replace('id: silver.trips', 'id: silver.journeys'));
    expect(() => loadCatalogue(folder)).toThrow(/"silver\.journeys" must be "silver\.trips"/);
  });

  it('names the products there are when asked for another', () => {
    expect(() => loadCatalogue().get('gold.trip')).toThrow(/no product "gold\.trip"\. Products: bronze\.events/);
  });
});
