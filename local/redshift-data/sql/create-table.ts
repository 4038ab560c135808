import { rewriteExpressions } from './expressions.ts';
import { Reader, splitAtCommas, textOf } from './reader.ts';
import { wordOf } from './tokens.ts';
import type { Token } from './tokens.ts';
import { columnType } from './types.ts';

/**
 * CREATE [TEMP] TABLE in PostgreSQL's words: storage attributes are dropped, keys are stripped because
 * Redshift does not enforce them (the NOT NULL that a primary key implies stays).
 */
export function createTable(reader: Reader): string {
  reader.expect('create');
  reader.take('local');
  const temporary = reader.take('temp') || reader.take('temporary') ? 'TEMP ' : '';
  reader.expect('table');
  const guard = reader.take('if', 'not', 'exists') ? 'IF NOT EXISTS ' : '';
  const head = `CREATE ${temporary}TABLE ${guard}${reader.name()}`;
  const elements = reader.peek()?.text === '(' ? splitAtCommas(reader.group()) : undefined;
  dropTableAttributes(reader);
  if (reader.take('as')) {
    if (guard !== '') reader.fail('Redshift does not support IF NOT EXISTS in CREATE TABLE AS');
    const columns = elements === undefined ? '' : ` (${elements.map(textOf).join(', ')})`;
    return `${head}${columns} AS ${textOf(rewriteExpressions(reader.rest(), reader.sql))}`;
  }
  if (elements === undefined) reader.fail('CREATE TABLE needs columns or AS');
  if (!reader.atEnd()) reader.fail('this table attribute is not supported here');
  const parts = elements.flatMap((element) => tableElement(new Reader(element, reader.sql)));
  return `${head} (${parts.join(', ')})`;
}

/** Reads past DISTSTYLE, DISTKEY, SORTKEY, ENCODE AUTO and BACKUP: they say where rows lie, not which. */
export function dropTableAttributes(reader: Reader): void {
  for (;;) {
    if (reader.take('backup')) oneOf(reader, ['yes', 'no']);
    else if (reader.take('diststyle')) oneOf(reader, ['auto', 'even', 'key', 'all']);
    else if (reader.take('encode')) oneOf(reader, ['auto']);
    else if (reader.take('distkey')) reader.group();
    else if (reader.take('sortkey', 'auto')) continue;
    else if (takeSortKey(reader)) reader.group();
    else return;
  }
}

function takeSortKey(reader: Reader): boolean {
  return reader.take('compound', 'sortkey') || reader.take('interleaved', 'sortkey') || reader.take('sortkey');
}

function oneOf(reader: Reader, words: readonly string[]): void {
  if (!words.includes(reader.word() ?? '')) reader.fail(`expected ${words.join(' or ').toUpperCase()}`);
  reader.next();
}

/** One column or table constraint; empty for a constraint that Redshift does not enforce. */
function tableElement(reader: Reader): string[] {
  if (reader.take('constraint')) reader.name();
  if (reader.take('primary', 'key')) {
    return splitAtCommas(reader.group()).map((column) => `NOT NULL ${textOf(column)}`);
  }
  if (reader.take('unique')) {
    reader.group();
    return [];
  }
  if (reader.take('foreign', 'key')) {
    reader.group();
    dropReference(reader);
    return [];
  }
  if (reader.take('like')) return [likeTable(reader)];
  if (reader.word() === 'check') reader.fail('Redshift does not support CHECK constraints');
  return [columnDefinition(reader)];
}

/** The columns of another table, with what keeps their texts within their bytes. */
function likeTable(reader: Reader): string {
  const like = `LIKE ${reader.name()} INCLUDING CONSTRAINTS`;
  if (reader.take('including', 'defaults')) return `${like} INCLUDING DEFAULTS`;
  reader.take('excluding', 'defaults');
  if (!reader.atEnd()) reader.fail('Redshift takes INCLUDING DEFAULTS alone after LIKE');
  return like;
}

/** A column of CREATE TABLE or of ALTER TABLE … ADD COLUMN. */
export function columnDefinition(reader: Reader): string {
  const name = reader.name();
  const attributes: string[] = [];
  const type = columnType(reader);
  let required = false;
  while (!reader.atEnd()) {
    if (reader.take('not', 'null')) required = true;
    else if (reader.take('null') || reader.take('distkey') || reader.take('sortkey')) continue;
    else if (reader.take('primary', 'key')) required = true;
    else if (reader.take('unique')) continue;
    else if (reader.take('encode')) reader.next();
    else if (reader.word() === 'references') dropReference(reader);
    else if (reader.take('default')) attributes.push(`DEFAULT ${defaultValue(reader)}`);
    else if (reader.take('identity')) attributes.push(identity(reader, 'ALWAYS'));
    else if (reader.take('generated', 'by', 'default', 'as', 'identity')) {
      attributes.push(identity(reader, 'BY DEFAULT'));
    } else reader.fail('this column attribute is not supported here');
  }
  return [name, type, ...(required ? ['NOT NULL'] : []), ...attributes, ...byteCheck(name, type)].join(' ');
}

/** Redshift counts the bytes of a text, PostgreSQL its characters. */
function byteCheck(name: string, type: string): string[] {
  const limit = /^varchar\((\d+)\)$/.exec(type)?.[1];
  if (limit === undefined) return [];
  const told = `${name.replaceAll('"', '')} at most ${limit} bytes`;
  return [`CONSTRAINT "${told}" CHECK (octet_length(${name}) <= ${limit})`];
}

function dropReference(reader: Reader): void {
  reader.expect('references');
  reader.name();
  if (reader.peek()?.text === '(') reader.group();
}

function identity(reader: Reader, generated: string): string {
  const [seed, step] = splitAtCommas(reader.group()).map(textOf);
  if (seed === undefined || step === undefined) reader.fail('IDENTITY needs a seed and a step');
  return `GENERATED ${generated} AS IDENTITY (START WITH ${seed} INCREMENT BY ${step})`;
}

const AFTER_DEFAULT = new Set(['not', 'null', 'encode', 'distkey', 'sortkey', 'primary', 'unique', 'references']);

/** A default ends at the next attribute; DEFAULT NULL is the one value that looks like one. */
function defaultValue(reader: Reader): string {
  const value: Token[] = [reader.next()];
  for (let depth = 0; !reader.atEnd();) {
    const token = reader.peek();
    if (depth === 0 && AFTER_DEFAULT.has(wordOf(token) ?? '')) break;
    if (token?.text === '(') depth += 1;
    if (token?.text === ')') depth -= 1;
    value.push(reader.next());
  }
  return textOf(rewriteExpressions(value, reader.sql));
}
