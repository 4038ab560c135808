import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Column,
  contractSchema,
  type CustomProperties,
  customSchema,
  type ServiceLevels,
  slaSchema,
} from './contract.ts';
import { ContractFile } from './contract-file.ts';

/** One data product as its contract declares it. */
export interface Product extends CustomProperties {
  readonly key: string;
  readonly layer: string;
  /** What it is for, in a sentence. */
  readonly purpose: string;
  /** The team that answers for it. */
  readonly owner: string;
  /** Holds the contract, its cases and what its rows are made from. */
  readonly folder: string;
  readonly columns: readonly Column[];
  /** The partition of the table; absent: every build replaces the whole table. */
  readonly partitionColumn?: string | undefined;
  /** How long after its schedule has fired an interval may take to be published. */
  readonly latencyMinutes: number;
  /** How old the newest event may be; absent: the product has no events. */
  readonly freshness?: ServiceLevels['freshness'];
}

/** The product whose builds write this one's table: its own, as a rule. */
export const writerOf = ({ key, build }: Product): string => (build.kind === 'written-with' ? build.product : key);

export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
}

/** Every product, by key, each after those that it is made from. */
export interface Catalogue {
  readonly products: ReadonlyMap<string, Product>;
  /** The product, or a CatalogueError that names the products there are. */
  get(key: string): Product;
}

export const productsFolder = fileURLToPath(new URL('../products', import.meta.url));

/** Reads and checks all contracts; throws one CatalogueError that lists every problem with its file, line and path. */
export function loadCatalogue(folder = productsFolder): Catalogue {
  const problems: string[] = [];
  const read = globSync('*/*/contract.yaml', { cwd: folder })
    .sort()
    .map((name) => {
      const file = new ContractFile(readFileSync(join(folder, name), 'utf8'), name);
      return { file, product: readProduct(file, folder, dirname(name)) };
    });
  const products = new Map(read.flatMap(({ product }) => (product ? [[product.key, product] as const] : [])));
  for (const { file, product } of read) {
    if (product) checkReferences(file, product, products);
    problems.push(...file.problems);
  }
  if (problems.length > 0) throw new CatalogueError(`The contracts are not valid:\n  ${problems.join('\n  ')}`);
  return {
    products: inBuildOrder(products),
    get(key) {
      const product = products.get(key);
      if (!product)
        throw new CatalogueError(`There is no product "${key}". Products: ${[...products.keys()].join(', ')}.`);
      return product;
    },
  };
}

/** Inputs before what is made from them, by name where that leaves a choice. Throws a CatalogueError that names a circle. */
function inBuildOrder(products: ReadonlyMap<string, Product>): ReadonlyMap<string, Product> {
  const ordered = new Map<string, Product>();
  const place = (product: Product, readers: readonly string[]): void => {
    const { key, inputs } = product;
    if (ordered.has(key)) return;
    if (readers.includes(key))
      throw new CatalogueError(`Contracts read each other in a circle: ${[...readers, key].join(' reads ')}.`);
    for (const input of inputs) {
      const read = products.get(input.product);
      if (read) place(read, [...readers, key]);
    }
    ordered.set(key, product);
  };
  for (const product of products.values()) place(product, []);
  return ordered;
}

/** One contract by itself; null where it is not valid. */
function readProduct(file: ContractFile, folder: string, place: string): Product | null {
  const contract = file.content === undefined ? null : file.check(contractSchema, file.content);
  if (!contract) return null;
  const custom = file.checkNamed(customSchema, 'customProperties', contract.customProperties, ({ value }) => value);
  const sla = file.checkNamed(slaSchema, 'slaProperties', contract.slaProperties, ({ property: _, ...rest }) => rest);
  if (!custom || !sla) return null;
  const { id: key } = contract;
  const [table] = contract.schema;
  const expected = place.split('/').join('.');
  for (const [property, value] of [
    ['id', contract.id],
    ['name', contract.name],
  ] as const)
    if (value !== expected) file.add(`"${value}" must be "${expected}", as its folder says`, [property]);
  if (table.physicalName !== place) file.add(`must be "${place}", as its folder says`, ['schema', 0, 'physicalName']);
  const partitionColumn = table.properties.find(({ partitioned }) => partitioned)?.name;
  if (custom.zOrderBy && !partitionColumn)
    file.add('needs a partitioned column: only partitions that have changed are sorted again', [
      'customProperties',
      'zOrderBy',
    ]);
  checkColumns(file, table, custom, sla);
  if (custom.build.kind === 'sql' && !existsSync(join(folder, place, 'model.sql')))
    file.add('there is no model.sql beside the contract', ['customProperties', 'build', 'kind']);
  if (custom.build.kind === 'reference' && !existsSync(join(folder, place, custom.build.file)))
    file.add(`there is no file "${custom.build.file}" beside the contract`, ['customProperties', 'build', 'file']);
  return {
    ...custom,
    key,
    layer: key.split('.')[0] ?? '',
    purpose: contract.description.purpose,
    owner: contract.team.name,
    folder: join(folder, place),
    columns: table.properties,
    partitionColumn,
    latencyMinutes: sla.latency,
    freshness: sla.freshness,
  };
}

/** Columns that are named outside of the schema are in it. */
function checkColumns(
  file: ContractFile,
  table: { readonly name: string; readonly properties: readonly Column[] },
  { zOrderBy = [], statsColumns = [], warehouse }: CustomProperties,
  { freshness }: ServiceLevels,
): void {
  const columns = new Set(table.properties.map(({ name }) => name));
  const named = { zOrderBy, statsColumns, warehouse: [warehouse?.distKey ?? [], warehouse?.sortKeys ?? []].flat() };
  for (const [property, names] of Object.entries(named))
    for (const column of names.filter((name) => !columns.has(name)))
      file.add(`no column "${column}" in the schema`, ['customProperties', property]);
  const [of, column = ''] = freshness?.element.split('.') ?? [];
  if (freshness && (of !== table.name || !columns.has(column)))
    file.add(`no "${freshness.element}" in the schema`, ['slaProperties', 'freshness', 'element']);
}

/** Products that are named are there. */
function checkReferences(file: ContractFile, { inputs, build }: Product, products: ReadonlyMap<string, Product>): void {
  for (const [index, input] of inputs.entries())
    if (!products.has(input.product))
      file.add(`no product "${input.product}"`, ['customProperties', 'inputs', index, 'product']);
  if (build.kind === 'written-with' && !products.has(build.product))
    file.add(`no product "${build.product}"`, ['customProperties', 'build', 'product']);
}
