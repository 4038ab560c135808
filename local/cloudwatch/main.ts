import { SNSClient } from '@aws-sdk/client-sns';
import { startCloudWatch } from './service.ts';

const service = await startCloudWatch({
  sns: new SNSClient(),
  evaluateEveryMs: 5_000,
  onDefect: (error, operation) => {
    process.stderr.write(
      `${operation ?? 'cloudwatch'}: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`,
    );
  },
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void service.close());
process.stdout.write(`${JSON.stringify({ listening: service.url })}\n`);
