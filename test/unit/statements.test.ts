import { describe, expect, it } from 'vitest';
import { productStatements, statementsOf } from '../../activities/redshift/statements.ts';
import { loadCatalogue } from '../../products/catalogue.ts';

const catalogue = loadCatalogue();
const trips = catalogue.get('gold.trips');
const values = {
  product: 'gold.trips',
  build_id: 'gold.trips/2025-01-18..2025-01-19/m6a1',
  manifest: 's3://tideline-lake/_staging/gold.trips/b/manifest.json',
  iam_role: 'arn:aws:iam::123456789012:role/tideline-copy',
  start_date: '2025-01-18',
  end_date: '2025-01-20',
};

describe('a product’s SQL', () => {
  it('becomes one statement each, with quoted values and without comments', () => {
    const statements = productStatements(trips, 'load.sql', values);
    expect(statements).toHaveLength(7);
    expect(statements[1]).toContain(`FROM '${values.manifest}'`);
    expect(statements[3]).toContain("trip_date >= '2025-01-18' AND trip_date < '2025-01-20'");
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
    expect(() => productStatements(trips, 'load.sql', { ...values, [name]: value })).toThrow(
      new RegExp(`gold\\.trips load\\.sql: :${name} must match`),
    );
  });

  it('is within the limits of a batch for every product', () => {
    for (const product of catalogue.products.values()) {
      if (!product.warehouse) continue;
      for (const file of ['ddl.sql', 'load.sql'] as const) {
        expect(productStatements(product, file, values).length).toBeLessThanOrEqual(40);
      }
    }
  });

  it('publishes exactly the columns of the contract', () => {
    for (const product of catalogue.products.values()) {
      if (!product.warehouse) continue;
      const created = productStatements(product, 'ddl.sql').find((sql) =>
        sql.includes(`TABLE IF NOT EXISTS ${product.warehouse?.table ?? ''}`),
      );
      for (const { name } of product.columns) expect(created).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });
});
