import { z } from 'zod';
import { columnRuleSchema, tableRuleSchema, unfit } from './quality-rules.ts';

const productKey = z.string().regex(/^[a-z]+\.[a-z][a-z0-9_]*$/, 'must be layer.entity, such as silver.trips');
const columnName = z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be snake_case, such as trip_id');

/** What a column may be in Spark, and what ODCS calls that. */
const logicalTypes = {
  string: 'string',
  boolean: 'boolean',
  int: 'integer',
  bigint: 'integer',
  double: 'number',
  date: 'date',
  timestamp: 'timestamp',
} as const;
const physicalType = z
  .string()
  .regex(
    new RegExp(`^(${Object.keys(logicalTypes).join('|')}|decimal\\(\\d{1,2},\\d{1,2}\\))$`),
    `must be ${Object.keys(logicalTypes).join(', ')} or decimal(precision,scale)`,
  )
  .refine((type) => {
    const [precision = 1, scale = 0] = (type.match(/\d+/g) ?? []).map(Number);
    return precision >= 1 && precision <= 38 && scale <= precision;
  }, 'must have a precision from 1 to 38, and a scale that is not more');

/** What the Glue Data Catalog keeps of a description. */
const mostDescriptionBytes = 255;

const columnSchema = z
  .strictObject({
    name: columnName,
    description: z
      .string()
      .min(1)
      .refine((text) => new TextEncoder().encode(text).length <= mostDescriptionBytes, {
        message: `must have at most ${mostDescriptionBytes} bytes`,
      }),
    logicalType: z.enum(['string', 'boolean', 'integer', 'number', 'date', 'timestamp']),
    physicalType,
    required: z.boolean().default(false),
    primaryKey: z.boolean().default(false),
    primaryKeyPosition: z.int().positive().optional(),
    /** The partition of the Delta table: at most one column. */
    partitioned: z.boolean().default(false),
    partitionKeyPosition: z.literal(1).optional(),
    classification: z.enum(['public', 'internal', 'confidential', 'restricted']),
    quality: z.array(columnRuleSchema).default([]),
  })
  .refine((column) => logicalTypeOf(column.physicalType) === column.logicalType, {
    path: ['logicalType'],
    message: 'must be that of the physicalType',
  })
  .refine(({ primaryKey, primaryKeyPosition }) => primaryKey === (primaryKeyPosition !== undefined), {
    path: ['primaryKeyPosition'],
    message: 'must be there for columns of the primary key, and for no others',
  })
  .refine(({ partitioned, partitionKeyPosition }) => partitioned === (partitionKeyPosition !== undefined), {
    path: ['partitionKeyPosition'],
    message: 'must be 1 for the partition, and absent for other columns',
  })
  .refine(({ partitioned, physicalType: type }) => !partitioned || type === 'date', {
    path: ['partitioned'],
    message: 'must be a date: partitions are the dates of what a build reads and writes',
  })
  .superRefine(({ logicalType, required, quality }, context) => {
    for (const [index, rule] of quality.entries()) {
      const problem =
        required && rule.metric === 'nullValues' ? 'is said by `required` already' : unfit(rule, logicalType);
      if (problem) context.addIssue({ code: 'custom', path: ['quality', index], message: problem });
    }
  });

const logicalTypeOf = (type: string): string =>
  type.startsWith('decimal') ? 'number' : logicalTypes[type as keyof typeof logicalTypes];

