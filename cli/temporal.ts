import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

/** Runs `use` with a client of the Temporal that the `TEMPORAL_*` profile names. */
export async function withTemporal<T>(use: (client: Client) => Promise<T>): Promise<T> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const connection = await Connection.connect(connectionOptions);
  try {
    return await use(new Client({ connection, namespace: namespace ?? 'default' }));
  } finally {
    await connection.close();
  }
}
