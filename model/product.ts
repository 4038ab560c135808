import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cadence, dailyBatch } from './cadences.ts';
import {
  type Column,
  type Contract,
  contractSchema,
  type CustomProperties,
  customSchema,
  type ServiceLevels,
  slaSchema,
  streamSchema,
  viewSchema,
} from './contract.ts';
import type { ContractFile } from './contract-file.ts';

interface Described {
  readonly key: string;
  readonly layer: string;
  /** What it is for, in a sentence. */
  readonly purpose: string;
  /** The team that answers for it. */
  readonly owner: string;
  /** Holds the contract, its cases and what its rows are made from. */
  readonly folder: string;
  readonly columns: readonly Column[];
  readonly version: string;
  readonly status: Contract['status'];
  readonly domain: string;
  /** What one row stands for. */
  readonly granularity: string;
  /** What it does not tell, in a sentence. */
  readonly limitations?: string | undefined;
}

/** A table of the lake as its contract declares it: builds make its intervals. */
export interface Product extends Described, CustomProperties {
  /** The partition of the table; absent: every build replaces the whole table. */
  readonly partitionColumn?: string | undefined;
  /** The schedule that builds its intervals. */
  readonly cadence: Cadence;
  /** How long after its schedule has fired an interval may take to be published. */
  readonly latencyMinutes: number;
  /** How old the newest event may be; absent: the product has no events. */
  readonly freshness?: ServiceLevels['freshness'];
}

/** A product that is made from raw files. */
export type RawProduct = Product & { readonly source: NonNullable<Product['source']> };

/** A SELECT of the warehouse over tables that are loaded: nothing builds it, and it is as old as they are. */
export interface View extends Described {
  /** The products and views that it reads. */
  readonly reads: readonly string[];
  /** Its name in the warehouse. */
  readonly table: string;
  /** In Redshift's SQL. */
  readonly select: string;
}

/** A table of the warehouse into which the files of a stream are merged: nothing builds it. */
export interface Stream extends Described {
  readonly warehouse: NonNullable<Product['warehouse']>;
  /** What the stream writes: Parquet in folders `dt=YYYY-MM-DD/hh=HH` of the lake's bucket. */
  readonly files: {
    readonly folder: string;
    readonly columns: readonly Column[];
    /** The warehouse's table of their rows. */
    readonly table: string;
  };
  /** The instant whose date is a row's. */
  readonly timeColumn: string;
  /** How long rows stay, where the batch settles dates once it has settled theirs. */
  readonly retentionHours: number;
  /** The table's columns from the rows of the files, in Redshift's SQL. */
  readonly fromFiles: string;
  /** The product that has the same rows as the batch makes them; both stay as they are. */
  readonly comparedWith?: string | undefined;
  /** How long after its end a trip may take to be there. */
  readonly latencyMinutes: number;
}

/** One in which the stream's rows are provisional: a product of the lake settles their dates. */
export interface SettledStream extends Stream {
  readonly settledBy: string;
  /** The table's columns from the rows of that product, in Redshift's SQL. */
  readonly fromBatch: string;
}
export const isSettled = (stream: Stream): stream is SettledStream => 'settledBy' in stream;

/** What tells how a stream's row came, and not what it says. */
export const bookkeepingOfStream = ['version', 'processing_time'] as const;
/** The same where the batch settles dates: the sides may differ in them. */
export const bookkeeping = [...bookkeepingOfStream, 'source'] as const;

/** What the warehouse holds. */
export type Contracted = Product | View | Stream;
export const isStream = (contracted: Contracted): contracted is Stream => 'files' in contracted;
export const isView = (contracted: Contracted): contracted is View => 'select' in contracted;

