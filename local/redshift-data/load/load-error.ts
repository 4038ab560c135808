import pg from 'pg';
import type { TargetColumn } from './target-columns.ts';

/** Codes of Redshift's load error reference. */
export const TOO_LONG = 1204;
export const MISSING = 1213;
export const BAD_TEXT = 1220;
export const BAD_FILE = 15001;

/** Where a COPY failed, as SYS_LOAD_ERROR_DETAIL keeps it. */
export interface LoadPlace {
  readonly file: string;
  /** The first is 1; 0 where the file as a whole is at fault. */
  readonly line: number;
  readonly column: string;
  /** The column's type, with its length. */
  readonly type: string;
  readonly code: number;
}

/** A COPY that failed at a place of a file. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
  readonly place: LoadPlace;

  constructor(message: string, place: LoadPlace, options?: ErrorOptions) {
    super(message, options);
    this.place = place;
  }
}

/** What PostgreSQL did not take of a file, with its place; any other error as it is. */
export function atPlace(error: unknown, file: string, columns: readonly TargetColumn[]): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  const found = /^COPY \S+, line (\d+)(?:, column (.+?))?(?::|$)/.exec(error.where ?? '');
  if (found === null) return error;
  const column = error.column ?? found[2] ?? '';
  const isMissing = error.code === '23502';
  const message = isMissing ? `Missing data for not-null field ${column}` : error.message;
  const type = columns.find(({ name }) => name === column)?.type ?? '';
  const place = { file, line: Number(found[1]), column, type, code: isMissing ? MISSING : BAD_FILE };
  return new LoadError(`${message}, File name: ${file}`, place, { cause: error });
}
