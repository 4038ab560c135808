/** What a piece of SQL text is; whitespace and comments are not tokens, they travel in `before`. */
export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'symbol' | 'parameter';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Whitespace and comments in front of the token, kept so that rendering gives back the input. */
  readonly before: string;
  /** Offset of `text` in the statement, for error messages. */
  readonly at: number;
}

/** SQL that this platform refuses on purpose; the message names the construct and where it stands. */
export class UnsupportedSqlError extends Error {
  override readonly name = 'UnsupportedSqlError';
}

const TRIVIA = /(?:\s+|--[^\n]*)+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const PARAMETER = /:[0-9A-Za-z_]+/y;
const SYMBOL = /::|<=|>=|<>|!=|\|\||!~\*|!~|~\*|[^\s]/uy;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_]\w*)?\$/y;

/** Splits one SQL text into tokens. Strings, quoted names and comments are never looked into. */
export function tokenize(sql: string): { tokens: Token[]; tail: string } {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    const start = at;
    at = skipTrivia(sql, at);
    const before = sql.slice(start, at);
    if (at >= sql.length) return { tokens, tail: before };
    const [kind, end] = readToken(sql, at);
    tokens.push({ kind, text: sql.slice(at, end), before, at });
    at = end;
  }
}

/** Gives back the SQL text of tokens, comments and line breaks included. */
export function render(tokens: readonly Token[]): string {
  return tokens.map((token) => token.before + token.text).join('');
}

/** "line 2, column 7" of an offset, for messages. */
export function position(sql: string, at: number): string {
  const lines = sql.slice(0, at).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}

/** The word of a token in lower case; undefined for anything that is not an unquoted word. */
export function wordOf(token: Token | undefined): string | undefined {
  return token?.kind === 'word' ? token.text.toLowerCase() : undefined;
}

/** The value of a plain string literal. */
export function stringValue(token: Token): string {
  return token.text.slice(1, -1).replaceAll("''", "'");
}

/** A token that the translator writes itself. */
export function made(kind: TokenKind, text: string, before = ' ', at = 0): Token {
  return { kind, text, before, at };
}

function match(pattern: RegExp, sql: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : undefined;
}

function skipTrivia(sql: string, from: number): number {
  let at = from;
  for (;;) {
    const next = match(TRIVIA, sql, at) ?? (sql.startsWith('/*', at) ? blockCommentEnd(sql, at) : at);
    if (next === at) return at;
    at = next;
  }
}

function blockCommentEnd(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; at += 1) {
    if (sql.startsWith('/*', at)) {
      depth += 1;
      at += 1;
    } else if (sql.startsWith('*/', at)) {
      depth -= 1;
      at += 1;
      if (depth === 0) return at + 1;
    }
  }
  throw new UnsupportedSqlError(`a comment is never closed (${position(sql, start)})`);
}

function readToken(sql: string, at: number): [TokenKind, number] {
  const character = sql.charAt(at);
  if (character === "'") return ['string', quotedEnd(sql, at, "'", 'a string')];
  if (character === '"') return ['quoted', quotedEnd(sql, at, '"', 'a quoted name')];
  if (/^[eEuU]&?'/.test(sql.slice(at, at + 3))) {
    throw new UnsupportedSqlError(
      `a string with the prefix ${sql.slice(at, sql.indexOf("'", at))} is not supported (${position(sql, at)})`,
    );
  }
  if (character === '$' && match(DOLLAR_QUOTE, sql, at) !== undefined) {
    throw new UnsupportedSqlError(`dollar quoting is not supported (${position(sql, at)})`);
  }
  if (character === ':' && sql.charAt(at + 1) !== ':') {
    const end = match(PARAMETER, sql, at);
    if (end !== undefined) return ['parameter', end];
  }
  const word = match(WORD, sql, at);
  if (word !== undefined) return ['word', word];
  const number = match(NUMBER, sql, at);
  if (number !== undefined) return ['number', number];
  return ['symbol', match(SYMBOL, sql, at) ?? at + 1];
}

function quotedEnd(sql: string, start: number, quote: string, what: string): number {
  for (let at = start + 1; at < sql.length; at += 1) {
    if (sql.charAt(at) !== quote) continue;
    if (sql.charAt(at + 1) !== quote) return at + 1;
    at += 1;
  }
  throw new UnsupportedSqlError(`${what} is never closed (${position(sql, start)})`);
}
