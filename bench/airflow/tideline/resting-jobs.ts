import { EMRServerlessClient, JobRunState } from '@aws-sdk/client-emr-serverless';
import { z } from 'zod';
import type { Notes } from '../notes.ts';

const commandSchema = z.union([
  z.object({ clientToken: z.string(), name: z.string() }), // StartJobRun
  z.object({ jobRunId: z.string() }), // GetJobRun
]);

/** An EMR Serverless that answers at once, and whose jobs only rest: what is measured is the waiting for them. */
export function restingJobs(notes: Notes, caseName: string, jobSeconds: number): EMRServerlessClient {
  const endsAtMs = new Map<string, number>();
  const answer = (input: unknown): object => {
    const command = commandSchema.parse(input);
    if ('name' in command) {
      notes.add(caseName, Number(command.name), 'began');
      endsAtMs.set(command.clientToken, Date.now() + jobSeconds * 1000);
      return { jobRunId: command.clientToken };
    }
    const ended = Date.now() >= (endsAtMs.get(command.jobRunId) ?? Infinity);
    return { jobRun: { state: ended ? JobRunState.SUCCESS : JobRunState.RUNNING } };
  };
  const client = new EMRServerlessClient({ region: 'us-east-1' });
  client.middlewareStack.add(
    () =>
      async ({ input }) => ({ output: { $metadata: {}, ...answer(input) }, response: {} }),
    { step: 'initialize', priority: 'high' },
  );
  return client;
}