/** One contract by itself; null where it is not valid. `place` is its folder, `layer/entity`, within `folder`. */
export function readContract(file: ContractFile, folder: string, place: string): Contracted | null {
  const contract = file.content === undefined ? null : file.check(contractSchema, file.content);
  if (!contract) return null;
  const [{ physicalName, physicalType, properties: columns, dataGranularityDescription }] = contract.schema;
  const { id: key, version, status, domain, description } = contract;
  const expected = place.split('/').join('.');
  for (const property of ['id', 'name'] as const)
    if (contract[property] !== expected)
      file.add(`"${contract[property]}" must be "${expected}", as its folder says`, [property]);
  if (physicalName !== place) file.add(`must be "${place}", as its folder says`, ['schema', 0, 'physicalName']);
  const described: Described = {
    key,
    layer: key.split('.')[0] ?? '',
    purpose: description.purpose,
    limitations: description.limitations,
    granularity: dataGranularityDescription,
    version,
    status,
    domain,
    owner: contract.team.name,
    folder: join(folder, place),
    columns,
  };
  if (physicalType === 'stream') return readStream(file, contract, described);
  if (contract.schema.length > 1) file.add('must be the only one: files of its own has a stream alone', ['schema', 1]);
  return physicalType === 'view' ? readView(file, contract, described) : readTable(file, contract, described);
}

function readTable(file: ContractFile, contract: Contract, described: Described): Product | null {
  const custom = file.checkNamed(customSchema, 'customProperties', contract.customProperties, ({ value }) => value);
  const sla = file.checkNamed(slaSchema, 'slaProperties', contract.slaProperties, ({ property: _, ...rest }) => rest);
  if (!custom || !sla) return null;
  const { folder, columns } = described;
  const partitionColumn = columns.find(({ partitioned }) => partitioned)?.name;
  if (custom.zOrderBy && !partitionColumn)
    file.add('needs a partitioned column: only partitions that have changed are sorted again', [
      'customProperties',
      'zOrderBy',
    ]);
  if (custom.inputs.length > 0 && partitionColumn === undefined)
    file.add('need a partitioned column: a build of some dates would replace the whole table by them', [
      'customProperties',
      'inputs',
    ]);
  if (!custom.source && contract.schema[0].quality.some(({ metric }) => metric === 'validShare'))
    file.add('validShare is for what is made from raw files: nothing else has a quarantine', ['schema', 0, 'quality']);
  if (partitionColumn !== undefined && custom.build.kind !== 'written-with' && !sla.freshness)
    file.add('must have freshness: how old the newest event may be', ['slaProperties']);
  checkColumns(file, contract.schema[0], custom, sla);
  if (custom.build.kind === 'sql' && !existsSync(modelIn(folder)))
    file.add('there is no model.sql beside the contract', ['customProperties', 'build', 'kind']);
  if (custom.build.kind === 'reference' && !existsSync(join(folder, custom.build.file)))
    file.add(`there is no file "${custom.build.file}" beside the contract`, ['customProperties', 'build', 'file']);
  return {
    ...described,
    ...custom,
    partitionColumn,
    cadence: custom.source?.schedule ?? dailyBatch,
    latencyMinutes: sla.latency,
    freshness: sla.freshness,
  };
}

function readView(file: ContractFile, contract: Contract, described: Described): View | null {
  const custom = file.checkNamed(viewSchema, 'customProperties', contract.customProperties, ({ value }) => value);
  if (contract.slaProperties.length > 0)
    file.add('must be empty: a view is as old as what it reads', ['slaProperties']);
  refuseRules(file, contract, 0);
  const select = readSql(file, described, 'model.sql');
  const reads = custom?.inputs.map(({ product }) => product) ?? [];
  return custom && select !== null ? { ...described, reads, table: custom.warehouse.table, select } : null;
}

