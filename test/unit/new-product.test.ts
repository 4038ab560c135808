import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newProduct } from '../../cli/new.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { useProductsCopy } from './products-copy.ts';

const catalogue = loadCatalogue();
const copy = useProductsCopy();

describe('a new product', () => {
  it.each([
    ['gold.evenings', 'silver.trips', 'gold.evenings'],
    ['silver.driver_weeks', 'silver.driver_metrics', undefined],
    ['gold.city_hours', 'gold.fact_hourly_metrics', 'gold.city_hours'],
  ])('%s over %s is valid as it is written', (key, input, table) => {
    for (const [name, text] of Object.entries(newProduct(catalogue, key, input, 'To see whether it is valid'))) {
      const file = join(copy.folder, ...key.split('.'), name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    const product = loadCatalogue(copy.folder).get(key);
    expect(product.inputs).toEqual([{ product: input, fromOffset: 0, toOffset: 1 }]);
    expect(product.warehouse?.table).toBe(table);
    expect(product.latencyMinutes).toBeGreaterThan(catalogue.get(input).latencyMinutes);
  });

  it.each([
    ['gold.trips', 'silver.trips', 'There is a product "gold.trips" already.'],
    ['bronze.more', 'silver.trips', 'no key of a new product'],
    ['gold.Evenings', 'silver.trips', 'no key of a new product'],
    ['gold.evenings', 'silver.trip', 'There is no product "silver.trip"'],
    ['gold.evenings', 'bronze.events', 'bronze.events has no dates'],
    ['gold.evenings', 'gold.dim_city', 'gold.dim_city has no dates'],
  ])('%s over %s is refused', (key, input, problem) => {
    expect(() => newProduct(catalogue, key, input, 'To be refused')).toThrow(problem);
  });
});
