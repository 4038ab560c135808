import { invalidArgument } from './errors.ts';

interface Page<Item> {
  readonly items: Item[];
  readonly NextToken?: string;
}

/** One page of items in their order; the token is the key of the last item that was given out. */
export const pageOf = <Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  limit: number,
  nextToken: string | undefined,
): Page<Item> => {
  const before = nextToken === undefined ? -1 : items.findIndex((item) => keyOf(item) === nextToken);
  if (nextToken !== undefined && before === -1) throw invalidArgument(`NextToken ${nextToken} is none of this list's`);
  const page = items.slice(before + 1, before + 1 + limit);
  const last = page.at(-1);
  if (last === undefined || before + 1 + limit >= items.length) return { items: page };
  return { items: page, NextToken: keyOf(last) };
};
