/** What a local service gives of itself once it listens. */
interface Running {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const report = (error: unknown): void => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
};

/** Runs a local service as this process: prints where it listens, tells defects by `report`, and closes it on SIGTERM or SIGINT. */
export async function runServer(start: (report: (error: unknown) => void) => Promise<Running>): Promise<void> {
  const server = await start(report);
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
}
