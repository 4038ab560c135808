import { stripVTControlCharacters } from 'node:util';
import { DateTime } from 'luxon';
import { expect, it } from 'vitest';
import { agesOf } from '../../activities/planning/ages.ts';
import { ageTable } from '../../cli/freshness.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { intervalsIn } from '../../model/intervals.ts';
import { MemoryLedger, publishedBuild } from '../workflow/memory-ledger.ts';

const at = DateTime.utc(2025, 1, 18, 12);

it('the age of builds and that of data stand beside what the contracts allow', async () => {
  const ledger = new MemoryLedger();
  const hours = { start: '2025-01-18T08', end: '2025-01-18T11' };
  const newestEvents = Object.fromEntries(
    intervalsIn('hour', hours).map((hour) => [hour, '2025-01-18T08:30:00.000Z'] as const),
  );
  ledger.publish(publishedBuild('bronze.events', hours, { newestEvents }));
  ledger.publish(publishedBuild('gold.dim_city', { start: '2025-01-10', end: '2025-01-11' }));
  const ages = await agesOf(ledger, loadCatalogue(), at);
  expect(ages.find(({ product }) => product === 'bronze.events')).toMatchObject({
    ...{ interval: '2025-01-18T10', buildAge: 1, dataAge: 3.5, dataLimit: 2 },
  });
  expect(ages.find(({ product }) => product === 'gold.dim_city')).toMatchObject({ buildAge: 180, dataAge: null });
  expect(ages.find(({ product }) => product === 'silver.trips')).toMatchObject({ interval: null, buildAge: null });
  const lines = stripVTControlCharacters(ageTable(ages)).split('\n');
  expect(lines.find((line) => line.includes('bronze.events'))).toMatch(
    /bronze\.events +2025-01-18T10 +1\.0 h +\d\.\d h +✓ +3\.5 h +2\.0 h +✗ too old/,
  );
  expect(lines.find((line) => line.includes('silver.trips'))).toMatch(
    /silver\.trips +– +– +2\d\.0 h +– +– +26\.0 h +–/,
  );
});
