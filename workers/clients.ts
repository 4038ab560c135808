import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Ledger } from '../activities/ledger/ledger.ts';
import { RestorePoints } from '../activities/ledger/restore-points.ts';

const documents = () => DynamoDBDocumentClient.from(new DynamoDBClient());

export const openLedger = (table: string): Ledger => new Ledger(documents(), table);

export const openRestorePoints = (table: string): RestorePoints => new RestorePoints(documents(), table);

/** Runs `use` with a client of the Temporal that the `TEMPORAL_*` profile names. */
export async function withTemporal<T>(use: (client: Client, connection: Connection) => Promise<T>): Promise<T> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  // The SDK would take a server on this machine, whatever the ledger is.
  if (!connectionOptions.address)
    throw new Error(
      'The environment names no Temporal: set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, or TEMPORAL_PROFILE. On this machine, start the platform first: npm start',
    );
  const connection = await Connection.connect(connectionOptions);
  try {
    return await use(new Client({ connection, namespace: namespace ?? 'default' }), connection);
  } finally {
    await connection.close();
  }
}
