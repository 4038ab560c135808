import type { Row } from './delta-table.ts';

/** Sines and cosines may differ in their last bit between languages; rounding can make a metre of it. */
const tolerance = (column: string, expected: number): number =>
  column === 'distance_km' ? 0.0011 : Math.abs(expected) * 1e-9;

function same(column: string, expected: unknown, actual: unknown): boolean {
  if (expected === null) return actual === null;
  if (typeof expected === 'number')
    return actual !== null && Math.abs(Number(actual) - expected) <= tolerance(column, expected);
  if (typeof expected === 'string' && /^\d{4}-\d\d-\d\dT/.test(expected)) {
    const text = String(actual);
    const iso = text.endsWith('Z') ? text : `${text.replace(' ', 'T')}Z`;
    return new Date(iso).getTime() === new Date(expected).getTime();
  }
  return actual === expected;
}

/**
 * Every difference between the rows expected and the rows there are, matched by `key`: missing, extra and doubled rows,
 * and each column that differs. Columns that are not expected are not compared.
 */
export function differences(expected: readonly Row[], actual: readonly Row[], key: (row: Row) => string): string[] {
  const found = new Map<string, Row>();
  const problems: string[] = [];
  for (const row of actual) {
    const id = key(row);
    if (found.has(id)) problems.push(`${id}: there more than once`);
    found.set(id, row);
  }
  for (const row of expected) {
    const id = key(row);
    const other = found.get(id);
    found.delete(id);
    if (!other) {
      problems.push(`${id}: missing`);
      continue;
    }
    for (const [column, value] of Object.entries(row)) {
      if (!same(column, value, other[column] ?? null)) {
        problems.push(`${id}.${column}: expected ${JSON.stringify(value)}, is ${JSON.stringify(other[column])}`);
      }
    }
  }
  for (const id of found.keys()) problems.push(`${id}: not expected`);
  return problems;
}
