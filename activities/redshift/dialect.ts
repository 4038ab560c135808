import type { Column } from '../../model/contract.ts';
import { ownTables as streamTableNames } from '../../model/catalogue.ts';
import type { Product, SettledStream, Stream, View } from '../../model/product.ts';
import { reservedWords } from './reserved-words.ts';

// Redshift's SQL of a product, compiled from its contract. What differs between two loads stands in it as `:placeholder`.

/** How Redshift holds what a contract's column is: its type as DDL says it, and as DescribeTable tells it. */
interface WarehouseType {
  readonly ddl: string;
  readonly told: string;
}

/** Texts are checked to have at most 128 bytes where they are identifiers; other texts may be longer. */
const textBytes = 256;
const types: Readonly<Record<string, WarehouseType>> = {
  string: { ddl: `VARCHAR(${textBytes})`, told: `varchar(${textBytes})` },
  boolean: { ddl: 'BOOLEAN', told: 'bool' },
  int: { ddl: 'INTEGER', told: 'int4' },
  bigint: { ddl: 'BIGINT', told: 'int8' },
  double: { ddl: 'DOUBLE PRECISION', told: 'float8' },
  date: { ddl: 'DATE', told: 'date' },
  timestamp: { ddl: 'TIMESTAMP', told: 'timestamp' },
};

export function warehouseType({ physicalType }: Pick<Column, 'physicalType'>): WarehouseType {
  const [, precision = '', scale = ''] = /^decimal\((\d+),(\d+)\)$/.exec(physicalType) ?? [];
  if (precision !== '') return { ddl: `DECIMAL(${precision}, ${scale})`, told: `numeric(${precision}, ${scale})` };
  const type = types[physicalType];
  if (!type)
    throw new Error(`Redshift has no type for "${physicalType}"; known: ${Object.keys(types).join(', ')}, decimal.`);
  return type;
}

/** One row a product. */
export const loadGuards = 'meta.load_guards';

/** What the warehouse knows of its own loads, written in their transactions. */
export const ownTables = `
CREATE SCHEMA IF NOT EXISTS meta;

CREATE TABLE IF NOT EXISTS meta.loads (
    product    VARCHAR(256) NOT NULL,
    start_date DATE NOT NULL,
    end_date   DATE NOT NULL,
    build_id   VARCHAR(256) NOT NULL,
    rows       BIGINT NOT NULL,
    loaded_at  TIMESTAMP NOT NULL
)
DISTSTYLE ALL
SORTKEY (product, loaded_at);

-- One row per product, which every load of it changes.
CREATE TABLE IF NOT EXISTS ${loadGuards} (
    product  VARCHAR(256) NOT NULL,
    build_id VARCHAR(256) NOT NULL
)
DISTSTYLE ALL;
`;

/** When the load was asked for that a product's table holds; what earlier releases have made lacks it. */
export const askedAt = { column: 'asked_at_ms', ddl: `ALTER TABLE ${loadGuards} ADD COLUMN asked_at_ms BIGINT` };

/** Makes the row that every load of a product changes. */
export const guardRow = `
INSERT INTO ${loadGuards} (product, build_id)
SELECT :product, ''
WHERE NOT EXISTS (SELECT 1 FROM ${loadGuards} WHERE product = :product);
`;

/** What the warehouse holds, or may: a product's table or one of a stream. */
export type Held = Pick<Product, 'key' | 'columns' | 'warehouse'>;

/** The columns by which a stream's table is merged. */
export const keysOf = ({ columns }: Stream): string[] =>
  columns.filter(({ primaryKey }) => primaryKey).map(({ name }) => name);

/** The one by which the batch settles a stream's table. */
export const keyOf = (stream: SettledStream): string => keysOf(stream)[0] ?? '';

/** The tables of a stream: the one that readers know, and the one that its files are copied into. */
export const tablesOf = (stream: Stream): readonly Held[] => {
  const { key, files, warehouse } = stream;
  return [stream, { key, columns: files.columns, warehouse: { ...warehouse, table: files.table } }];
};

/** Columns of a product, and how its rows lie. Throws an Error for a column that Redshift has no place for. */
function shapeOf(product: Held, shown: readonly Column[]): string {
  const { distKey, sortKeys } = targetOf(product);
  for (const { name } of shown)
    if (reservedWords.has(name))
      throw new Error(`${product.key}: "${name}" is a reserved word of Redshift: give the column another name.`);
  const width = Math.max(...shown.map(({ name }) => name.length));
  const columns = shown.map(
    (column) => `    ${column.name.padEnd(width)} ${warehouseType(column).ddl}${column.required ? ' NOT NULL' : ''}`,
  );
  return `(
${columns.join(',\n')}
)
${distKey === undefined ? 'DISTSTYLE ALL' : `DISTKEY (${distKey})`}
SORTKEY (${sortKeys.join(', ')})`;
}

