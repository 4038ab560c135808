import { rewriteExpressions } from './expressions.ts';
import { textOf } from './reader.ts';
import type { Reader } from './reader.ts';
import { wordOf } from './tokens.ts';
import type { Token } from './tokens.ts';

/**
 * MERGE of Redshift. The WHEN form is PostgreSQL's own. REMOVE DUPLICATES replaces the rows that the source
 * matches with the source's distinct rows; one statement, so both halves see the same snapshot.
 */
export function merge(reader: Reader): string {
  reader.expect('merge', 'into');
  const target = reader.name();
  if (reader.word() !== 'using') reader.fail('Redshift does not allow an alias for the target of MERGE');
  reader.expect('using');
  if (reader.peek()?.text === '(') reader.fail('MERGE from a subquery is not supported here: stage it first');
  const source = reader.name();
  const alias = aliasOf(reader);
  reader.expect('on');
  const condition = textOf(rewriteExpressions(until(reader, ['when', 'remove']), reader.sql));
  const from = alias === undefined ? source : `${source} AS ${alias}`;
  if (reader.take('remove', 'duplicates')) {
    if (!reader.atEnd()) reader.fail('nothing may follow REMOVE DUPLICATES');
    return (
      `WITH replaced AS (DELETE FROM ${target} USING ${from} WHERE ${condition}) ` +
      `INSERT INTO ${target} SELECT DISTINCT * FROM ${source}`
    );
  }
  const matched = whenMatched(reader);
  const inserted = whenNotMatched(reader);
  return `MERGE INTO ${target} USING ${from} ON ${condition} ${matched} ${inserted}`;
}

function aliasOf(reader: Reader): string | undefined {
  if (reader.take('as') || reader.word() !== 'on') return reader.name();
  return undefined;
}

function until(reader: Reader, words: readonly string[]): Token[] {
  const tokens: Token[] = [];
  for (let depth = 0; !reader.atEnd();) {
    const token = reader.peek();
    if (depth === 0 && words.includes(wordOf(token) ?? '')) break;
    if (token?.text === '(' || wordOf(token) === 'case') depth += 1;
    if (token?.text === ')' || wordOf(token) === 'end') depth -= 1;
    tokens.push(reader.next());
  }
  return tokens;
}

function whenMatched(reader: Reader): string {
  reader.expect('when', 'matched');
  if (reader.word() === 'and') reader.fail('Redshift does not support conditions after WHEN MATCHED');
  reader.expect('then');
  if (reader.take('delete')) return 'WHEN MATCHED THEN DELETE';
  reader.expect('update', 'set');
  const assignments = rewriteExpressions(until(reader, ['when']), reader.sql);
  return `WHEN MATCHED THEN UPDATE SET ${textOf(assignments)}`;
}

function whenNotMatched(reader: Reader): string {
  reader.expect('when', 'not', 'matched');
  if (reader.word() !== 'then') reader.fail('Redshift does not support conditions after WHEN NOT MATCHED');
  reader.expect('then', 'insert');
  const values = rewriteExpressions(until(reader, ['when']), reader.sql);
  if (!reader.atEnd()) reader.fail('Redshift takes one WHEN MATCHED and one WHEN NOT MATCHED');
  return `WHEN NOT MATCHED THEN INSERT ${textOf(values)}`;
}
