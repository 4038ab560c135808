import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadCatalogue, productsFolder } from '../../model/catalogue.ts';
import { useProductsCopy } from './products-copy.ts';

interface Contract {
  readonly schema: readonly [
    {
      readonly properties: readonly {
        readonly name: string;
        readonly primaryKey?: boolean;
        readonly quality?: readonly { readonly metric: string; readonly mustBe?: number }[];
      }[];
    },
  ];
}

const copy = useProductsCopy();

describe('the catalogue', () => {
  it('holds every product by its folder, inputs before what is made from them', () => {
    const { products } = loadCatalogue();
    const keys = [...products.keys()];
    const folders = globSync('*/*/contract.yaml', { cwd: productsFolder }).map((file) =>
      dirname(file).replace('/', '.'),
    );
    const { views, streams } = loadCatalogue();
    expect([...keys, ...views.keys(), ...streams.keys()].sort()).toEqual(folders.sort());
    for (const { key, inputs } of products.values())
      for (const { product } of inputs) expect(keys.indexOf(product), key).toBeLessThan(keys.indexOf(key));
  });

  it('tells all problems of all contracts at once, with their place', () => {
    copy.edit('silver/trips', (text) => text.replace('kind: DataContract', 'kind: Contract'));
    copy.edit('gold/trips', (text) => text.replace('product: silver.trips', 'product: silver.rides'));
    copy.edit('gold/dim_city', (text) => text.replace('value: date', 'value: week'));
    copy.edit('bronze/events', (text) => text.replace('shortest: 45', 'shortest: 0'));
    expect(() => loadCatalogue(copy.folder)).toThrow(/silver\/trips\/contract\.yaml:2: kind: /);
    expect(() => loadCatalogue(copy.folder)).toThrow(
      /gold\/trips\/contract\.yaml:\d+: customProperties\.inputs\.0\.product: no product "silver\.rides"/,
    );
    expect(() => loadCatalogue(copy.folder)).toThrow(/gold\/dim_city\/contract\.yaml:\d+: customProperties\.grain/);
    expect(() => loadCatalogue(copy.folder)).toThrow(
      /bronze\/events\/contract\.yaml:\d+: customProperties\.jobTimeoutMinutes\.shortest/,
    );
  });

  it('refuses an age of data without a limit that can be measured', () => {
    copy.edit('silver/trips', (text) => text.replace('element: trips.start_time', 'element: trips.started'));
    copy.edit('gold/trips', (text) => text.replace(/ +element: .*\n/, ''));
    expect(() => loadCatalogue(copy.folder)).toThrow(
      /silver\/trips\/contract\.yaml:\d+: slaProperties\.freshness\.element: no date or timestamp "trips\.started" in the schema/,
    );
    expect(() => loadCatalogue(copy.folder)).toThrow(
      /gold\/trips\/contract\.yaml:\d+: slaProperties\.freshness\.element: /,
    );
  });

  it('refuses retentions and keys of which maintenance could make nothing', () => {
    copy.edit('silver/trips', (text) => text.replace('[city_id, start_time]', '[city, start_time]'));
    copy.edit('bronze/events', (text) => text.replace('value: 400', 'value: 3'));
    copy.edit('gold/dim_city', (text) => `${text}  - property: zOrderBy\n    value: [city_id]\n`);
    copy.edit('bronze/events_quarantine', (text) =>
      text.replace('product: bronze.events\n', 'product: bronze.event\n'),
    );
    for (const problem of [
      /silver\/trips\/contract\.yaml:\d+: customProperties\.zOrderBy: no column "city"/,
      /bronze\/events\/contract\.yaml:\d+: customProperties\.versionRetentionDays: must not be more than logRetentionDays/,
      /gold\/dim_city\/contract\.yaml:\d+: customProperties\.zOrderBy: needs a partitioned column/,
      /bronze\/events_quarantine\/contract\.yaml:\d+: customProperties\.build\.product: no product "bronze\.event"/,
    ])
      expect(() => loadCatalogue(copy.folder)).toThrow(problem);
  });

  it('tolerates nothing in keys alone', () => {
    for (const { folder: place } of loadCatalogue().products.values()) {
      const { schema } = parse(readFileSync(join(place, 'contract.yaml'), 'utf8')) as Contract;
      for (const { name, primaryKey, quality = [] } of schema[0].properties)
        for (const rule of quality)
          expect(rule.mustBe === 0, `${place} ${name} ${rule.metric}`).toBe(
            primaryKey === true && rule.metric === 'missingValues',
          );
    }
  });

  it.each([
    [
      'silver/trips',
      'classification: internal',
      'clasification: internal',
      'properties.0.clasification: is unknown here',
    ],
    ['silver/trips', 'domain: rides', 'domains: rides', 'domains: is unknown here'],
    ['silver/trips', 'intervalsPerJob', 'intervalPerJob', 'customProperties.intervalPerJob: is unknown here'],
    ['silver/trips', 'kind: batch', 'kind: bash', 'customProperties.build.kind: '],
    ['silver/trips', 'kind: batch', 'kind: sql', 'build.kind: there is no model.sql beside the contract'],
    ['silver/trips', 'physicalType: decimal(12,2)', 'physicalType: decimal', 'physicalType: must be string, '],
    ['silver/trips', 'logicalType: timestamp', 'logicalType: date', 'logicalType: must be that of the physicalType'],
    ['silver/trips', 'toOffset: 72', 'toOffset: -72', 'inputs.0.toOffset: must be more than fromOffset'],
    ['silver/trips', 'property: latency', 'property: freshness', 'slaProperties: has an entry twice'],
    ['silver/trips', 'unit: h', 'unit: hours', 'slaProperties.freshness.unit: '],
    ['gold/trips', 'sortKeys: [trip_date,', 'sortKeys: [date,', 'customProperties.warehouse: no column "date"'],
    ['gold/dim_city', 'file: cities.csv', 'file: towns.csv', 'build.file: there is no file "towns.csv"'],
    ['gold/dim_city', 'kind: DataContract', 'kind: "DataContract', 'Missing closing'],
  ])('says where %s is wrong: %s', (product, right, wrong, problem) => {
    const before = readFileSync(join(copy.folder, product, 'contract.yaml'), 'utf8').split(right)[0] ?? '';
    copy.edit(product, (text) => text.replace(right, wrong));
    const told = (): string => {
      try {
        loadCatalogue(copy.folder);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const line = told()
      .split('\n')
      .find((each) => each.includes(problem));
    expect(line, told()).toContain(`products/${product}/contract.yaml:`);
    if (problem.includes('unknown')) expect(line).toContain(`contract.yaml:${before.split('\n').length}: `);
  });

  it('refuses products that are made from each other', () => {
    copy.edit('silver/trips', (text) => text.replace('product: bronze.events', 'product: gold.trips'));
    expect(() => loadCatalogue(copy.folder)).toThrow(
      'in a circle: gold.daily_metrics reads silver.trips reads gold.trips reads silver.trips',
    );
  });

  it('refuses hours that are made from another product: nothing would plan them', () => {
    copy.edit('gold/trips', (text) => text.replace('value: date', 'value: hour'));
    expect(() => loadCatalogue(copy.folder)).toThrow(
      /gold\/trips\/contract\.yaml:\d+: customProperties\.inputs: must be empty/,
    );
  });

  it('takes each product’s schedule from its contract: its own, its writer’s, or the daily batch', () => {
    const ids = ['bronze.events', 'bronze.events_quarantine', 'silver.trips'].map(
      (key) => loadCatalogue().get(key).cadence.scheduleId,
    );
    expect(ids).toEqual(['hourly-bronze', 'hourly-bronze', 'daily-batch']);
    copy.edit('bronze/events', (text) => text.replace('scheduleId: hourly-bronze', 'scheduleId: daily-batch'));
    expect(() => loadCatalogue(copy.folder)).toThrow(
      /bronze\/events\/contract\.yaml:\d+: customProperties\.source\.schedule\.scheduleId: "daily-batch" is another schedule/,
    );
  });

  it('holds views apart: nothing builds them', () => {
    const catalogue = loadCatalogue();
    expect(catalogue.views.get('gold.fact_trip')).toMatchObject({ reads: ['gold.trips'], table: 'gold.fact_trip' });
    expect(() => catalogue.get('gold.fact_trip')).toThrow(
      'Nothing builds "gold.fact_trip": it is a view over gold.trips.',
    );
  });

  it.each([
    ['product: gold.trips', 'product: silver.trips', 'inputs.0: "silver.trips" is no product that the warehouse has'],
    ['product: gold.trips', 'product: gold.dim_city', 'inputs: model.sql reads gold.trips, which is no input'],
    ['product: gold.trips', 'product: gold.dim_city', 'inputs: model.sql does not read gold.dim_city'],
    [
      'customProperties:',
      'slaProperties:\n  - property: latency\n    value: 1\ncustomProperties:',
      'as old as what it',
    ],
    ['  - property: inputs', '  - property: grain\n    value: date\n  - property: inputs', 'grain: is unknown here'],
    [
      '        classification: internal',
      '        classification: internal\n        quality: [{ metric: missingValues, arguments: { missingValues: [a] }, mustBe: 1, severity: error }]',
      'has rules that nobody would measure',
    ],
  ])('refuses what a view cannot be: %s', (right, wrong, problem) => {
    copy.edit('gold/fact_trip', (text) => text.replace(right, wrong));
    expect(() => loadCatalogue(copy.folder)).toThrow(problem);
  });

  it('refuses a contract in a folder of another name', () => {
    copy.edit('silver/trips', (text) => text.replace('id: silver.trips', 'id: silver.journeys'));
    expect(() => loadCatalogue(copy.folder)).toThrow(/"silver\.journeys" must be "silver\.trips"/);
    copy.edit('gold/dim_city', (text) => text.replace('id: gold.dim_city', 'id: gold.trips'));
    expect(() => loadCatalogue(copy.folder)).toThrow(/"gold\.trips" must be "gold\.dim_city"/);
  });

  it('names the products there are when asked for another', () => {
    expect(() => loadCatalogue().get('gold.trip')).toThrow(/no product "gold\.trip"\. Products: bronze\.events/);
  });
});