/** Makes a product's schema and table where they are missing. */
export function tableDdl(product: Held): string {
  const { table } = targetOf(product);
  return `
CREATE SCHEMA IF NOT EXISTS ${table.split('.')[0] ?? ''};

CREATE TABLE IF NOT EXISTS ${table} ${shapeOf(product, product.columns)};
`;
}

/** Adds a column that the contract has and the table has not: Redshift adds one a statement. */
export const columnDdl = (product: Held, column: Column): string =>
  `ALTER TABLE ${targetOf(product).table} ADD COLUMN ${column.name} ${warehouseType(column).ddl};`;

/**
 * Ends the transaction by a division by zero where a load is done that was asked for later: a statement that waits in the
 * warehouse's queue may begin when its workflow has long been terminated, and the claim of the table taken over.
 */
const notBeforeNewer = `${askedAt.column} = CAST(:asked_at_ms AS BIGINT)
    / CASE WHEN ${askedAt.column} > CAST(:asked_at_ms AS BIGINT) THEN 0 ELSE 1 END`;

/**
 * Loads what a build has exported: one transaction, so that readers see the old rows or the new ones, never a mixture. COPY
 * of Parquet goes by position and wants as many columns as the files have: into a table of the columns that the build
 * knew, so that neither it nor a worker need know one that a deploy adds meanwhile. What settles a stream takes its trips
 * out of the stream's table where readers have them from here: late events may have moved one over midnight. Throws an
 * Error for unknown columns. `isDated` is a load that says when it was asked for.
 */
export function loadSql(
  product: Product,
  names: readonly string[] = product.columns.map(({ name }) => name),
  stream?: SettledStream,
  isDated = true,
): string {
  const { table } = targetOf(product);
  const copied = `load_${table.split('.')[1] ?? ''}`;
  const { partitionColumn: date } = product;
  const columns = names.join(', ');
  const within = date === undefined ? '' : `\nWHERE ${date} >= :start_date AND ${date} < :end_date`;
  return `
CREATE TEMP TABLE ${copied} ${shapeOf(product, columnsOf(product, names))};

COPY ${copied}
FROM :manifest
IAM_ROLE :iam_role
FORMAT AS PARQUET
MANIFEST;

DELETE FROM ${table}${within};

INSERT INTO ${table} (${columns})
SELECT ${columns}
FROM ${copied}${within};

${stream ? movedTrips(stream, copied, date ?? '') : ''}INSERT INTO meta.loads (product, start_date, end_date, build_id, rows, loaded_at)
SELECT :product, CAST(:start_date AS DATE), CAST(:end_date AS DATE), :build_id, COUNT(*), GETDATE()
FROM ${copied}${within};

-- Where two loads of a product run at once, one of them fails here: without rows to delete they would not meet. Last, so
-- that loads of other products wait for a moment only.
UPDATE ${loadGuards}
SET build_id = :build_id${isDated ? `, ${notBeforeNewer}` : ''}
WHERE product = :product;

-- Sessions may outlive a batch.
DROP TABLE ${copied};
`;
}

const movedTrips = (stream: SettledStream, copied: string, date: string): string => {
  const { table } = stream.warehouse;
  return `
DELETE FROM ${table} USING ${copied}
WHERE ${copied}.${keyOf(stream)} = ${table}.${keyOf(stream)} AND ${table}.source = 'stream'
    AND ${copied}.${date} NOT IN (SELECT date FROM ${streamTableNames.liveDates});

`;
};

function columnsOf({ key, columns }: Product, names: readonly string[]): readonly Column[] {
  return names.map((name) => {
    const column = columns.find((each) => each.name === name);
    if (!column) throw new Error(`${key}: this worker's contract has no column ${name}; a newer worker can load it.`);
    return column;
  });
}

/** Makes a view; of one that is there already, with the same columns, it keeps what others may do with it. */
export const viewDdl = ({ table, select }: View): string => `
CREATE SCHEMA IF NOT EXISTS ${table.split('.')[0] ?? ''};

CREATE OR REPLACE VIEW ${table} AS
${select};
`;

/** Where the warehouse holds a product. Throws an Error for one that it has not. */
export function targetOf({ key, warehouse }: Held): NonNullable<Product['warehouse']> {
  if (!warehouse) throw new Error(`${key} is not in the warehouse: its contract has no \`warehouse\`.`);
  return warehouse;
}
