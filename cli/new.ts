import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { stringify } from 'yaml';
import { type Catalogue, loadCatalogue, productsFolder } from '../model/catalogue.ts';
import type { Product } from '../model/product.ts';
import type { Column } from '../model/contract.ts';
import { root } from './environment.ts';
import { writeChart } from './graph.ts';

// Python's reader takes an unquoted date for a date, where a case means text.
const yaml = (value: unknown): string =>
  stringify(value, { version: '1.1', singleQuote: true, aliasDuplicateObjects: false });

/** Files of a new product by their name. It has the key and the partition of what it reads, until somebody says more. */
export function newProduct(catalogue: Catalogue, key: string, input: string, purpose: string): Record<string, string> {
  if (!/^(silver|gold)\.[a-z][a-z0-9_]*$/.test(key))
    throw new RangeError(`"${key}" is no key of a new product: write silver.entity or gold.entity, in snake_case.`);
  if ([catalogue.products, catalogue.views, catalogue.streams].some((known) => known.has(key)))
    throw new RangeError(`There is a product "${key}" already.`);
  const read = catalogue.get(input);
  if (read.grain !== 'date' || read.partitionColumn === undefined)
    throw new RangeError(`${input} has no dates that a new product could be built for: read a product that has.`);
  const columns = read.columns.filter(({ name, primaryKey }) => primaryKey || name === read.partitionColumn);
  const names = columns.map(({ name }) => name);
  return {
    'contract.yaml': contractOf(key, read, columns, purpose),
    'model.sql': `SELECT\n${names.map((name) => `    ${name}`).join(',\n')}\nFROM ${input}\n`,
    [join('cases', 'first.yaml')]: caseOf(key, read, columns),
  };
}

function contractOf(key: string, read: Product, columns: readonly Column[], purpose: string): string {
  const [layer = '', entity = ''] = key.split('.');
  const keys = columns.filter(({ primaryKey }) => primaryKey).map(({ name }) => name);
  const properties = columns.map(({ name, description, logicalType, physicalType, classification, ...column }) => ({
    ...{ name, description, logicalType, physicalType, required: true },
    ...(column.primaryKey && { primaryKey: true, primaryKeyPosition: column.primaryKeyPosition }),
    ...(column.partitioned && { partitioned: true, partitionKeyPosition: 1 }),
    classification,
  }));
  const builtAt = { name: 'processing_timestamp', description: 'When this row was built' };
  const timestamp = { logicalType: 'timestamp', physicalType: 'timestamp', required: true, classification: 'internal' };
  const custom = {
    grain: 'date',
    inputs: [{ product: read.key, fromOffset: 0, toOffset: 1 }],
    build: { kind: 'sql' },
    intervalsPerJob: 31,
    jobTimeoutMinutes: { shortest: 60, perInterval: 10 },
    ...(layer === 'gold' && { warehouse: { table: key, sortKeys: [read.partitionColumn] } }),
    versionRetentionDays: 7,
    logRetentionDays: 400,
  };
  return yaml({
    ...{ apiVersion: 'v3.1.0', kind: 'DataContract', id: key, version: '1.0.0', status: 'draft', name: key },
    domain: 'rides',
    description: { purpose },
    team: { name: 'data-platform', members: [{ username: 'data-platform', role: 'owner' }] },
    schema: [
      {
        name: entity,
        physicalName: `${layer}/${entity}`,
        physicalType: 'delta',
        dataGranularityDescription: `One row per ${keys.join(' and ')}`,
        properties: [...properties, { ...builtAt, ...timestamp }],
      },
    ],
    slaProperties: [
      { property: 'latency', value: read.latencyMinutes / 60 + 1, unit: 'h' },
      {
        property: 'freshness',
        value: freshnessOf(read),
        unit: 'h',
        element: `${entity}.${read.partitionColumn ?? ''}`,
      },
    ],
    customProperties: Object.entries(custom).map(([property, value]) => ({ property, value })),
  });
}

/** Hours that the newest date may be old, counted from its start: events of its last minutes are as old as the input's. */
function freshnessOf({ freshness, columns }: Product): number {
  const byDate = columns.some(
    ({ name, logicalType }) => freshness?.element.endsWith(`.${name}`) && logicalType === 'date',
  );
  return (freshness?.hours ?? 0) + (byDate ? 1 : 28);
}

/** A value of each type, as a case writes it. */
const samples: Readonly<Record<string, unknown>> = {
  string: 'a',
  boolean: true,
  int: 1,
  bigint: 1,
  double: 1.5,
  date: '2025-01-18',
  timestamp: '2025-01-18T10:00:00.000',
};

function caseOf(key: string, read: Product, columns: readonly Column[]): string {
  const value = ({ physicalType }: Column): unknown => samples[physicalType] ?? '1.00';
  const row = (of: readonly Column[]) => Object.fromEntries(of.map((column) => [column.name, value(column)]));
  // What the input cannot be without, beside what is copied.
  const needed = read.columns.filter(({ name, required }) => required && name !== 'processing_timestamp');
  return yaml({
    build: { start: samples.date },
    inputs: { [read.key]: [row([...new Set([...needed, ...columns])])] },
    expect: { [key]: [row(columns)] },
  });
}

export const newCommand = new Command('new').description('write the first files of something new');

newCommand
  .command('product')
  .description('a product that is one SELECT over another: its folder with contract, model and case, which are valid')
  .argument('<product>', 'such as gold.driver_days')
  .requiredOption('--reads <product>', 'what it is made from, such as silver.trips')
  .requiredOption('--purpose <text>', 'what it is for')
  .action((key: string, { reads, purpose }: { reads: string; purpose: string }) => {
    const files = newProduct(loadCatalogue(), key, reads, purpose);
    const folder = join(productsFolder, ...key.split('.'));
    if (existsSync(folder)) throw new RangeError(`${relative(root, folder)} is there already: remove it first.`);
    mkdirSync(join(folder, 'cases'), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
      console.log(`  ${relative(root, join(folder, name))}`);
    }
    writeChart(loadCatalogue());
    console.log(`\nWrite its columns into contract and model, then: npm run lake -- run ${key}`);
  });
