import {
  type Column as GlueColumn,
  CreateDatabaseCommand,
  CreateTableCommand,
  EntityNotFoundException,
  GetDatabaseCommand,
  type GlueClient,
  paginateGetTables,
  type Table,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import type { Catalogue } from '../model/catalogue.ts';
import type { Product } from '../model/product.ts';
import { type ChangeKind, type Difference, differencesOf } from '../model/changes.ts';
import type { Column } from '../model/contract.ts';

/** What has to happen to one table of the Glue Data Catalog, or, with a name without a dot, to a database. */
export interface GlueChange {
  readonly name: string;
  readonly kind: ChangeKind;
  readonly differences: readonly Difference[];
}

const glueColumn = ({ name, physicalType, description, classification }: Column): GlueColumn => ({
  Name: name,
  Type: physicalType,
  Comment: description,
  Parameters: { classification },
});

/**
 * A product's table as the Glue Data Catalog shall hold it: by `table_type` Athena (engine 3) knows that it is a Delta
 * table, by the provider Spark and Trino do. Athena asks the storage for the location, Spark and Trino the serde's `path`; all
 * else they read from its log. Columns are there for people, and for Lake Formation, which wants them in sync.
 * https://docs.aws.amazon.com/athena/latest/ug/delta-lake-tables.html
 */
function tableInput(product: Product, lakeUri: string): TableInput {
  const { key, layer, purpose, owner, columns, partitionColumn } = product;
  const location = `${lakeUri}/${key.replace('.', '/')}/`;
  const isPartition = ({ name }: Column): boolean => name === partitionColumn;
  return {
    Name: key.slice(layer.length + 1),
    Description: [purpose, product.limitations].filter(Boolean).join('. '),
    Owner: owner,
    TableType: 'EXTERNAL_TABLE',
    Parameters: {
      EXTERNAL: 'TRUE',
      table_type: 'DELTA',
      'spark.sql.sources.provider': 'delta',
      classification: 'delta',
      domain: product.domain,
      granularity: product.granularity,
      'contract.version': product.version,
      'contract.status': product.status,
    },
    PartitionKeys: columns.filter(isPartition).map(glueColumn),
    StorageDescriptor: {
      Location: location,
      Columns: columns.filter((column) => !isPartition(column)).map(glueColumn),
      InputFormat: 'org.apache.hadoop.mapred.SequenceFileInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat',
      SerdeInfo: {
        SerializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
        Parameters: { 'serialization.format': '1', path: location },
      },
    },
  };
}

/** What is declared of a table, in one form for both sides; parameters that others have set stay theirs. */
function declaredFields(table: Table | TableInput, ours: Readonly<Record<string, string>> = {}) {
  const plain = (columns: readonly GlueColumn[] = []) =>
    columns.map(({ Name, Type, Comment, Parameters }) => [Name, Type, Comment, Parameters?.classification].join(' · '));
  return {
    description: table.Description,
    owner: table.Owner,
    type: table.TableType,
    parameters: Object.fromEntries(Object.keys(ours).map((name) => [name, table.Parameters?.[name]])),
    location: table.StorageDescriptor?.Location,
    path: table.StorageDescriptor?.SerdeInfo?.Parameters?.path,
    columns: plain(table.StorageDescriptor?.Columns),
    partitionKeys: plain(table.PartitionKeys),
  };
}

async function tablesIn(client: GlueClient, database: string): Promise<Map<string, Table> | null> {
  try {
    await client.send(new GetDatabaseCommand({ Name: database }));
  } catch (error) {
    if (error instanceof EntityNotFoundException) return null;
    throw error;
  }
  const tables = new Map<string, Table>();
  for await (const page of paginateGetTables({ client }, { DatabaseName: database }))
    for (const table of page.TableList ?? []) tables.set(table.Name ?? '', table);
  return tables;
}

interface PlannedTable extends GlueChange {
  readonly database: string;
  readonly input: TableInput;
  readonly found: Table | undefined;
}

async function planDatabase(client: GlueClient, database: string, products: readonly Product[], lakeUri: string) {
  const found = await tablesIn(client, database);
  const tables = products.map((product): PlannedTable => {
    const input = tableInput(product, lakeUri);
    const table = found?.get(input.Name ?? '');
    const differences = table
      ? differencesOf(declaredFields(table, input.Parameters), declaredFields(input, input.Parameters))
      : [];
    const kind = table ? (differences.length > 0 ? 'update' : 'none') : 'create';
    return { name: product.key, kind, differences, database, input, found: table };
  });
  const names = new Set(tables.map(({ input }) => input.Name));
  const undeclared = [...(found?.keys() ?? [])].filter((name) => !names.has(name));
  const changes: GlueChange[] = [
    ...(found ? [] : [{ name: database, kind: 'create' as const, differences: [] }]),
    ...tables.map(({ name, kind, differences }) => ({ name, kind, differences })),
    ...undeclared.map((name) => ({ name: `${database}.${name}`, kind: 'undeclared' as const, differences: [] })),
  ];
  return { isMissing: found === null, tables, changes };
}

const byLayer = (catalogue: Catalogue): [string, Product[]][] => [
  ...Map.groupBy(catalogue.products.values(), ({ layer }) => layer),
];

/** The difference between the tables as the contracts declare them and as the Glue Data Catalog has them. */
export async function planGlue(client: GlueClient, catalogue: Catalogue, lakeUri: string): Promise<GlueChange[]> {
  const changes: GlueChange[] = [];
  for (const [layer, products] of byLayer(catalogue))
    changes.push(...(await planDatabase(client, layer, products, lakeUri)).changes);
  return changes;
}

/** Makes databases and tables as declared, and returns what it found before. What nobody declares stays. */
export async function applyGlue(client: GlueClient, catalogue: Catalogue, lakeUri: string): Promise<GlueChange[]> {
  const all: GlueChange[] = [];
  for (const [database, products] of byLayer(catalogue)) {
    const { isMissing, tables, changes } = await planDatabase(client, database, products, lakeUri);
    if (isMissing) await client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: database } }));
    for (const { kind, input, found } of tables) {
      if (kind === 'create') await client.send(new CreateTableCommand({ DatabaseName: database, TableInput: input }));
      if (kind === 'update') {
        const Parameters = { ...found?.Parameters, ...input.Parameters };
        const TableInput = { ...input, Parameters };
        await client.send(new UpdateTableCommand({ DatabaseName: database, TableInput }));
      }
    }
    all.push(...changes);
  }
  return all;
}
