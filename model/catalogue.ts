import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dailyBatch, freshnessSchedule } from './cadences.ts';
import { ContractFile } from './contract-file.ts';
import { type Product, type RawProduct, readContract, type View } from './product.ts';

/** The product whose builds write this one's table: its own, as a rule. */
export const writerOf = ({ key, build }: Product): string => (build.kind === 'written-with' ? build.product : key);

export const rawProducts = ({ products }: Pick<Catalogue, 'products'>): RawProduct[] =>
  [...products.values()].filter((product): product is RawProduct => product.source !== undefined);

export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
}

export interface Catalogue {
  /** Every table that is built, by key, each after those that it is made from. */
  readonly products: ReadonlyMap<string, Product>;
  /** Every view, by key. */
  readonly views: ReadonlyMap<string, View>;
  /** The product, or a CatalogueError that names the products there are. */
  get(key: string): Product;
}

export const productsFolder = fileURLToPath(new URL('../products', import.meta.url));

/** Reads and checks all contracts; throws one CatalogueError that lists every problem with its file, line and path. */
export function loadCatalogue(folder = productsFolder): Catalogue {
  const read = globSync('*/*/contract.yaml', { cwd: folder })
    .sort()
    .map((name) => {
      const file = new ContractFile(readFileSync(join(folder, name), 'utf8'), name);
      return { file, contract: readContract(file, folder, dirname(name)) };
    });
  const products = new Map<string, Product>();
  const views = new Map<string, View>();
  for (const { contract } of read)
    if (contract && 'build' in contract) products.set(contract.key, contract);
    else if (contract) views.set(contract.key, contract);
  for (const { file, contract } of read)
    if (contract && 'build' in contract) checkProduct(file, contract, products);
    else if (contract) checkView(file, contract, products);
  checkTables(read);
  const problems = read.flatMap(({ file }) => file.problems);
  if (problems.length > 0) throw new CatalogueError(`The contracts are not valid:\n  ${problems.join('\n  ')}`);
  const ordered = inBuildOrder(products);
  return {
    products: ordered,
    views,
    get(key) {
      const product = ordered.get(key);
      if (product) return product;
      const view = views.get(key);
      throw new CatalogueError(
        view
          ? `Nothing builds "${key}": it is a view over ${view.reads.join(', ')}.`
          : `There is no product "${key}". Products: ${[...ordered.keys()].join(', ')}.`,
      );
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
    const writer = products.get(writerOf(product)) ?? product;
    ordered.set(key, { ...product, cadence: writer.cadence });
  };
  for (const product of products.values()) place(product, []);
  return ordered;
}

/** Products that are named are there, and no two share a schedule. */
function checkProduct(
  file: ContractFile,
  { key, inputs, build, source }: Product,
  products: ReadonlyMap<string, Product>,
): void {
  for (const [index, input] of inputs.entries()) {
    const read = products.get(input.product);
    const at = ['customProperties', 'inputs', index, 'product'];
    if (!read) file.add(`no product "${input.product}"`, at);
    else if (read.partitionColumn === undefined)
      file.add(
        `"${input.product}" has no partitions: nothing would tell which dates to build again when it changes`,
        at,
      );
  }
  if (build.kind === 'written-with' && !products.has(build.product))
    file.add(`no product "${build.product}"`, ['customProperties', 'build', 'product']);
  const { scheduleId } = source?.schedule ?? {};
  const others = rawProducts({ products }).filter((other) => other.key !== key);
  const taken = [dailyBatch.scheduleId, freshnessSchedule, ...others.map(({ cadence }) => cadence.scheduleId)];
  if (scheduleId !== undefined && taken.includes(scheduleId))
    file.add(`"${scheduleId}" is another schedule`, ['customProperties', 'source', 'schedule', 'scheduleId']);
}

/** No two products have one table of the warehouse, and none has one of Tideline's own. */
function checkTables(read: readonly { readonly file: ContractFile; readonly contract: Product | View | null }[]): void {
  const owners = new Map<string, string>();
  for (const { file, contract } of read) {
    const table = contract && ('build' in contract ? contract.warehouse?.table : contract.table);
    if (!table) continue;
    const owner = table.startsWith('meta.') ? 'Tideline’s own' : owners.get(table);
    if (owner !== undefined) file.add(`"${table}" is ${owner}`, ['customProperties', 'warehouse', 'table']);
    owners.set(table, `the table of ${contract.key}`);
  }
}

/** A view names the tables of its inputs in the warehouse, and no others. */
function checkView(file: ContractFile, { reads, select }: View, products: ReadonlyMap<string, Product>): void {
  const tables = reads.map((key) => products.get(key)?.warehouse?.table);
  for (const [index, table] of tables.entries())
    if (table === undefined)
      file.add(`"${reads[index] ?? ''}" is no product that the warehouse has`, ['customProperties', 'inputs', index]);
  const layers = new Set([...products.values()].map(({ layer }) => layer));
  const named = new Set([...select.matchAll(/\b[a-z]+\.[a-z]\w*/g)].map(([name]) => name));
  const foreign = [...named].filter((name) => layers.has(name.split('.')[0] ?? '') && !tables.includes(name));
  const unread = tables.filter((table) => table !== undefined && !named.has(table));
  for (const table of foreign) file.add(`model.sql reads ${table}, which is no input`, ['customProperties', 'inputs']);
  for (const table of unread) file.add(`model.sql does not read ${table}`, ['customProperties', 'inputs']);
}
