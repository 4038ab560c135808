import { describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../model/catalogue.ts';
import { useProductsCopy } from './products-copy.ts';

const copy = useProductsCopy();
const driver = 'silver/driver_metrics';

/** What a contract may not say; the pattern finds the property and the reason. */
const refused: readonly [product: string, right: string, wrong: string, problem: RegExp][] = [
  [
    'silver/trips',
    'mustBeLessOrEqualTo: 0.1',
    'mustBee: 0',
    /quality\.0: must have exactly one of mustBe, .*; has none/,
  ],
  ['silver/trips', 'mustBeLessOrEqualTo: 0.1', 'mustBee: 0', /quality\.0\.mustBee: is unknown here/],
  [
    'silver/trips',
    'mustBeLessOrEqualTo: 0.1',
    'mustBeBetween: [10, 1]',
    /quality\.0\.mustBeBetween: must be \[low, high\]/,
  ],
  [
    'silver/trips',
    'mustBeLessOrEqualTo: 0.1',
    'mustBe: 0\n            mustBeLessThan: 1',
    /exactly one of .*; has mustBe, mustBeLess/,
  ],
  [
    'silver/trips',
    'metric: invalidValues',
    'metric: invalidValuez',
    /schema\.0\.properties\.\d+\.quality\.0\.metric: /,
  ],
  ['silver/trips', 'severity: error', 'severity: fatal', /properties\.\d+\.quality\.0\.severity: /],
  ['silver/trips', 'unit: percent', 'unit: per cent', /quality\.0\.unit: /],
  ['silver/trips', 'minimum: -90', 'minimun: -90', /quality\.0\.arguments\.minimun: is unknown here/],
  ['silver/trips', 'minimum: -90', 'minimum: 91', /quality\.0\.arguments: minimum must not be more than maximum/],
  ['bronze/events', 'mustBeGreaterOrEqualTo: 95', 'mustBeGreaterOrEqualTo: most', /schema\.0\.quality\.0\.mustBeGr/],
  ['bronze/events', "pattern: '", "pattern: '([", /quality\.\d+\.arguments\.pattern: must be a regular expression/],
  [driver, 'minimum: 1', "validValues: ['one']", /quality\.0: validValues must be of the type number/],
  [driver, 'minimum: 1', "pattern: '1'", /quality\.0: pattern is for texts/],
  [
    'gold/dim_city',
    "missingValues: [null, '']",
    'missingValues: [null, 0]',
    /missingValues must be of the type string/,
  ],
  [
    driver,
    'physicalType: decimal(18,2)',
    'physicalType: decimal(18,20)',
    /physicalType: must have a precision from 1 to/,
  ],
  [driver, 'description: Driver\n', `description: ${'é'.repeat(200)}\n`, /description: must have at most 255 bytes/],
];

const inSchema = (quality: string) => `        quality: [${quality}]`;

describe('a contract is refused, with file and line,', () => {
  it.each(refused)('whose %s has instead of %s: %s', (product, right, wrong, problem) => {
    copy.edit(product, (text) => text.replace(right, wrong));
    expect(() => loadCatalogue(copy.folder)).toThrow(problem);
    expect(() => loadCatalogue(copy.folder)).toThrow(
      new RegExp(`products/${product}/contract\\.yaml:\\d+: schema\\.0\\.`),
    );
  });

  it('that says again what `required` and the primary key say', () => {
    const rule = '{ metric: nullValues, mustBe: 0, severity: critical }';
    copy.edit(driver, (text) => text.replace(/(primaryKeyPosition: 1\n.*\n)/, `$1${inSchema(rule)}\n`));
    copy.edit('gold/dim_city', (text) =>
      text.replace('          - metric: missingValues', `          - ${rule.replace('null', 'duplicate')}\n$&`),
    );
    copy.edit('silver/trips', (text) => text.replace('        required: true\n', ''));
    expect(() => loadCatalogue(copy.folder)).toThrow(/properties\.0\.quality\.0: is said by `required` already/);
    expect(() => loadCatalogue(copy.folder)).toThrow(/duplicateValues: is said by the primary key already/);
    expect(() => loadCatalogue(copy.folder)).toThrow(/a column of the primary key must be required/);
  });

  it('whose table nothing could build from dates, or find by them', () => {
    copy.edit(driver, (text) => text.replace(/ +partitioned: true\n +partitionKeyPosition: 1\n/, ''));
    copy.edit('gold/trips', (text) => text.replace('product: silver.trips', 'product: gold.dim_city'));
    copy.edit('gold/daily_metrics', (text) =>
      text.replace(/logicalType: date\n +physicalType: date/, 'logicalType: string\n        physicalType: string'),
    );
    expect(() => loadCatalogue(copy.folder)).toThrow(/inputs: need a partitioned column: a build of some dates would/);
    expect(() => loadCatalogue(copy.folder)).toThrow(/"gold\.dim_city" has no partitions: nothing would tell which/);
    expect(() => loadCatalogue(copy.folder)).toThrow(/partitioned: must be a date/);
  });

  it('that does not say how old its newest event may be', () => {
    copy.edit(driver, (text) => text.replace(/ {2}- property: freshness\n( {4}.*\n)+/, ''));
    expect(() => loadCatalogue(copy.folder)).toThrow(
      /slaProperties: must have freshness: how old the newest event may/,
    );
  });

  it('that reads an input by two windows', () => {
    const again = '      - { product: silver.trips, fromOffset: 1, toOffset: 2 }';
    copy.edit(driver, (text) => text.replace('      - product: silver.trips', `${again}\n$&`));
    expect(() => loadCatalogue(copy.folder)).toThrow(/inputs: must have each product once/);
  });

  it('that shares its table of the warehouse, or has one of Tideline’s own', () => {
    copy.edit('gold/dim_city', (text) => text.replace('table: gold.dim_city', 'table: meta.loads'));
    copy.edit('gold/trips', (text) => text.replace('table: gold.trips', 'table: gold.daily_metrics'));
    expect(() => loadCatalogue(copy.folder)).toThrow(/warehouse\.table: "meta\.loads" is Tideline’s own/);
    expect(() => loadCatalogue(copy.folder)).toThrow(/"gold\.daily_metrics" is the table of gold\.daily_metrics/);
  });

  it('with a quarantine rule of what has none, and with a sort that Delta refuses', () => {
    const share = '{ metric: validShare, mustBeGreaterOrEqualTo: 95, unit: percent, severity: error }';
    copy.edit(driver, (text) => text.replace('slaProperties:', `    quality: [${share}]\nslaProperties:`));
    copy.edit('silver/trips', (text) => text.replace('[city_id, start_time]', '[trip_date, end_lat]'));
    expect(() => loadCatalogue(copy.folder)).toThrow(/quality: validShare is for what is made from raw files/);
    expect(() => loadCatalogue(copy.folder)).toThrow(/zOrderBy: "trip_date" must be no partition and among/);
  });
});
