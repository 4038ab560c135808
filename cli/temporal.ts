import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

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
