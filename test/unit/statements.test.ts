import { describe, expect, it } from 'vitest';
import { columnDdl, loadSql, tableDdl, warehouseType } from '../../activities/redshift/dialect.ts';
import { columnsToAdd } from '../../activities/redshift/migration.ts';
import { statementsOf } from '../../activities/redshift/statements.ts';
import { loadCatalogue } from '../../model/catalogue.ts';

const catalogue = loadCatalogue();
const trips = catalogue.get('gold.trips');
const values = {
  product: 'gold.trips',
  build_id: 'gold.trips/2025-01-18..2025-01-19/m6a1',
  manifest: 's3://tideline-lake/_staging/gold.trips/b/manifest.json',
  iam_role: 'arn:aws:iam::123456789012:role/tideline-copy',
  start_date: '2025-01-18',
  end_date: '2025-01-20',
  asked_at_ms: '1737200000000',
};

describe('a product’s SQL', () => {
  it('becomes one statement each, with quoted values and without comments', () => {
    const statements = statementsOf(loadSql(trips), 'gold.trips load', values);
    expect(statements).toHaveLength(7);
    expect(statements[1]).toContain(`FROM '${values.manifest}'`);
    expect(statements[2]).toContain("trip_date >= '2025-01-18' AND trip_date < '2025-01-20'");
    expect(statements.join('\n')).not.toMatch(/--|\s:[a-z]/);
  });

  it('is not cut, bound or taken for a comment inside quotes', () => {
    const sql = `SELECT 'a;b -- c', 'it''s :manifest', ";", 1::BIGINT /* ; */ ; -- ; end\nSELECT :product`;
    expect(statementsOf(sql, 'x.sql', values)).toEqual([
      `SELECT 'a;b -- c', 'it''s :manifest', ";", 1::BIGINT`,
      "SELECT 'gold.trips'",
    ]);
  });

  it.each([
    ['build_id', "x', 0, GETDATE()"],
    ['start_date', "2025-01-18' OR '1'='1"],
    ['manifest', "s3://lake/x' CREDENTIALS 'y"],
    ['iam_role', 'default'],
    ['end_date', ''],
  ] as const)('refuses %s = %j', (name, value) => {
    expect(() => statementsOf(loadSql(trips), 'gold.trips load', { ...values, [name]: value })).toThrow(
      new RegExp(`gold\\.trips load: :${name} must match`),
    );
  });
});

describe('the SQL of a product’s table', () => {
  const dim = catalogue.get('gold.dim_city');

  it('has the columns of the contract, in its order, and lies as the contract says', () => {
    const [schema, table] = statementsOf(tableDdl(trips), 'ddl');
    expect(schema).toBe('CREATE SCHEMA IF NOT EXISTS gold');
    const named = [...(table ?? '').matchAll(/^ {4}(\w+) +(.+?),?$/gm)].map(([, name, type]) => `${name} ${type}`);
    expect(named).toEqual(
      trips.columns.map((each) => `${each.name} ${warehouseType(each).ddl}${each.required ? ' NOT NULL' : ''}`),
    );
    expect(table).toMatch(/\nDISTKEY \(trip_id\)\nSORTKEY \(trip_date, start_time\)$/);
    expect(tableDdl(dim)).toContain('\nDISTSTYLE ALL\nSORTKEY (city_id);');
    expect(() => tableDdl(catalogue.get('silver.trips'))).toThrow('silver.trips is not in the warehouse');
  });

  it.each([
    ['string', 'VARCHAR(256)'],
    ['boolean', 'BOOLEAN'],
    ['int', 'INTEGER'],
    ['bigint', 'BIGINT'],
    ['double', 'DOUBLE PRECISION'],
    ['date', 'DATE'],
    ['timestamp', 'TIMESTAMP'],
    ['decimal(12,2)', 'DECIMAL(12, 2)'],
  ])('holds %s as %s', (physicalType, type) => {
    expect(warehouseType({ physicalType }).ddl).toBe(type);
  });

  it('replaces the dates asked for, or all where there are none', () => {
    const deletes = (sql: string) => statementsOf(sql, 'load', values).filter((each) => each.startsWith('DELETE'));
    expect(deletes(loadSql(trips))).toEqual([
      "DELETE FROM gold.trips\nWHERE trip_date >= '2025-01-18' AND trip_date < '2025-01-20'",
    ]);
    expect(deletes(loadSql(dim))).toEqual(['DELETE FROM gold.dim_city']);
  });
});

describe('a contract that its table in the warehouse has not followed', () => {
  const live = trips.columns.map((column) => {
    const [, typeName = '', first = '0', scale = '0'] =
      /^(\w+)(?:\((\d+)(?:, (\d+))?\))?$/.exec(warehouseType(column).told) ?? [];
    const size =
      typeName === 'varchar' ? { length: Number(first) } : { precision: Number(first), scale: Number(scale) };
    return { name: column.name, typeName, nullable: column.required ? 0 : 1, ...size };
  });
  const tip = { ...trips.columns.find(({ name }) => name === 'fare_amount')!, name: 'tip' };
  const [first, second, ...others] = trips.columns;

  it('is brought to it where columns have come, wherever the contract has them', () => {
    expect(columnsToAdd(trips, live)).toEqual([]);
    const grown = { ...trips, columns: [first!, tip, second!, ...others] };
    expect(columnsToAdd(grown, live)).toEqual([tip]);
    expect(columnDdl(grown, tip)).toBe('ALTER TABLE gold.trips ADD COLUMN tip DECIMAL(12, 2);');
  });

  it.each([
    ['a required column', [...trips.columns, { ...tip, required: true }], '"tip" is new and required'],
    ['a column less', trips.columns.slice(0, -1), '"processing_timestamp" is in the warehouse and not in the contract'],
    ['another type', [{ ...first!, physicalType: 'int' }, second!, ...others], 'varchar(256) in the warehouse, by its'],
    ['a column that may be null', [{ ...first!, required: false }, second!, ...others], 'must not be null in the'],
  ])('is refused with what to do: %s', (_, columns, problem) => {
    const refused = () => columnsToAdd({ ...trips, columns }, live);
    expect(refused).toThrow(problem);
    expect(refused).toThrow('Change the contract back; or');
  });
});
