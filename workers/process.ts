import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import type { Config } from './config.ts';

/** Installs logging and metrics for this process, and connects to Temporal as the `TEMPORAL_*` profile says. */
export async function connectWorker(config: Config): Promise<{ connection: NativeConnection; namespace: string }> {
  Runtime.install({
    logger: new DefaultLogger('INFO'),
    ...(config.metricsAddress !== undefined && {
      telemetryOptions: { metrics: { prometheus: { bindAddress: config.metricsAddress } } },
    }),
  });
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return { connection: await NativeConnection.connect(connectionOptions), namespace: namespace ?? 'default' };
}

/** Runs workers until SIGTERM or SIGINT, then lets them finish what they can within the grace period. */
export async function runUntilStopped(connection: NativeConnection, workers: readonly Worker[]): Promise<void> {
  try {
    const running = workers.map((worker) => worker.run());
    process.stdout.write(`${JSON.stringify({ ready: workers.map((worker) => worker.options.taskQueue) })}\n`);
    await Promise.all(running);
  } finally {
    await connection.close();
  }
}
