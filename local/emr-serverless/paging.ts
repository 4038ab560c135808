import { ValidationException } from '@aws-sdk/client-emr-serverless';

const DEFAULT_PAGE_SIZE = 20;

interface Page<Item> {
  readonly items: Item[];
  readonly nextToken?: string;
}

/**
 * One page of items, newest first. The token holds the last sequence that was given out, so items that arrive
 * between two pages neither shift nor repeat the rest.
 */
export const pageOf = <Item>(
  items: readonly Item[],
  sequenceOf: (item: Item) => number,
  nextToken: string | undefined,
  maxResults = DEFAULT_PAGE_SIZE,
): Page<Item> => {
  const before = nextToken === undefined ? Number.POSITIVE_INFINITY : decodeToken(nextToken);
  const rest = items.filter((item) => sequenceOf(item) < before).toSorted((a, b) => sequenceOf(b) - sequenceOf(a));
  const page = rest.slice(0, maxResults);
  const last = page.at(-1);
  if (last === undefined || rest.length <= maxResults) return { items: page };
  return { items: page, nextToken: Buffer.from(`before:${String(sequenceOf(last))}`).toString('base64url') };
};

const decodeToken = (token: string): number => {
  const sequence = /^before:(\d+)$/.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (sequence === undefined) throw new ValidationException({ $metadata: {}, message: 'Invalid nextToken' });
  return Number(sequence);
};
