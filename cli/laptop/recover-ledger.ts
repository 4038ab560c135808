import { type LedgerSources, productsAhead, rebuildLedger } from '../../activities/table-history/rebuilt-ledger.ts';

/** Makes the ledger anew where it is older than the tables, and tells that: the local one keeps what a clean stop has saved. */
export async function recoverLedger(sources: LedgerSources, tell: (text: string) => void): Promise<void> {
  const ahead = await productsAhead(sources);
  if (ahead.length === 0) return;
  await rebuildLedger(sources, () => undefined);
  tell(`The ledger was older than ${ahead.join(', ')}, as after a power cut: made anew from the tables`);
}
