import { isDeepStrictEqual } from 'node:util';

export interface Difference {
  readonly field: string;
  readonly server: unknown;
  readonly declared: unknown;
}

/** What has to happen to something that is declared. `undeclared`: it is on the server and nowhere in the code; it is only told. */
export type ChangeKind = 'create' | 'update' | 'none' | 'undeclared';

/** The fields that are declared and that the server has otherwise. */
export function differencesOf(
  server: Readonly<Record<string, unknown>>,
  declared: Readonly<Record<string, unknown>>,
): Difference[] {
  return Object.keys(declared)
    .filter((field) => !isDeepStrictEqual(server[field], declared[field]))
    .map((field) => ({ field, server: server[field], declared: declared[field] }));
}
