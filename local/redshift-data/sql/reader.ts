import { position, render, stringValue, UnsupportedSqlError, wordOf } from './tokens.ts';
import type { Token } from './tokens.ts';

/** Reads tokens one after the other; every refusal it makes carries the place in the statement. */
export class Reader {
  private index = 0;
  readonly tokens: readonly Token[];
  readonly sql: string;

  constructor(tokens: readonly Token[], sql: string) {
    this.tokens = tokens;
    this.sql = sql;
  }

  atEnd(): boolean {
    return this.index >= this.tokens.length;
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.index + ahead];
  }

  /** The next token as a lower-case word, if it is an unquoted word. */
  word(ahead = 0): string | undefined {
    return wordOf(this.peek(ahead));
  }

  next(): Token {
    const token = this.tokens[this.index];
    if (token === undefined) this.fail('the statement ends too early');
    this.index += 1;
    return token;
  }

  /** Takes the words if they come next, in this order; false and nothing taken otherwise. */
  take(...words: string[]): boolean {
    if (!words.every((word, offset) => this.word(offset) === word)) return false;
    this.index += words.length;
    return true;
  }

  takeSymbol(symbol: string): boolean {
    if (this.peek()?.kind !== 'symbol' || this.peek()?.text !== symbol) return false;
    this.index += 1;
    return true;
  }

  expect(...words: string[]): void {
    if (!this.take(...words)) this.fail(`expected ${words.join(' ').toUpperCase()}`);
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) this.fail(`expected "${symbol}"`);
  }

  expectString(what: string): string {
    const token = this.peek();
    if (token?.kind !== 'string') this.fail(`expected ${what} as a string literal`);
    this.index += 1;
    return stringValue(token);
  }

  /** The tokens between a "(" that comes next and its ")". */
  group(): Token[] {
    this.expectSymbol('(');
    const inside: Token[] = [];
    for (let depth = 1; ;) {
      const token = this.next();
      if (token.kind === 'symbol' && token.text === '(') depth += 1;
      if (token.kind === 'symbol' && token.text === ')') depth -= 1;
      if (depth === 0) return inside;
      inside.push(token);
    }
  }

  /** A possibly qualified name, as it was written. */
  name(): string {
    const parts: Token[] = [];
    do {
      const token = this.next();
      if (token.kind !== 'word' && token.kind !== 'quoted') this.fail('expected a name', token);
      parts.push(token);
    } while (this.takeSymbol('.'));
    return parts.map((part) => part.text).join('.');
  }

  rest(): Token[] {
    const rest = this.tokens.slice(this.index);
    this.index = this.tokens.length;
    return rest;
  }

  fail(reason: string, token: Token | undefined = this.peek()): never {
    const last = this.tokens.at(-1);
    const at = token?.at ?? (last === undefined ? 0 : last.at + last.text.length);
    const near = token === undefined ? 'the end' : `"${token.text.slice(0, 60)}"`;
    throw new UnsupportedSqlError(`${reason}, at ${near} (${position(this.sql, at)})`);
  }
}

/** Splits at commas that stand outside all parentheses. */
export function splitAtCommas(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === 'symbol' && token.text === '(') depth += 1;
    if (token.kind === 'symbol' && token.text === ')') depth -= 1;
    if (depth === 0 && token.kind === 'symbol' && token.text === ',') parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts.length === 1 && parts[0]?.length === 0 ? [] : parts;
}

/** SQL text of tokens without the space in front. */
export function textOf(tokens: readonly Token[]): string {
  return render(tokens).trim();
}
