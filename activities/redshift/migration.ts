import type { ColumnMetadata } from '@aws-sdk/client-redshift-data';
import type { View } from '../../model/product.ts';
import type { Column } from '../../model/contract.ts';
import { type Held, targetOf, warehouseType } from './dialect.ts';

/** A column's type as DescribeTable tells it. */
function declaredType({ typeName = '', length = 0, precision = 0, scale = 0 }: ColumnMetadata): string {
  if (typeName === 'varchar') return `varchar(${length})`;
  return typeName === 'numeric' ? `numeric(${precision}, ${scale})` : typeName;
}

const typeOf = (column: ColumnMetadata): string => `${column.name ?? ''} ${declaredType(column)}`;

/** How a view's columns differ from those of its contract, in words; empty where they do not. */
export function differenceOfView({ columns }: View, live: readonly ColumnMetadata[]): string {
  const [told, wanted] = [live.map(typeOf), columns.map((column) => `${column.name} ${warehouseType(column).told}`)];
  const [beyond, missing] = [
    told.filter((each) => !wanted.includes(each)),
    wanted.filter((each) => !told.includes(each)),
  ];
  if (beyond.length + missing.length > 0)
    return [...missing.map((each) => `lacks ${each}`), ...beyond.map((each) => `has ${each}`)].join(', ');
  return told.join() === wanted.join() ? '' : `has its columns as ${told.join(', ')}`;
}

/**
 * The columns by which a product's contract has grown since its table was made. Throws an Error that says what to do where
 * they differ otherwise: every load would fail, or leave a column without values.
 */
export function columnsToAdd(product: Held, live: readonly ColumnMetadata[]): readonly Column[] {
  const problems: string[] = [];
  const { table } = targetOf(product);
  for (const { name = '', ...told } of live) {
    const column = product.columns.find((each) => each.name === name);
    if (!column) {
      problems.push(`"${name}" is in the warehouse and not in the contract`);
      continue;
    }
    const [type, nullable] = [declaredType(told), told.nullable !== 0];
    const wanted = warehouseType(column);
    if (type !== wanted.told) problems.push(`"${name}" is ${type} in the warehouse, by its contract ${wanted.told}`);
    if (nullable === column.required)
      problems.push(
        `"${name}" ${nullable ? 'may' : 'must not'} be null in the warehouse, by its contract it ${nullable ? 'must not' : 'may'}`,
      );
  }
  const added = product.columns.filter((column) => live.every(({ name }) => name !== column.name));
  for (const { name } of added.filter(({ required }) => required))
    problems.push(`"${name}" is new and required: rows that are there already have no value of it; let it be optional`);
  if (problems.length === 0) return added;
  throw new Error(
    `${product.key}: the warehouse's table ${table} can't be brought to its contract: ${problems.join('; ')}. ` +
      `Change the contract back; or, to have the table as the contract says, DROP TABLE ${table} CASCADE, deploy again, which makes its views too, and load it: lake backfill ${product.key} … --mode all.`,
  );
}
