import { readConfig } from './config.ts';
import { startService } from './start.ts';

function report(text: string): void {
  process.stderr.write(`${text}\n`);
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const state = { stopping: false };

/** Signals may come before the start is over: PostgreSQL must not outlive us then either. */
const starting = Promise.resolve().then(() =>
  startService(readConfig(process.env), (error, operation) => {
    report(`${operation ?? 'redshift-data'}: ${textOf(error)}`);
  }),
);

async function stop(): Promise<void> {
  if (state.stopping) return;
  state.stopping = true;
  try {
    await (await starting).stop();
  } catch (error) {
    report(`stop: ${textOf(error)}`);
    process.exitCode = 1;
  }
}

process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());

try {
  const service = await starting;
  void service.ended.then(() => {
    if (state.stopping) return;
    report('PostgreSQL ended by itself, see postgres.log in the data folder');
    process.exitCode = 1;
    void stop();
  });
  if (!state.stopping) process.stdout.write(`${JSON.stringify(service.address)}\n`);
} catch (error) {
  if (!state.stopping) report(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
