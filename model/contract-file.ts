import { isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

type Path = readonly PropertyKey[];
type Entry = { readonly property: string };

/** The YAML of a contract, with the lines of what it says. */
export class ContractFile {
  readonly content: unknown;
  readonly problems: string[] = [];
  readonly #name: string;
  readonly #lines = new LineCounter();
  readonly #document;

  /** `name` is the file's name for people. */
  constructor(text: string, name: string) {
    this.#name = name;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    for (const { message, pos } of this.#document.errors) this.#tell(this.#lines.linePos(pos[0]).line, message);
    this.content = this.problems.length > 0 ? undefined : (this.#document.toJS() as unknown);
  }

  /** What a schema makes of the content at `at`; null, with its problems told, where it refuses it. */
  check<T extends z.ZodType>(schema: T, content: unknown, at: Path = []): z.output<T> | null {
    const checked = schema.safeParse(content);
    if (checked.success) return checked.data;
    for (const issue of checked.error.issues) {
      const place = [...at, ...issue.path];
      if (issue.code === 'unrecognized_keys')
        for (const key of issue.keys) this.add('is unknown here', [...place, key]);
      else this.add(issue.message, place);
    }
    return null;
  }

  /** The same of a list whose entries have names (`property`), taken as one object. */
  checkNamed<T extends z.ZodType, E extends Entry>(
    schema: T,
    list: 'customProperties' | 'slaProperties',
    entries: readonly E[],
    valueOf: (entry: E) => unknown,
  ): z.output<T> | null {
    const named = new Map(entries.map((entry) => [entry.property, valueOf(entry)]));
    if (named.size < entries.length) this.add('has an entry twice', [list]);
    return this.check(schema, Object.fromEntries(named), [list]);
  }

  /** Notes a problem of what stands at `at`; an entry of a named list stands there by its name. */
  add(message: string, at: Path): void {
    this.#tell(this.#lineOf(this.#inDocument(at)), `${at.join('.')}: ${message}`);
  }

  #tell(line: number, problem: string): void {
    this.problems.push(`products/${this.#name}:${line}: ${problem}`);
  }

  #inDocument([list, name, ...rest]: Path): Path {
    const entries = list === undefined ? undefined : (this.content as Record<PropertyKey, unknown> | undefined)?.[list];
    if (typeof name !== 'string' || !Array.isArray(entries))
      return [list, name, ...rest].filter((key) => key !== undefined);
    const index = (entries as Entry[]).findIndex(({ property }) => property === name);
    const inEntry = list === 'customProperties' && rest.length > 0 ? ['value', ...rest] : rest;
    return [list ?? '', index, ...inEntry];
  }

  /** The line of a place, or of the nearest that there is around it. */
  #lineOf(at: Path): number {
    for (let length = at.length; length > 0; length--) {
      const offset = this.#offsetOf(at.slice(0, length - 1), at[length - 1]);
      if (offset !== undefined) return this.#lines.linePos(offset).line;
    }
    return 1;
  }

  #offsetOf(parentPath: Path, key: PropertyKey | undefined): number | undefined {
    const parent = parentPath.length > 0 ? this.#document.getIn(parentPath, true) : this.#document.contents;
    const pair = isMap(parent)
      ? parent.items.find((item) => isNode(item.key) && String(item.key) === String(key))
      : undefined;
    const node = pair ? pair.key : this.#document.getIn([...parentPath, key], true);
    return isNode(node) ? node.range?.[0] : undefined;
  }
}
