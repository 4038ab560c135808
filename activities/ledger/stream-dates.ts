import type { StreamDate } from '../../model/messages/realtime.ts';
import type { LedgerItems } from './items.ts';

/** What the ledger knows of the dates of tables that streams keep: the warehouse's word, of a time. */
export class StreamDates {
  readonly #items: LedgerItems;

  constructor(items: LedgerItems) {
    this.#items = items;
  }

  async record(product: string, dates: readonly StreamDate[]): Promise<void> {
    const at = new Date().toISOString();
    const changes = dates.map(({ date, ...streamed }) =>
      this.#items.update({
        Key: { product, interval: date },
        UpdateExpression: 'SET streamed = :streamed',
        ExpressionAttributeValues: { ':streamed': { ...streamed, at } },
      }),
    );
    await Promise.all(changes);
  }
}
