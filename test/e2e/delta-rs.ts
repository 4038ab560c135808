import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Platform } from '../../local/platform.ts';
import { tools } from '../tools.ts';

/** A table as delta-rs reads it: types by the catalogue's names, `counts` of rows and of each column's values. */
export interface TableRead {
  readonly table: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
}

/** Every table of the Glue catalogue, read by delta-rs. */
export function readByDeltaRs({ environment }: Platform): TableRead[] {
  const program = join(import.meta.dirname, 'read_tables.py');
  const env = { ...process.env, ...environment };
  const lines = execFileSync(tools.clientsPython, [program], { env, encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as TableRead);
}
