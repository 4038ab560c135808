import type { Reader } from './reader.ts';
import { textOf } from './reader.ts';

const PLAIN_TYPES: Readonly<Record<string, string>> = {
  smallint: 'smallint',
  int2: 'smallint',
  integer: 'integer',
  int: 'integer',
  int4: 'integer',
  bigint: 'bigint',
  int8: 'bigint',
  real: 'real',
  float4: 'real',
  float8: 'double precision',
  float: 'double precision',
  boolean: 'boolean',
  bool: 'boolean',
  date: 'date',
  timestamptz: 'timestamptz',
  timetz: 'timetz',
  super: 'jsonb',
};

const CHARACTER_TYPES: Readonly<Record<string, string>> = {
  varchar: 'varchar',
  nvarchar: 'varchar',
  text: 'varchar',
  char: 'char',
  nchar: 'char',
  bpchar: 'char',
};

/** Reads a column type of Redshift, with Redshift's default lengths, as PostgreSQL's. */
export function columnType(reader: Reader): string {
  const start = reader.peek();
  const word = reader.word();
  if (word === undefined) reader.fail('a column type is missing');
  reader.next();
  const type = plainType(word, reader) ?? sizedType(word, reader);
  if (type === undefined) reader.fail(`the column type ${word.toUpperCase()} is not supported here`, start);
  if (reader.peek()?.text === '[') reader.fail('Redshift does not support array types');
  return type;
}

function plainType(word: string, reader: Reader): string | undefined {
  if (word === 'double' && reader.take('precision')) return 'double precision';
  if (word === 'timestamp' || word === 'time') {
    if (reader.take('with', 'time', 'zone')) return `${word}tz`;
    reader.take('without', 'time', 'zone');
    return word;
  }
  return PLAIN_TYPES[word];
}

function sizedType(word: string, reader: Reader): string | undefined {
  if (word === 'decimal' || word === 'numeric') {
    return `numeric(${reader.peek()?.text === '(' ? textOf(reader.group()) : '18,0'})`;
  }
  const name = word === 'character' ? (reader.take('varying') ? 'varchar' : 'char') : CHARACTER_TYPES[word];
  if (name === undefined) return undefined;
  const given = reader.peek()?.text === '(' ? textOf(reader.group()) : undefined;
  if (given?.toLowerCase() === 'max') return `${name}(65535)`;
  const unsized = word === 'char' || word === 'nchar' || word === 'character' ? '1' : '256';
  return `${name}(${given ?? unsized})`;
}
