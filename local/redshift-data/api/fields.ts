import type { ColumnMetadata, Field } from '@aws-sdk/client-redshift-data';
import type { Row } from '../engine/results.ts';
import type { Column } from '../engine/statement.ts';

const BOOLEAN = 'bool';
const WHOLE = new Set(['int2', 'int4', 'int8', 'oid']);
const FLOATING = new Set(['float4', 'float8']);

/** One value in the member that the service uses for its type; decimals and times are strings there. */
export function fieldOf(column: Column, value: string | null): Field {
  if (value === null) return { isNull: true };
  if (column.typeName === BOOLEAN) return { booleanValue: value === 't' };
  // Beyond 2^53 a JavaScript number would lose digits on the way to the JSON text.
  if (WHOLE.has(column.typeName)) return { longValue: wholeNumber(value) };
  if (FLOATING.has(column.typeName)) return { doubleValue: Number(value) };
  return { stringValue: value };
}

function wholeNumber(value: string): number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : (BigInt(value) as unknown as number);
}

const INTEGER_DIGITS: Readonly<Record<string, number>> = { int2: 5, int4: 10, int8: 19, float4: 8, float8: 17 };
const HEADER_BYTES = 4;

/** A column as the service describes it. */
export function columnMetadata(column: Column): ColumnMetadata {
  const { precision, scale, length } = dimensions(column);
  return {
    name: column.name,
    label: column.name,
    typeName: column.typeName,
    nullable: column.nullable,
    precision,
    scale,
    length,
    isCaseSensitive: column.typeName === 'varchar' || column.typeName === 'bpchar',
    isCurrency: false,
    isSigned: column.typeName in INTEGER_DIGITS || column.typeName === 'numeric',
    schemaName: column.schemaName,
    tableName: column.tableName,
  };
}

function dimensions(column: Column): { precision: number; scale: number; length: number } {
  const modifier = column.typeModifier - HEADER_BYTES;
  if (column.typeName === 'numeric') {
    return modifier < 0
      ? { precision: 38, scale: 0, length: 0 }
      : { precision: modifier >> 16, scale: modifier & 0xffff, length: 0 };
  }
  if (column.typeName === 'varchar' || column.typeName === 'bpchar') {
    const length = modifier < 0 ? 65_535 : modifier;
    return { precision: length, scale: 0, length };
  }
  return { precision: INTEGER_DIGITS[column.typeName] ?? 0, scale: 0, length: 0 };
}

/** Rows as CSV, in the quoting of RFC 4180; a NULL is an empty field. */
export function csvOf(rows: readonly Row[]): string {
  return rows.map((row) => row.map(csvValue).join(',')).join('\r\n');
}

function csvValue(value: string | null): string {
  if (value === null) return '';
  return value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
