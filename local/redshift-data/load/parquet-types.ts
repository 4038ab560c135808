import type { TargetColumn } from './target-columns.ts';

/** A column of a Parquet file, with its type as DuckDB names it. */
export interface FileColumn {
  readonly name: string;
  readonly type: string;
}

const SAME_TYPE: Readonly<Record<string, string>> = {
  smallint: 'SMALLINT',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  real: 'FLOAT',
  'double precision': 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
};

const NESTED = /\[\]$|^STRUCT|^MAP|^UNION/;

/** DuckDB's expression for what goes into a column; undefined when Redshift would not take the file's type. */
export function loadExpression(file: FileColumn, target: TargetColumn, serializeToJson: boolean): string | undefined {
  const column = `"${file.name.replaceAll('"', '""')}"`;
  const same = SAME_TYPE[target.type];
  if (same !== undefined) return file.type === same ? column : undefined;
  if (target.type.startsWith('timestamp')) return timestampExpression(column, file, target);
  if (target.type.startsWith('character')) return file.type === 'VARCHAR' ? column : undefined;
  if (target.type.startsWith('numeric')) return fitsDecimal(file.type, target.type) ? column : undefined;
  if (target.type === 'jsonb') {
    if (NESTED.test(file.type)) return serializeToJson ? `to_json(${column})` : undefined;
    return `to_json(${column})`;
  }
  return undefined;
}

/** A moment of Spark is a UTC instant: it lands as the same UTC wall time, whatever the zone of the session. */
function timestampExpression(column: string, file: FileColumn, target: TargetColumn): string | undefined {
  if (!file.type.startsWith('TIMESTAMP')) return undefined;
  const wallTime =
    file.type === 'TIMESTAMP WITH TIME ZONE' ? `make_timestamp(epoch_us(${column}))` : `${column}::TIMESTAMP`;
  return target.type === 'timestamp with time zone' ? `(${wallTime})::VARCHAR || '+00'` : wallTime;
}

function fitsDecimal(fileType: string, targetType: string): boolean {
  const [file, target] = [fileType, targetType].map((type) => /\((\d+),\s*(\d+)\)/.exec(type));
  if (!fileType.startsWith('DECIMAL') || file === undefined || file === null) return false;
  if (target === undefined || target === null) return false;
  return Number(file[2]) === Number(target[2]) && Number(file[1]) <= Number(target[1]);
}

/** The bytes that a character column holds: Redshift counts bytes where PostgreSQL counts characters. */
export function byteLimit(target: TargetColumn): number | undefined {
  const length = /^character(?: varying)?\((\d+)\)$/.exec(target.type)?.[1];
  return length === undefined ? undefined : Number(length);
}