const tableSchema = z
  .strictObject({
    name: columnName,
    physicalName: z.string(),
    /** A table of the lake, a view of the warehouse, or a table of it that a stream keeps; `parquet`: the stream's files. */
    physicalType: z.enum(['delta', 'view', 'stream', 'parquet']),
    dataGranularityDescription: z.string().min(1),
    properties: z.array(columnSchema).min(1),
    quality: z.array(tableRuleSchema).default([]),
  })
  .superRefine(({ properties, quality }, context) => {
    const columns = new Set(properties.map(({ name }) => name));
    const unique = quality.flatMap((rule) => (rule.metric === 'duplicateValues' ? [rule.arguments.properties] : []));
    for (const column of unique.flat().filter((name) => !columns.has(name)))
      context.addIssue({ code: 'custom', path: ['quality'], message: `no column "${column}" in the schema` });
    const issue = (message: string): void => {
      context.addIssue({ code: 'custom', path: ['properties'], message });
    };
    const key = properties.filter(({ primaryKey }) => primaryKey).map(({ name }) => name);
    const isKey = (names: readonly string[]): boolean => [...names].sort().join() === [...key].sort().join();
    const alone = properties.filter((column) => column.quality.some(({ metric }) => metric === 'duplicateValues'));
    if ([...unique, ...alone.map(({ name }) => [name])].some(isKey))
      context.addIssue({
        code: 'custom',
        path: ['quality'],
        message: 'duplicateValues: is said by the primary key already',
      });
    if (properties.some(({ primaryKey, required }) => primaryKey && !required))
      issue('a column of the primary key must be required');
    if (columns.size < properties.length) issue('a column name is there more than once');
    if (properties.filter(({ partitioned }) => partitioned).length > 1) issue('only one column may be partitioned');
  });

/** An Open Data Contract (v3.1) with the properties that somebody here reads, and no others. */
export const contractSchema = z.strictObject({
  apiVersion: z.literal('v3.1.0'),
  kind: z.literal('DataContract'),
  id: productKey,
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'must be major.minor.patch'),
  status: z.enum(['draft', 'active', 'deprecated']),
  name: productKey,
  domain: z.string().min(1),
  description: z.strictObject({ purpose: z.string().min(1), limitations: z.string().min(1).optional() }),
  team: z.strictObject({
    name: z.string().min(1),
    members: z.array(z.strictObject({ username: z.string().min(1), role: z.enum(['owner', 'steward']) })).min(1),
  }),
  /** The table; of a stream also the files that it writes. */
  schema: z.tuple([tableSchema], tableSchema),
  slaProperties: z
    .array(
      z.strictObject({
        property: z.string(),
        value: z.unknown(),
        unit: z.string().optional(),
        element: z.string().optional(),
        description: z.string().optional(),
      }),
    )
    .default([]),
  customProperties: z.array(z.strictObject({ property: z.string(), value: z.unknown() })),
});

const minutesOf = { min: 1, h: 60, d: 1_440 } as const;
const duration = { value: z.number().positive(), unit: z.enum(['min', 'h', 'd']) };

/** The service levels, by the names that ODCS gives them. */
export const slaSchema = z.strictObject({
  latency: z.strictObject(duration).transform(({ value, unit }) => value * minutesOf[unit]),
  /** `element` is the column that says how fresh the data is, as `table.column`. */
  freshness: z
    .strictObject({ ...duration, element: z.string(), description: z.string().optional() })
    .transform(({ value, unit, element }) => ({ hours: (value * minutesOf[unit]) / 60, element }))
    .optional(),
});

/** How a product's rows come to be. */
const buildSchema = z.discriminatedUnion('kind', [
  /** By the module of its name in spark-jobs. */
  z.strictObject({ kind: z.literal('batch') }),
  /** By the SELECT in `model.sql` beside the contract. */
  z.strictObject({ kind: z.literal('sql') }),
  /** From a file beside the contract, which replaces the whole table. */
  z.strictObject({ kind: z.literal('reference'), file: z.string().regex(/^[\w-]+\.csv$/, 'must be a .csv file') }),
  /** By the builds of another product, which claims are made for. */
  z.strictObject({ kind: z.literal('written-with'), product: productKey }),
]);

const inputSchema = z
  .strictObject({ product: productKey, fromOffset: z.int(), toOffset: z.int() })
  .refine(({ fromOffset, toOffset }) => fromOffset < toOffset, {
    path: ['toOffset'],
    message: 'must be more than fromOffset: the run is half-open',
  });

const warehouseTable = z.string().regex(/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/, 'must be schema.table');

