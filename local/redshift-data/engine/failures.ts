import pg from 'pg';
import { UnsupportedSqlError } from '../sql/tokens.ts';

/** The message of a failed query, in the form in which the service reports the database's errors. */
export function errorText(error: unknown): string {
  if (error instanceof UnsupportedSqlError) return `ERROR: ${error.message}`;
  if (!(error instanceof pg.DatabaseError)) return `ERROR: ${error instanceof Error ? error.message : String(error)}`;
  const lines = [`ERROR: ${error.message}`];
  if (error.detail !== undefined) lines.push(`  Detail: ${error.detail}`);
  if (error.hint !== undefined) lines.push(`  Hint: ${error.hint}`);
  if (error.where !== undefined) lines.push(`  Where: ${error.where}`);
  return lines.join('\n');
}
