import type { ChangeKind, Difference } from '../model/changes.ts';
import { faint } from './terminal.ts';

const signs = { create: '+', update: '~', none: '=', undeclared: '?' } as const;
const meanings = {
  create: 'to be created',
  update: 'differs',
  none: 'as declared',
  undeclared: 'not declared: left alone',
};

interface Change {
  readonly name: string;
  readonly kind: ChangeKind;
  readonly differences: readonly Difference[];
  /** What else there is to tell of it. */
  readonly note?: string;
}

/** One line a thing that is declared, and below it one line a difference: the server's value, then the declared one. */
export function changeLines(changes: readonly Change[]): string {
  return changes
    .flatMap(({ name, kind, differences, note = '' }) => [
      `  ${signs[kind]} ${name}  ${faint(meanings[kind])}${note}`,
      ...differences.map(
        ({ field, server, declared }) => `      ${field}: ${JSON.stringify(server)} → ${JSON.stringify(declared)}`,
      ),
    ])
    .join('\n');
}

/** Whether something has to be done. */
export const isDrift = ({ kind }: { readonly kind: ChangeKind }): boolean => kind === 'create' || kind === 'update';