/** What ODCS has no word for. */
export const customSchema = z
  .strictObject({
    grain: z.enum(['hour', 'date']),
    build: buildSchema,
    inputs: z.array(inputSchema).default([]),
    source: z
      .strictObject({
        /** The folder of the raw bucket in which `year=…/month=…/day=…/hour=…/` lie. */
        folder: z.string().regex(/^[a-z0-9_-]+(\/[a-z0-9_-]+)*$/, 'must be a path such as raw/events'),
        /** The schedule that builds each hour after its end. */
        schedule: z.strictObject({
          scheduleId: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be kebab-case, such as hourly-bronze'),
          firesAfterMinutes: z.int().min(0).max(59),
        }),
        /** How long the delivery collects events before it writes a file (Firehose: 15 minutes at most). */
        filesEveryMinutes: z.int().positive(),
        /** Older events are quarantined. */
        earliestEvent: z.iso.date(),
        /** Lines of other versions are searched for unknown fields. */
        knownSchemaVersions: z.array(z.string()).min(1),
      })
      .optional(),
    intervalsPerJob: z.int().positive(),
    /** How long a build's job may run: `shortest`, or, where that is more, so many minutes for each interval. */
    jobTimeoutMinutes: z
      .strictObject({ shortest: z.int().positive(), perInterval: z.int().nonnegative().default(0) })
      .optional(),
    warehouse: z
      .strictObject({
        table: warehouseTable,
        /** The column that spreads the rows over the nodes; absent: every node has all of them. */
        distKey: columnName.optional(),
        sortKeys: z.array(columnName).min(1),
      })
      .optional(),
    zOrderBy: z.array(columnName).min(1).optional(),
    /** Columns whose minima and maxima the Delta log keeps; absent: Delta's own choice. */
    statsColumns: z.array(columnName).min(1).optional(),
    /** How long every version of the table can be read, in days. */
    versionRetentionDays: z.int().positive(),
    /** How long the table's commits are kept, in days. */
    logRetentionDays: z.int().positive(),
  })
  .refine(({ grain, inputs }) => grain !== 'hour' || inputs.length === 0, {
    path: ['inputs'],
    message: 'must be empty: hours are made from raw files; what is made from products is built by date',
  })
  .refine(({ inputs }) => new Set(inputs.map(({ product }) => product)).size === inputs.length, {
    path: ['inputs'],
    message: 'must have each product once: one window holds all that is read of it',
  })
  .refine(({ build, grain, source }) => (build.kind === 'batch' && grain === 'hour') === (source !== undefined), {
    path: ['source'],
    message: 'must be there for what is made from raw files, and for nothing else',
  })
  .refine(({ versionRetentionDays, logRetentionDays }) => versionRetentionDays <= logRetentionDays, {
    path: ['versionRetentionDays'],
    message: 'must not be more than logRetentionDays: a version cannot be read without its commits',
  });

/** The same of a view: it has no intervals. */
export const viewSchema = z.strictObject({
  inputs: z.array(z.strictObject({ product: productKey })).min(1),
  warehouse: z.strictObject({ table: warehouseTable }),
});

/** The same of a table of the warehouse that a stream keeps, and the batch may correct. */
export const streamSchema = z.strictObject({
  stream: z
    .strictObject({
      /** How long rows stay, where the batch settles dates once it has settled theirs. */
      retentionHours: z.int().positive(),
      /** The instant whose date is a row's. */
      timeColumn: columnName,
      /** The product whose published dates take the place of the stream's; absent: the stream's rows stay. */
      settledBy: productKey.optional(),
      /** The product that has the same rows as the batch makes them, for a figure of how far the two are apart. */
      comparedWith: productKey.optional(),
    })
    .refine(({ settledBy, comparedWith }) => settledBy === undefined || comparedWith === undefined, {
      path: ['comparedWith'],
      message: 'must not be there beside settledBy, which compares before it settles',
    }),
  warehouse: z.strictObject({
    table: warehouseTable,
    distKey: columnName,
    sortKeys: z.array(columnName).min(1),
  }),
});

export type Column = z.infer<typeof columnSchema>;
export type Contract = z.infer<typeof contractSchema>;
export type CustomProperties = z.infer<typeof customSchema>;
export type ServiceLevels = z.infer<typeof slaSchema>;
