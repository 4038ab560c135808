import { Command } from 'commander';
import { DateTime } from 'luxon';
import { agesOf, type ProductAge } from '../activities/planning/ages.ts';
import { loadCatalogue } from '../model/catalogue.ts';
import { openLedger } from '../workers/clients.ts';
import { readVariables } from '../workers/config.ts';
import { lakeEnvironment } from './environment.ts';
import { type Cell, table } from './terminal.ts';

const hours = (value: number | null): string | null => (value === null ? null : `${value.toFixed(1)} h`);

/** A line a product: both ages beside their limits, and whether they keep to them. */
export function ageTable(ages: readonly ProductAge[]): string {
  const sign = (age: number | null, limit: number | null): string | null =>
    age === null || limit === null ? null : age > limit ? '✗ too old' : '✓';
  const rows = ages.map(({ product, interval, buildAge, buildLimit, dataAge, dataLimit }): Cell[] => [
    product,
    interval,
    ...[hours(buildAge), hours(buildLimit), sign(buildAge, buildLimit)],
    ...[hours(dataAge), hours(dataLimit), sign(dataAge, dataLimit)],
  ]);
  const headings = ['product', 'newest', 'ended', 'allowed', '', 'newest event', 'allowed', ''];
  return table(headings, rows);
}

export const freshnessCommand = new Command('freshness')
  .description('show how old builds and data of every product are, beside what its contract allows')
  .action(async () => {
    const { TIDELINE_LEDGER_TABLE } = readVariables(lakeEnvironment(), 'TIDELINE_LEDGER_TABLE');
    console.log(ageTable(await agesOf(openLedger(TIDELINE_LEDGER_TABLE), loadCatalogue(), DateTime.utc())));
  });
