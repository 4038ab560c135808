import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  paginateQuery,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';

type Item = Record<string, unknown>;

/** What DynamoDB leaves out of an answer; it reads it all the same. */
export type Filter = Pick<QueryCommandInput, 'FilterExpression' | 'ExpressionAttributeValues'>;

/** The ledger's DynamoDB table: items by product and, in their order, by interval. */
export class LedgerItems {
  readonly #client: DynamoDBDocumentClient;
  readonly table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.table = table;
  }

  /** All from one sort key to another, both included. */
  async between(product: string, first: string, last: string, filter: Filter = {}): Promise<Item[]> {
    const pages = paginateQuery(
      { client: this.#client },
      { ...this.#query(product, first, last, filter), ConsistentRead: true },
    );
    const items: Item[] = [];
    for await (const page of pages) items.push(...(page.Items ?? []));
    return items;
  }

  /** The first, or the last, that pass a filter, from there on; not all. */
  async some(product: string, first: string, last: string, filter: Filter, ascending: boolean): Promise<Item[]> {
    const query = { ...this.#query(product, first, last, filter), ScanIndexForward: ascending };
    for await (const { Items = [] } of paginateQuery({ client: this.#client, pageSize: 25 }, query))
      if (Items.length > 0) return Items;
    return [];
  }

  /** The last so many, in descending order. */
  async last(product: string, first: string, last: string, limit: number): Promise<Item[]> {
    const query = { ...this.#query(product, first, last), ScanIndexForward: false, Limit: limit };
    return (await this.#client.send(new QueryCommand(query))).Items ?? [];
  }

  #query(product: string, first: string, last: string, filter: Filter = {}): QueryCommandInput {
    return {
      ...filter,
      TableName: this.table,
      KeyConditionExpression: '#product = :product AND #interval BETWEEN :first AND :last',
      ExpressionAttributeNames: { '#product': 'product', '#interval': 'interval' },
      ExpressionAttributeValues: {
        ...filter.ExpressionAttributeValues,
        ':product': product,
        ':first': first,
        ':last': last,
      },
    };
  }

  /** A condition that does not hold means that somebody else has written what is newer: nothing is to do then. */
  async update(update: Omit<UpdateCommandInput, 'TableName'>): Promise<void> {
    try {
      await this.#client.send(new UpdateCommand({ ...update, TableName: this.table }));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  /** All of the writes or none. */
  async transact(TransactItems: TransactWriteCommandInput['TransactItems']): Promise<void> {
    await this.#client.send(new TransactWriteCommand({ TransactItems }));
  }
}