function readStream(file: ContractFile, contract: Contract, described: Described): Stream | null {
  const custom = file.checkNamed(streamSchema, 'customProperties', contract.customProperties, ({ value }) => value);
  const sla = file.checkNamed(slaSchema, 'slaProperties', contract.slaProperties, ({ property: _, ...rest }) => rest);
  const [table, files, ...more] = contract.schema;
  if (files?.physicalType !== 'parquet' || more.length > 0)
    file.add('must be followed by one of physicalType parquet: the files of the stream', ['schema', 0]);
  refuseRules(file, contract, 0);
  refuseRules(file, contract, 1);
  const names = new Set(table.properties.map(({ name }) => name));
  const { warehouse, stream } = custom ?? {};
  const settledBy = stream?.settledBy;
  const told = settledBy === undefined ? bookkeepingOfStream : bookkeeping;
  for (const name of told.filter((each) => !names.has(each)))
    file.add(`has no column "${name}", which tells how a row came`, ['schema', 0, 'properties']);
  const named = [stream?.timeColumn ?? [], warehouse?.distKey ?? [], warehouse?.sortKeys ?? []].flat();
  for (const name of named.filter((each) => !names.has(each)))
    file.add(`no column "${name}" in the schema`, ['customProperties']);
  const keys = described.columns.filter(({ primaryKey }) => primaryKey).length;
  if (keys === 0) file.add('must have a primary key: merges go by it', ['schema', 0, 'properties']);
  if (keys > 1 && settledBy !== undefined)
    file.add('must have a primary key of one column: the batch settles by it', ['schema', 0, 'properties']);
  const fromFiles = readSql(file, described, 'stream.sql');
  const fromBatch = settledBy === undefined ? undefined : readSql(file, described, 'batch.sql');
  if (!custom || !sla || !files || fromFiles === null || fromBatch === null) return null;
  const { physicalName: folder, properties: columns } = files;
  const { timeColumn, retentionHours, comparedWith } = custom.stream;
  return {
    ...described,
    ...{ timeColumn, retentionHours, comparedWith },
    ...(settledBy !== undefined && { settledBy, fromBatch }),
    warehouse: custom.warehouse,
    files: { folder, columns, table: `${folder.split('/')[0] ?? ''}.${files.name}` },
    fromFiles,
    latencyMinutes: sla.latency,
  };
}

/** Nobody measures rules of what no build makes, and only the lake has partitions. */
function refuseRules(file: ContractFile, { schema }: Contract, index: number): void {
  const { quality, properties } = schema[index] ?? { quality: [], properties: [] };
  if ([quality, ...properties.map((column) => column.quality)].flat().length > 0)
    file.add('has rules that nobody would measure: they belong to what is built', ['schema', index, 'quality']);
  if (properties.some(({ partitioned }) => partitioned))
    file.add('has a partition, which only a table of the lake can have', ['schema', index, 'properties']);
}

/** The SQL beside a contract; null, with the problem told, where there is none. */
function readSql(file: ContractFile, { folder }: Described, name: string): string | null {
  const path = join(folder, name);
  if (existsSync(path)) return readFileSync(path, 'utf8').trim();
  file.add(`there is no ${name} beside the contract`, ['schema', 0, 'physicalType']);
  return null;
}

/** Of so many columns Delta keeps minima and maxima where a table does not say of which. */
const deltaStatsColumns = 32;

const modelIn = (folder: string): string => join(folder, 'model.sql');

/** Columns that are named outside of the schema are in it, and are what Delta and the audit can use. */
function checkColumns(
  file: ContractFile,
  table: Contract['schema'][0],
  { zOrderBy = [], statsColumns, warehouse }: CustomProperties,
  { freshness }: ServiceLevels,
): void {
  const columns = new Map(table.properties.map((column) => [column.name, column]));
  const named = {
    zOrderBy,
    statsColumns: statsColumns ?? [],
    warehouse: [warehouse?.distKey ?? [], warehouse?.sortKeys ?? []].flat(),
  };
  for (const [property, names] of Object.entries(named))
    for (const column of names.filter((name) => !columns.has(name)))
      file.add(`no column "${column}" in the schema`, ['customProperties', property]);
  const measured = new Set(statsColumns ?? [...columns.keys()].slice(0, deltaStatsColumns));
  for (const name of zOrderBy.filter((each) => columns.get(each)?.partitioned === true || !measured.has(each)))
    file.add(`"${name}" must be no partition and among the statsColumns: Delta sorts by nothing else`, [
      'customProperties',
      'zOrderBy',
    ]);
  const [of, column = ''] = freshness?.element.split('.') ?? [];
  const kind = of === table.name ? columns.get(column)?.logicalType : undefined;
  if (freshness && kind !== 'date' && kind !== 'timestamp')
    file.add(`no date or timestamp "${freshness.element}" in the schema`, ['slaProperties', 'freshness', 'element']);
}
