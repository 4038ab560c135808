import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { documentedChart, graphMermaid, graphTree } from '../../cli/graph.ts';
import { loadCatalogue } from '../../model/catalogue.ts';

const catalogue = loadCatalogue();

it('the chart in docs/products.md is that of the contracts', () => {
  expect(documentedChart(), 'npm run lake -- graph --write brings it up to them').toBe(graphMermaid(catalogue));
});

it('the tree shows each product below what it reads, with the intervals that it reads', () => {
  const lines = stripVTControlCharacters(graphTree(catalogue)).split('\n');
  expect(lines).toContain('├─ silver.trips  -24…+71 h');
  expect(lines).toContain('│  ├─ gold.fact_hourly_metrics  -1…+1 d');
  expect(lines).toContain('│  │  ├─ gold.fact_trip  a view');
  expect(lines).toContain('bronze.events_quarantine  written with bronze.events');
  for (const key of catalogue.products.keys())
    expect(lines.filter((line) => line.includes(`${key} `) || line.endsWith(key)).length, key).toBeGreaterThan(0);
});
