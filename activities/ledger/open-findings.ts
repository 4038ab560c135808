import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { findingName } from '../../model/messages/freshness.ts';
import { LedgerItems } from './items.ts';

/** In the place of a product, whose keys have a dot. */
const partition = 'findings';
/** Before the first and after the last name of an alarm. */
const allAlarms = ['P', 'Q'] as const;

/** Since when it is so, and when it was told last. */
const toldSchema = z.object({ since: z.iso.datetime(), at: z.iso.datetime() });
const openFindingSchema = z.object({
  alarm: z.string(),
  product: z.string(),
  kind: z.string(),
  /** By interval, or whatever else each is about. */
  told: z.record(z.string(), toldSchema),
});
/** Findings of one kind about one product, of which people have been told and which are not over. */
export type OpenFinding = z.infer<typeof openFindingSchema>;
export type FindingKey = Pick<OpenFinding, 'alarm' | 'product' | 'kind'>;

const itemSchema = z.object({ finding: openFindingSchema }).transform(({ finding }) => finding);

/** The ledger's findings: what people have been told, so that they are told once. */
export class OpenFindings {
  readonly #items: LedgerItems;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#items = new LedgerItems(client, table);
  }

  async list(): Promise<OpenFinding[]> {
    const filter = { FilterExpression: 'attribute_exists(finding)' };
    return (await this.#items.between(partition, ...allAlarms, filter)).map((item) => itemSchema.parse(item));
  }

  async put(finding: OpenFinding): Promise<void> {
    await this.#items.update({
      Key: { product: partition, interval: findingName(finding) },
      UpdateExpression: 'SET finding = :finding',
      ExpressionAttributeValues: { ':finding': finding },
    });
  }

  async remove(key: FindingKey): Promise<void> {
    const Key = { product: partition, interval: findingName(key) };
    await this.#items.update({ Key, UpdateExpression: 'REMOVE finding' });
  }
}
