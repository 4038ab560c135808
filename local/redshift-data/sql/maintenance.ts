import { splitAtCommas, textOf } from './reader.ts';
import type { Reader } from './reader.ts';

const VACUUM_MODES = [['full'], ['sort', 'only'], ['delete', 'only'], ['reindex'], ['recluster']] as const;

/** VACUUM with Redshift's options; PostgreSQL's plain VACUUM keeps the local table in order. */
export function vacuum(reader: Reader): string {
  reader.expect('vacuum');
  const mode = VACUUM_MODES.find((words) => reader.take(...words));
  const table = reader.atEnd() || reader.word() === 'boost' ? undefined : reader.name();
  if (mode === undefined && table === undefined && !reader.atEnd()) reader.fail('VACUUM needs a table');
  if (reader.take('to')) {
    if (reader.next().kind !== 'number') reader.fail('VACUUM … TO needs a number');
    reader.expect('percent');
  }
  reader.take('boost');
  if (!reader.atEnd()) reader.fail('this VACUUM option is not supported here');
  return table === undefined ? 'VACUUM' : `VACUUM ${table}`;
}

/** ANALYZE with Redshift's column choices, which only decide how much work it does. */
export function analyze(reader: Reader): string {
  reader.expect('analyze');
  if (reader.word() === 'compression') reader.fail('ANALYZE COMPRESSION is not supported here');
  reader.take('verbose');
  if (reader.atEnd()) return 'ANALYZE';
  const table = reader.name();
  const columns = reader.peek()?.text === '(' ? splitAtCommas(reader.group()).map(textOf) : [];
  if (reader.take('predicate') || reader.take('all')) reader.expect('columns');
  if (!reader.atEnd()) reader.fail('this ANALYZE option is not supported here');
  return columns.length === 0 ? `ANALYZE ${table}` : `ANALYZE ${table} (${columns.join(', ')})`;
}
