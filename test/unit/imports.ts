import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../tools.ts';

/** What a file imports when it is loaded: types and what it loads later are not among it. */
export const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?'([^']+)';/gm)].map(
    ([, path = '']) => path,
  );

/** The project's files that are loaded with a file, itself included. */
export function filesFrom(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const path of importsOf(file)) if (path.startsWith('.')) filesFrom(join(dirname(file), path), seen);
  return seen;
}
