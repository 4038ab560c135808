import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { columnRuleSchema, tableRuleSchema } from './quality-rules.ts';

const productKey = z.string().regex(/^[a-z]+\.[a-z][a-z0-9_]*$/, 'must be layer.entity, such as silver.trips');

const columnSchema = z.object({ name: z.string(), quality: z.array(columnRuleSchema).default([]) }).loose();

const tableSchema = z
  .object({
    name: z.string(),
    properties: z.array(columnSchema).min(1),
    quality: z.array(tableRuleSchema).default([]),
  })
  .loose()
  .superRefine(({ properties, quality }, context) => {
    const columns = new Set(properties.map(({ name }) => name));
    const compared = quality.flatMap((rule) => (rule.metric === 'duplicateValues' ? rule.arguments.properties : []));
    for (const column of compared.filter((name) => !columns.has(name)))
      context.addIssue({ code: 'custom', path: ['quality'], message: `no column "${column}" in the schema` });
  });

/** The parts of an Open Data Contract (v3.1) that the orchestrator reads; Spark jobs read the rest. */
const contractSchema = z.object({
  apiVersion: z.literal('v3.1.0'),
  kind: z.literal('DataContract'),
  id: productKey,
  version: z.string(),
  status: z.string(),
  name: z.string(),
  schema: z.array(tableSchema).length(1),
  slaProperties: z.array(
    z.object({
      property: z.string(),
      value: z.unknown(),
      unit: z.string().optional(),
      element: z.string().optional(),
    }),
  ),
  customProperties: z.array(z.object({ property: z.string(), value: z.unknown() })),
});

const customSchema = z
  .object({
    grain: z.enum(['hour', 'date']),
    inputs: z.array(z.object({ product: productKey, fromOffset: z.int(), toOffset: z.int() })).default([]),
    job: z.string(),
    intervalsPerJob: z.int().positive(),
    /** How long a build's job may run: `shortest`, or, where that is more, so many minutes for each interval. */
    jobTimeoutMinutes: z
      .strictObject({ shortest: z.int().positive(), perInterval: z.int().nonnegative().default(0) })
      .optional(),
    warehouseTable: z.string().optional(),
    partitionColumn: z.string().optional(),
    zOrderBy: z.array(z.string()).min(1).optional(),
    /** How long every version of the table can be read, in days. */
    versionRetentionDays: z.int().positive(),
    /** How long the table's commits are kept, in days. */
    logRetentionDays: z.int().positive(),
    /** How long the delivery collects events before it writes a file (Firehose: 15 minutes at most); absent: no raw files. */
    rawFilesEveryMinutes: z.int().positive().optional(),
    /** The product whose builds write this one too. */
    writtenBy: productKey.optional(),
  })
  .refine(({ zOrderBy, partitionColumn }) => !zOrderBy || partitionColumn, {
    path: ['zOrderBy'],
    message: 'needs a partitionColumn: only partitions that have changed are sorted again',
  })
  .refine(({ grain, inputs }) => grain !== 'hour' || inputs.length === 0, {
    path: ['inputs'],
    message: 'must be empty: hours are made from raw files; what is made from products is built by date',
  })
  .refine(({ versionRetentionDays, logRetentionDays }) => versionRetentionDays <= logRetentionDays, {
    path: ['versionRetentionDays'],
    message: 'must not be more than logRetentionDays: a version cannot be read without its commits',
  });

const latencySchema = z.object({ value: z.number().positive(), unit: z.literal('h') });

/** `element` is the column that says how fresh the data is, as `table.column`. */
const freshnessSchema = z
  .object({ value: z.number().positive(), unit: z.literal('h'), element: z.string() })
  .transform(({ value, element }) => ({ hours: value, element }))
  .optional();

/** One data product as its contract declares it. `folder` holds the contract, its SQL and its cases. */
export interface Product extends z.infer<typeof customSchema> {
  readonly key: string;
  readonly layer: string;
  readonly folder: string;
  readonly columns: readonly string[];
  /** How long after its schedule has fired an interval may take to be published. */
  readonly latencyHours: number;
  /** How old the newest event may be; absent: the product has no events. */
  readonly freshness?: { readonly hours: number; readonly element: string } | undefined;
}

export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
}

/** Every product, by key. */
export interface Catalogue {
  readonly products: ReadonlyMap<string, Product>;
  /** The product, or a CatalogueError that names the products there are. */
  get(key: string): Product;
}

export const productsFolder = dirname(fileURLToPath(import.meta.url));

/** Reads and checks all contracts; throws one CatalogueError that lists every problem with its file and path. */
export function loadCatalogue(folder = productsFolder): Catalogue {
  const problems: string[] = [];
  const products = new Map<string, Product>();
  for (const file of globSync('*/*/contract.yaml', { cwd: folder }).sort()) {
    const report = (issues: z.core.$ZodIssue[], at = ''): void => {
      for (const issue of issues) problems.push(`products/${file}: ${at}${issue.path.join('.')}: ${issue.message}`);
    };
    const contract = contractSchema.safeParse(parse(readFileSync(join(folder, file), 'utf8')));
    if (!contract.success) {
      report(contract.error.issues);
      continue;
    }
    const custom = customSchema.safeParse(
      Object.fromEntries(contract.data.customProperties.map(({ property, value }) => [property, value])),
    );
    if (!custom.success) {
      report(custom.error.issues, 'customProperties.');
      continue;
    }
    const sla = (name: string) => contract.data.slaProperties.find(({ property }) => property === name);
    const latency = latencySchema.safeParse(sla('latency'));
    const freshness = freshnessSchema.safeParse(sla('freshness'));
    if (!latency.success || !freshness.success) {
      report(latency.error?.issues ?? [], 'slaProperties.latency.');
      report(freshness.error?.issues ?? [], 'slaProperties.freshness.');
      continue;
    }
    const key = contract.data.id;
    const expected = relative('.', dirname(file)).split('/').join('.');
    if (key !== expected) problems.push(`products/${file}: id: "${key}" must be "${expected}", as its folder says`);
    const [table] = contract.data.schema;
    const columns = table?.properties.map((property) => property.name) ?? [];
    const elements = columns.map((column) => `${table?.name ?? ''}.${column}`);
    if (freshness.data && !elements.includes(freshness.data.element))
      problems.push(`products/${file}: slaProperties.freshness.element: no "${freshness.data.element}" in the schema`);
    for (const column of [custom.data.partitionColumn, ...(custom.data.zOrderBy ?? [])]) {
      if (column !== undefined && !columns.includes(column))
        problems.push(`products/${file}: customProperties: no column "${column}" in the schema`);
    }
    products.set(key, {
      ...custom.data,
      key,
      layer: key.split('.')[0] ?? '',
      folder: join(folder, dirname(file)),
      columns,
      latencyHours: latency.data.value,
      freshness: freshness.data,
    });
  }
  for (const product of products.values()) {
    for (const input of product.inputs) {
      if (!products.has(input.product))
        problems.push(`${product.key}: customProperties.inputs: no product "${input.product}"`);
    }
    if (product.writtenBy !== undefined && !products.has(product.writtenBy))
      problems.push(`${product.key}: customProperties.writtenBy: no product "${product.writtenBy}"`);
  }
  if (problems.length > 0) throw new CatalogueError(`The contracts are not valid:\n  ${problems.join('\n  ')}`);
  return {
    products,
    get(key) {
      const product = products.get(key);
      if (!product)
        throw new CatalogueError(`There is no product "${key}". Products: ${[...products.keys()].join(', ')}.`);
      return product;
    },
  };
}
