import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dailyBatch, freshnessSchedule } from './cadences.ts';
import { ContractFile } from './contract-file.ts';
import {
  type Contracted,
  bookkeepingOfStream,
  isSettled,
  isStream,
  isView,
  type Product,
  type RawProduct,
  readContract,
  type SettledStream,
  type Stream,
  type View,
} from './product.ts';

/** The product whose builds write this one's table: its own, as a rule. */
export const writerOf = ({ key, build }: Product): string => (build.kind === 'written-with' ? build.product : key);

export const rawProducts = ({ products }: Pick<Catalogue, 'products'>): RawProduct[] =>
  [...products.values()].filter((product): product is RawProduct => product.source !== undefined);

/** What the warehouse knows of streams, and products may not have. */
export const ownTables = {
  settledDates: 'public.settled_dates',
  liveDates: 'public.live_dates',
  mergedFiles: 'streaming.merged_files',
  divergence: 'streaming.divergence',
  reconciliations: 'streaming.reconciliations',
  guards: 'streaming.guards',
} as const;

export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
}

export interface Catalogue {
  /** Every table that is built, by key, each after those that it is made from. */
  readonly products: ReadonlyMap<string, Product>;
  /** Every view, by key, each after those that it reads. */
  readonly views: ReadonlyMap<string, View>;
  /** Every table that a stream keeps, by key. */
  readonly streams: ReadonlyMap<string, Stream>;
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
  const streams = new Map<string, Stream>();
  for (const { contract } of read) {
    if (!contract) continue;
    if (isView(contract)) views.set(contract.key, contract);
    else if (isStream(contract)) streams.set(contract.key, contract);
    else products.set(contract.key, contract);
  }
  for (const { file, contract } of read) {
    if (!contract) continue;
    if (isView(contract)) checkView(file, contract, { products, views, streams });
    else if (isStream(contract)) checkStream(file, contract, { products, streams });
    else checkProduct(file, contract, products);
  }
  checkTables(read);
  const problems = read.flatMap(({ file }) => file.problems);
  if (problems.length > 0) throw new CatalogueError(`The contracts are not valid:\n  ${problems.join('\n  ')}`);
  const ordered = inBuildOrder(products);
  return {
    products: ordered,
    views: inReadOrder(views),
    streams,
    get(key) {
      const product = ordered.get(key);
      if (product) return product;
      const view = views.get(key);
      if (view) throw new CatalogueError(`Nothing builds "${key}": it is a view over ${view.reads.join(', ')}.`);
      if (streams.has(key)) throw new CatalogueError(`Nothing builds "${key}": a stream keeps it (mergeRealtime).`);
      throw new CatalogueError(`There is no product "${key}". Products: ${[...ordered.keys()].join(', ')}.`);
    },
  };
}

/** The table that a stream keeps, or a CatalogueError that names those there are. Without a key, the one that the batch settles. */
export function streamOf(catalogue: Pick<Catalogue, 'streams'>, key: string | undefined): Stream {
  if (key === undefined) return settledStreamOf(catalogue, key);
  const stream = catalogue.streams.get(key);
  if (stream) return stream;
  throw new CatalogueError(`No stream keeps "${key}": ${[...catalogue.streams.keys()].join(', ') || 'there is none'}.`);
}

/** The same of those that the batch settles. */
export function settledStreamOf(catalogue: Pick<Catalogue, 'streams'>, key: string | undefined): SettledStream {
  const settled = settledStreams(catalogue);
  const stream = key === undefined ? settled[0] : settled.find((each) => each.key === key);
  if (stream) return stream;
  const wanted = key === undefined ? 'The batch settles no stream’s table' : `The batch settles no table "${key}"`;
  throw new CatalogueError(`${wanted}: ${settled.map((each) => each.key).join(', ') || 'there is none'}.`);
}

/** The tables that are compared with what the batch makes, and stay as they are. */
export const comparedStreams = ({ streams }: Pick<Catalogue, 'streams'>): Stream[] =>
  [...streams.values()].filter(({ comparedWith }) => comparedWith !== undefined);

/** What the batch has of a stream's rows: what settles its table, or is compared with it. Throws a CatalogueError for another. */
export function batchOf(catalogue: Catalogue, key: string): Product {
  const stream = streamOf(catalogue, key);
  const batch = isSettled(stream) ? stream.settledBy : stream.comparedWith;
  if (batch === undefined) throw new CatalogueError(`Nothing settles "${key}", nor is it compared with anything.`);
  return catalogue.get(batch);
}

/** The tables in which the batch's rows take the stream's place. */
export const settledStreams = ({ streams }: Pick<Catalogue, 'streams'>): SettledStream[] =>
  [...streams.values()].filter(isSettled);

/** The table whose dates a product's take the place of. */
export const settledStream = (catalogue: Pick<Catalogue, 'streams'>, product: string): SettledStream | undefined =>
  settledStreams(catalogue).find(({ settledBy }) => settledBy === product);

