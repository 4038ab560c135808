import { alterTable } from './alter-table.ts';
import { copyCommand } from './copy.ts';
import type { CopyCommand } from './copy.ts';
import { createTable } from './create-table.ts';
import { rewriteExpressions } from './expressions.ts';
import { analyze, vacuum } from './maintenance.ts';
import { merge } from './merge.ts';
import { Reader, textOf } from './reader.ts';
import { tokenize } from './tokens.ts';
import { unloadCommand } from './unload.ts';
import type { UnloadCommand } from './unload.ts';

/** What the engine has to do for one statement. */
export type Plan =
  | { readonly kind: 'query'; readonly sql: string; readonly parameters: readonly string[] }
  /** `alone`: Redshift runs it in its own transaction, so no batch may hold it. */
  | { readonly kind: 'alone'; readonly sql: string; readonly transactional: boolean; readonly verb: string }
  | { readonly kind: 'copy'; readonly command: CopyCommand }
  | { readonly kind: 'unload'; readonly command: UnloadCommand; readonly sql: string };

const PLAIN_VERBS = new Set(['select', 'with', 'insert', 'update', 'delete', 'explain', 'set', 'reset']);
const PASSED_ON = new Set(['grant', 'revoke', 'comment', 'show']);
const TRANSACTION_VERBS = new Set(['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint']);

/** Turns one statement of this project's SQL into what PostgreSQL runs; refuses everything else by name. */
export function translate(sql: string): Plan {
  const tokens = tokenize(sql).tokens;
  if (tokens.at(-1)?.text === ';') tokens.pop();
  const reader = new Reader(tokens, sql);
  const separator = tokens.find((token) => token.kind === 'symbol' && token.text === ';');
  if (separator !== undefined) reader.fail('one statement at a time: use BatchExecuteStatement', separator);
  if (reader.peek()?.kind === 'parameter') reader.fail('a statement cannot start with a parameter');
  const plan = planOf(reader);
  const parameter = tokens.find((token) => token.kind === 'parameter');
  if (plan.kind !== 'query' && parameter !== undefined) {
    reader.fail(`${tokens[0]?.text.toUpperCase()} takes no parameters`, parameter);
  }
  return plan;
}

/** The names of the `:name` parameters that a statement refers to. */
export function parametersOf(sql: string): string[] {
  const names = tokenize(sql).tokens.filter((token) => token.kind === 'parameter');
  return [...new Set(names.map((token) => token.text.slice(1)))];
}

function planOf(reader: Reader): Plan {
  const verb = reader.word() ?? '';
  if (TRANSACTION_VERBS.has(verb)) {
    reader.fail('transactions are begun and ended by the service: use BatchExecuteStatement');
  }
  if (PLAIN_VERBS.has(verb)) return query(reader);
  if (PASSED_ON.has(verb)) return { kind: 'query', sql: textOf(reader.rest()), parameters: [] };
  switch (verb) {
    case 'copy':
      return { kind: 'copy', command: copyCommand(reader) };
    case 'unload': {
      const command = unloadCommand(reader);
      const inner = translate(command.query);
      if (inner.kind !== 'query' || inner.parameters.length > 0) reader.fail('UNLOAD needs a SELECT');
      return { kind: 'unload', command, sql: inner.sql };
    }
    case 'merge':
      return { kind: 'query', ...positional(merge(reader)) };
    case 'vacuum':
      return { kind: 'alone', sql: vacuum(reader), transactional: false, verb: 'VACUUM' };
    case 'truncate':
      return { kind: 'alone', sql: truncate(reader), transactional: true, verb: 'TRUNCATE' };
    case 'analyze':
      return { kind: 'query', sql: analyze(reader), parameters: [] };
    case 'alter':
      return { kind: 'query', sql: alterTable(reader), parameters: [] };
    case 'create':
      if (reader.word(1) === 'user') return { kind: 'query', sql: createUser(reader), parameters: [] };
      return definition(reader, verb);
    case 'drop':
      return definition(reader, verb);
    default:
      return reader.fail('this statement is not supported here');
  }
}

function query(reader: Reader): Plan {
  return { kind: 'query', ...positional(textOf(rewriteExpressions(reader.rest(), reader.sql))) };
}

function definition(reader: Reader, verb: string): Plan {
  const object = reader.word(1) ?? '';
  const replaced = object === 'or' && reader.word(2) === 'replace' ? reader.word(3) : object;
  if (verb === 'create' && ['table', 'temp', 'temporary', 'local'].includes(object)) {
    return { kind: 'query', ...positional(createTable(reader)) };
  }
  if (replaced === 'view' || object === 'schema' || (verb === 'drop' && object === 'table')) return query(reader);
  return reader.fail(`${verb.toUpperCase()} ${object.toUpperCase()} is not supported here`);
}

/** A user who comes in through an IAM role alone. */
function createUser(reader: Reader): string {
  reader.expect('create', 'user');
  const name = reader.name();
  reader.expect('password', 'disable');
  if (!reader.atEnd()) reader.fail('this option of CREATE USER is not supported here');
  return `CREATE ROLE ${name} LOGIN`;
}

function truncate(reader: Reader): string {
  reader.expect('truncate');
  reader.take('table');
  const table = reader.name();
  if (!reader.atEnd()) reader.fail('Redshift truncates one table at a time, without options');
  return `TRUNCATE TABLE ${table}`;
}

/** Replaces `:name` with `$n`; the values go to PostgreSQL apart from the text. */
function positional(sql: string): { sql: string; parameters: string[] } {
  const { tokens } = tokenize(sql);
  const parameters: string[] = [];
  const replaced = tokens.map((token) => {
    if (token.kind !== 'parameter') return token;
    const name = token.text.slice(1);
    if (!parameters.includes(name)) parameters.push(name);
    return { ...token, text: `$${parameters.indexOf(name) + 1}` };
  });
  return { sql: replaced.map((token) => token.before + token.text).join(''), parameters };
}
