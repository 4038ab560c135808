import { BatchExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { tokenHash } from '../tokens.ts';
import { placeOf, type Warehouse } from './query.ts';

/** Statements of one transaction. */
export interface Batch {
  /** For people who look at the warehouse's statements. */
  readonly name: string;
  /** At most 40. */
  readonly statements: readonly string[];
  readonly token: string;
}

/** Starts a batch; idempotent on its token. */
export async function submitBatch(warehouse: Warehouse, batch: Batch): Promise<{ statementId: string }> {
  const { Id } = await warehouse.client.send(
    new BatchExecuteStatementCommand({
      ...placeOf(warehouse),
      StatementName: batch.name,
      Sqls: [...batch.statements],
      ClientToken: tokenHash(batch.token),
    }),
  );
  if (!Id) throw new Error('BatchExecuteStatement answered without an id');
  return { statementId: Id };
}
