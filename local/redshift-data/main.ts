import { startService } from './start.ts';
import { readConfig } from './config.ts';

const service = await startService(readConfig(process.env), (error, operation) => {
  process.stderr.write(
    `${operation ?? 'request'}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
});

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  service.stop().catch((error: unknown) => {
    process.stderr.write(`stop: ${String(error)}\n`);
    process.exitCode = 1;
  });
}

process.once('SIGTERM', stop);
process.once('SIGINT', stop);
void service.ended.then(() => {
  if (stopping) return;
  process.stderr.write('PostgreSQL ended by itself, see postgres.log in the data folder\n');
  process.exitCode = 1;
  stop();
});

process.stdout.write(`${JSON.stringify(service.address)}\n`);
