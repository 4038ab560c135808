import { columnDefinition } from './create-table.ts';
import type { Reader } from './reader.ts';

const STORAGE_WORDS = ['sortkey', 'compound', 'distkey', 'diststyle', 'encode'];

/** ALTER TABLE: columns and names. Redshift cannot do more in the same words as PostgreSQL. */
export function alterTable(reader: Reader): string {
  reader.expect('alter', 'table');
  const head = `ALTER TABLE ${reader.name()}`;
  if (reader.take('add')) {
    reader.take('column');
    const column = columnDefinition(reader);
    if (column.includes(' NOT NULL') && !/ DEFAULT (?!NULL)/.test(column)) {
      reader.fail('Redshift adds no NOT NULL column without a default');
    }
    return `${head} ADD COLUMN ${column}`;
  }
  if (reader.take('drop')) {
    reader.take('column');
    const column = reader.name();
    const behaviour = reader.take('cascade') ? ' CASCADE' : reader.take('restrict') ? ' RESTRICT' : '';
    return ended(reader, `${head} DROP COLUMN ${column}${behaviour}`);
  }
  if (reader.take('rename', 'to')) return ended(reader, `${head} RENAME TO ${reader.name()}`);
  if (reader.take('rename', 'column')) {
    const column = reader.name();
    reader.expect('to');
    return ended(reader, `${head} RENAME COLUMN ${column} TO ${reader.name()}`);
  }
  if (reader.word() === 'append') reader.fail('ALTER TABLE APPEND is not supported here');
  if (reader.word() === 'alter' && STORAGE_WORDS.includes(reader.word(1) ?? '')) return refuseStorage(reader);
  return reader.fail('this form of ALTER TABLE is not supported here');
}

function ended(reader: Reader, sql: string): string {
  if (!reader.atEnd()) reader.fail('nothing may follow here');
  return sql;
}

/** Where rows lie has no meaning locally: a statement that changes nothing would hide a mistake. */
function refuseStorage(reader: Reader): never {
  return reader.fail(`ALTER ${reader.word(1)?.toUpperCase() ?? ''} is not supported here: set it in CREATE TABLE`);
}
