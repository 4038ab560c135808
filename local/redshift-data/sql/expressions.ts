import { datePart } from './date-parts.ts';
import { Reader, splitAtCommas, textOf } from './reader.ts';
import { POSTGRES_TYPES, refuseConstruct } from './refused.ts';
import { made, wordOf } from './tokens.ts';
import type { Token } from './tokens.ts';

type Rewrite = (call: Call) => Token[];

interface Call {
  readonly name: Token;
  readonly args: Token[][];
  readonly reader: Reader;
}

const STATEMENT_TIME = 'pg_catalog.statement_timestamp()::timestamp';
const TRANSACTION_TIME = '(pg_catalog.transaction_timestamp()::timestamp)';

const FUNCTIONS: ReadonlyMap<string, Rewrite> = new Map<string, Rewrite>([
  ['getdate', (call) => exactly(call, 0, `(pg_catalog.date_trunc('second', ${STATEMENT_TIME}))`)],
  ['nvl', (call) => plain(call, `COALESCE(${rewrittenArgs(call).join(',')})`)],
  ['nvl2', nvl2],
  ['len', (call) => exactly(call, 1, `length(${rewrittenArgs(call).join(',')})`)],
  ['cast', cast],
  ['dateadd', dateAdd],
  ['datediff', dateDiff],
  ['listagg', listAgg],
]);

/** Rewrites Redshift's expressions into PostgreSQL's; constructs that have no translation are refused. */
export function rewriteExpressions(tokens: readonly Token[], sql: string): Token[] {
  const reader = new Reader(tokens, sql);
  const out: Token[] = [];
  while (!reader.atEnd()) {
    refuseConstruct(reader, out.at(-1));
    const token = reader.next();
    const word = wordOf(token);
    const qualified = out.at(-1)?.text === '.';
    const called = reader.peek()?.kind === 'symbol' && reader.peek()?.text === '(';
    const rewrite = word === undefined || qualified || !called ? undefined : FUNCTIONS.get(word);
    if (rewrite !== undefined) {
      out.push(...rewrite({ name: token, args: splitAtCommas(reader.group()), reader }));
    } else if (word === 'sysdate' && !qualified && !called) {
      out.push({ ...token, kind: 'symbol', text: TRANSACTION_TIME });
    } else if (word === 'approximate' && reader.word() === 'count') {
      out.push({ ...reader.next(), before: token.before });
    } else if (token.text === '::') {
      out.push(token, ...castType(reader));
    } else {
      out.push(token);
    }
  }
  return out;
}

const CAST_TYPES: Readonly<Record<string, string>> = {
  super: 'jsonb',
  decimal: 'numeric(18,0)',
  numeric: 'numeric(18,0)',
  varchar: 'varchar(256)',
  text: 'varchar(256)',
};

/** The type of a cast: Redshift has its own names, and lengths of its own where none is written. */
function castType(reader: Reader): Token[] {
  const type = reader.peek();
  const word = reader.word();
  if (type === undefined || word === undefined) return [];
  if (POSTGRES_TYPES.has(word)) reader.fail(`Redshift does not support the type ${word.toUpperCase()}`);
  if (reader.peek(1)?.text === '[') reader.fail('Redshift does not support array types');
  const sized = reader.peek(1)?.text === '(';
  if (word === 'varchar' && sized && reader.word(2) === 'max') {
    reader.next();
    reader.group();
    return [{ ...type, text: 'varchar(65535)' }];
  }
  const replacement = sized ? undefined : CAST_TYPES[word];
  return [{ ...reader.next(), text: replacement ?? type.text }];
}

function plain(call: Call, text: string): Token[] {
  return [{ ...call.name, kind: 'symbol', text }];
}

function exactly(call: Call, count: number, text: string): Token[] {
  if (call.args.length !== count) call.reader.fail(`${call.name.text} takes ${count} arguments`, call.name);
  return plain(call, text);
}

function rewrittenArgs(call: Call): string[] {
  return call.args.map((arg) => textOf(rewriteExpressions(arg, call.reader.sql)));
}

function nvl2(call: Call): Token[] {
  const [subject, present, absent] = rewrittenArgs(call);
  return exactly(call, 3, `(CASE WHEN (${subject}) IS NOT NULL THEN ${present} ELSE ${absent} END)`);
}

function cast(call: Call): Token[] {
  const inside = call.args.flat();
  const split = inside.findLastIndex((token) => wordOf(token) === 'as');
  if (call.args.length !== 1 || split < 1) call.reader.fail('CAST needs a value, AS and a type', call.name);
  const type = new Reader(inside.slice(split + 1), call.reader.sql);
  const target = textOf([...castType(type), ...type.rest()]);
  return plain(call, `CAST(${textOf(rewriteExpressions(inside.slice(0, split), call.reader.sql))} AS ${target})`);
}

/** The date part may come as a word or as a string; a lone literal is a timestamp to Redshift. */
function dateArguments(call: Call): { part: string; values: string[] } {
  const [first, ...others] = call.args;
  const token = first?.length === 1 ? first[0] : undefined;
  const part = token === undefined ? undefined : datePart(token.text.replaceAll("'", ''));
  if (call.args.length !== 3 || part === undefined) {
    call.reader.fail(`${call.name.text.toUpperCase()} needs a known date part and two values`, call.name);
  }
  const values = others.map((arg) => {
    const text = textOf(rewriteExpressions(arg, call.reader.sql));
    return arg.length === 1 && arg[0]?.kind === 'string' ? `${text}::timestamp` : text;
  });
  return { part, values };
}

function dateAdd(call: Call): Token[] {
  const { part, values } = dateArguments(call);
  return plain(call, `redshift_compat.dateadd('${part}', ${values.join(', ')})`);
}

function dateDiff(call: Call): Token[] {
  const { part, values } = dateArguments(call);
  if (part === 'week') {
    call.reader.fail('DATEDIFF by week is not supported here: count days instead', call.name);
  }
  return plain(call, `redshift_compat.datediff('${part}', ${values.join(', ')})`);
}

function listAgg(call: Call): Token[] {
  const { reader } = call;
  const [subject, delimiter] = call.args;
  if (subject === undefined || call.args.length > 2) call.reader.fail('LISTAGG takes one or two arguments', call.name);
  const distinct = wordOf(subject[0]) === 'distinct';
  const expression = rewriteExpressions(distinct ? subject.slice(1) : subject, reader.sql);
  const order = reader.take('within', 'group') ? rewriteExpressions(reader.group(), reader.sql) : [];
  if (reader.word() === 'over') reader.fail('LISTAGG as a window function is not supported here');
  // A cast would keep PostgreSQL from seeing that DISTINCT and ORDER BY mean the same value.
  const value = distinct ? `DISTINCT ${textOf(expression)}` : `CAST(${textOf(expression)} AS varchar)`;
  const glue = delimiter === undefined ? "''" : textOf(delimiter);
  const sorted = order.length === 0 ? '' : ` ${textOf(order)}`;
  return [made('symbol', `string_agg(${value}, ${glue}${sorted})`, call.name.before, call.name.at)];
}
