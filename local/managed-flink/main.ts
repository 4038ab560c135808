import { startManagedFlink } from './server.ts';
import { readSettings } from './settings.ts';

const report = (error: unknown): void => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
};

const server = await startManagedFlink(readSettings(process.env), report);
process.stdout.write(`${JSON.stringify({ listening: server.url })}\n`);

let closing: Promise<void> | undefined;
const close = (): void => {
  closing ??= server.close().then(
    () => process.exit(0),
    (error: unknown) => {
      report(error);
      process.exit(1);
    },
  );
};
process.on('SIGTERM', close);
process.on('SIGINT', close);
