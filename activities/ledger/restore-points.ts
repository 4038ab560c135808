import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { type RestorePoint, restorePointKey, restorePointSchema } from './records.ts';

/** The ledger's restore points: versions of tables that no maintenance removes. */
export class RestorePoints {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** Throws a RangeError where the product has a restore point of this name. */
  async create(product: string, { name, ...point }: RestorePoint): Promise<void> {
    try {
      await this.#client.send(
        new PutCommand({
          TableName: this.#table,
          Item: { product, interval: restorePointKey(name), ...point },
          ConditionExpression: 'attribute_not_exists(product)',
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      throw new RangeError(`${product} has a restore point "${name}" already: take another name, or remove it first.`);
    }
  }

  /** A product's restore points by name, those that have expired too. */
  async list(product: string): Promise<RestorePoint[]> {
    const { Items } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: '#product = :product AND begins_with(#interval, :prefix)',
        ExpressionAttributeNames: { '#product': 'product', '#interval': 'interval' },
        ExpressionAttributeValues: { ':product': product, ':prefix': restorePointKey('') },
        ConsistentRead: true,
      }),
    );
    return (Items ?? []).map((item) => restorePointSchema.parse(item));
  }

  /** Throws a RangeError where the product has none of this name. */
  async remove(product: string, name: string): Promise<void> {
    await this.find(product, name);
    await this.#client.send(
      new DeleteCommand({ TableName: this.#table, Key: { product, interval: restorePointKey(name) } }),
    );
  }

  /** Throws a RangeError that names the restore points there are. */
  async find(product: string, name: string): Promise<RestorePoint> {
    const points = await this.list(product);
    const found = points.find((point) => point.name === name);
    if (found) return found;
    const names = points.map((point) => point.name).join(', ');
    throw new RangeError(`${product} has no restore point "${name}". Restore points: ${names || 'none'}.`);
  }
}
