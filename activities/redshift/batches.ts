import { BatchExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { tokenHash } from '../tokens.ts';
import type { Warehouse } from './query.ts';

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
  const { client, workgroup, database } = warehouse;
  const { Id } = await client.send(
    new BatchExecuteStatementCommand({
      WorkgroupName: workgroup,
      Database: database,
      StatementName: batch.name,
      Sqls: [...batch.statements],
      ClientToken: tokenHash(batch.token),
    }),
  );
  if (!Id) throw new Error('BatchExecuteStatement answered without an id');
  return { statementId: Id };
}
