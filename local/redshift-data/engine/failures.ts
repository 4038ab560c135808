import pg from 'pg';
import { UnsupportedSqlError } from '../sql/tokens.ts';

const SERIALIZATION_FAILURE = '40001';
/** The only checks are those that count the bytes of a text. */
const CHECK_VIOLATION = '23514';

/** The message of a failed query, in the form in which the service reports the database's errors. */
export function errorText(error: unknown): string {
  if (error instanceof UnsupportedSqlError) return `ERROR: ${error.message}`;
  if (!(error instanceof pg.DatabaseError)) return `ERROR: ${error instanceof Error ? error.message : String(error)}`;
  if (error.code === SERIALIZATION_FAILURE) {
    return `ERROR: 1023\n  Detail: Serializable isolation violation on table in Redshift: ${error.message}`;
  }
  if (error.code === CHECK_VIOLATION) {
    return `ERROR: Value too long for character type\n  Detail: ${error.constraint ?? ''}`;
  }
  const lines = [`ERROR: ${error.message}`];
  if (error.detail !== undefined) lines.push(`  Detail: ${error.detail}`);
  if (error.hint !== undefined) lines.push(`  Hint: ${error.hint}`);
  if (error.where !== undefined) lines.push(`  Where: ${error.where}`);
  return lines.join('\n');
}