/** Views that are read before those that read them. Throws a CatalogueError that names a circle. */
function inReadOrder(views: ReadonlyMap<string, View>): ReadonlyMap<string, View> {
  const ordered = new Map<string, View>();
  const place = (view: View, readers: readonly string[]): void => {
    if (ordered.has(view.key)) return;
    if (readers.includes(view.key))
      throw new CatalogueError(`Views read each other in a circle: ${[...readers, view.key].join(' reads ')}.`);
    for (const read of view.reads.flatMap((key) => views.get(key) ?? [])) place(read, [...readers, view.key]);
    ordered.set(view.key, view);
  };
  for (const view of views.values()) place(view, []);
  return ordered;
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

/** Where the warehouse holds it. */
const tableOf = (contract: Contracted): string | undefined =>
  isView(contract) ? contract.table : contract.warehouse?.table;

/** No two products have one table of the warehouse, and none has one of Tideline's own. */
function checkTables(read: readonly { readonly file: ContractFile; readonly contract: Contracted | null }[]): void {
  const own = new Set<string>(Object.values(ownTables));
  const owners = new Map<string, string>();
  for (const { file, contract } of read) {
    if (!contract) continue;
    for (const table of [tableOf(contract), isStream(contract) ? contract.files.table : undefined]) {
      if (table === undefined) continue;
      const owner = table.startsWith('meta.') || own.has(table) ? 'Tideline’s own' : owners.get(table);
      if (owner !== undefined) file.add(`"${table}" is ${owner}`, ['customProperties', 'warehouse', 'table']);
      owners.set(table, `the table of ${contract.key}`);
    }
  }
}

type Known = Pick<Catalogue, 'products' | 'views' | 'streams'>;

/** A view names the tables of its inputs in the warehouse, and no others. */
function checkView(file: ContractFile, { reads, select }: View, { products, views, streams }: Known): void {
  const inputs = reads.map((key) => products.get(key) ?? views.get(key) ?? streams.get(key));
  for (const [index, input] of inputs.entries())
    if (!input || tableOf(input) === undefined)
      file.add(`"${reads[index] ?? ''}" is no product that the warehouse has`, ['customProperties', 'inputs', index]);
  const tables = inputs.flatMap((input) => (input && tableOf(input)) ?? []);
  // Of which dates a stream's rows are to be read stands beside them.
  if (inputs.some((input) => input && isStream(input) && isSettled(input))) tables.push(ownTables.liveDates);
  checkTablesRead(file, 'model.sql', select, tables, { products, views, streams }, [ownTables.liveDates]);
}

/** A stream's SQL reads its files, and what settles it. */
function checkStream(
  file: ContractFile,
  stream: Stream,
  { products, streams }: Pick<Known, 'products' | 'streams'>,
): void {
  const known = { products, views: new Map<string, View>(), streams };
  checkTablesRead(file, 'stream.sql', stream.fromFiles, [stream.files.table], known);
  if (stream.comparedWith !== undefined) checkComparison(file, stream, products.get(stream.comparedWith));
  if (!isSettled(stream)) return;
  const at = ['customProperties', 'stream', 'settledBy'];
  const settling = products.get(stream.settledBy);
  if (!settling?.warehouse || settling.partitionColumn === undefined)
    file.add(`"${stream.settledBy}" is no product by date that the warehouse has`, at);
  if (settledStreams({ streams }).length > 1)
    file.add('is beside another: the tables of live and settled dates know one stream', at);
  checkTablesRead(file, 'batch.sql', stream.fromBatch, settling?.warehouse ? [settling.warehouse.table] : [], known);
}

/** What a stream's table is compared with has its rows by date, in the warehouse, with all that the stream says of them. */
function checkComparison(file: ContractFile, stream: Stream, batch: Product | undefined): void {
  const at = ['customProperties', 'stream', 'comparedWith'];
  if (!batch?.warehouse || batch.partitionColumn === undefined) {
    file.add(`"${stream.comparedWith ?? ''}" is no product by date that the warehouse has`, at);
    return;
  }
  const names = new Set([...batch.columns.map(({ name }) => name), ...bookkeepingOfStream]);
  for (const { name } of stream.columns.filter((column) => !names.has(column.name)))
    file.add(`${batch.key} has no column "${name}"`, at);
}

/** SQL names these tables of the warehouse, and of the schemas that products have no others but what it may. */
function checkTablesRead(
  file: ContractFile,
  name: string,
  sql: string,
  tables: readonly string[],
  known: Known,
  may: readonly string[] = [],
): void {
  const contracted = [known.products, known.views, known.streams].flatMap((each) => [...each.values()]);
  const schemas = new Set(contracted.flatMap((each) => (tableOf(each) ?? each.layer).split('.')[0] ?? []));
  const named = new Set([...sql.matchAll(/\b[a-z]+\.[a-z]\w*/g)].map(([word]) => word));
  const allowed = new Set([...tables, ...may]);
  for (const table of [...named].filter((word) => schemas.has(word.split('.')[0] ?? '') && !allowed.has(word)))
    file.add(`${name} reads ${table}, which is no input`, ['customProperties', 'inputs']);
  for (const table of tables.filter((each) => !named.has(each)))
    file.add(`${name} does not read ${table}`, ['customProperties', 'inputs']);
}
