import { setTimeout as delay } from 'node:timers/promises';
import { EMRServerlessClient, GetJobRunCommand, type JobRun, type JobRunState } from '@aws-sdk/client-emr-serverless';
import { startEmrServerless, type EmrServerlessServer } from '../../local/emr-serverless/server.ts';
import { readSettings } from '../../local/emr-serverless/settings.ts';
import { access } from './access.ts';

const POLL_MS = 50;
const ENDED: readonly (JobRunState | undefined)[] = ['SUCCESS', 'FAILED', 'CANCELLED'];

export const roleArn = 'arn:aws:iam::000000000000:role/tideline-job';

export interface Service {
  readonly server: EmrServerlessServer;
  readonly client: EMRServerlessClient;
  readonly defects: unknown[];
  readonly stop: () => Promise<void>;
}

/** The server under test with a client of it. */
export const startService = async (environment: Readonly<Record<string, string>>): Promise<Service> => {
  const defects: unknown[] = [];
  const server = await startEmrServerless(readSettings(environment), (error) => {
    defects.push(error);
  });
  const client = new EMRServerlessClient({ ...access, endpoint: server.url, maxAttempts: 1 });
  return {
    server,
    client,
    defects,
    stop: async () => {
      client.destroy();
      await server.close();
    },
  };
};

/** Where the log of a run is, in the folder that its job or application names. */
export const logKey = (applicationId: string, jobRunId: string, name: 'stdout' | 'stderr'): string =>
  `logs/applications/${applicationId}/jobs/${jobRunId}/SPARK_DRIVER/${name}.gz`;

/** Polls a run until it is in one of these states, by default until it has ended. */
export const waitForRun = async (
  client: EMRServerlessClient,
  applicationId: string,
  jobRunId: string,
  states: readonly (JobRunState | undefined)[] = ENDED,
): Promise<JobRun> => {
  for (;;) {
    const { jobRun } = await client.send(new GetJobRunCommand({ applicationId, jobRunId }));
    if (jobRun !== undefined && states.includes(jobRun.state)) return jobRun;
    if (ENDED.includes(jobRun?.state)) throw new Error(`run ${jobRunId} is ${String(jobRun?.state)}`);
    await delay(POLL_MS);
  }
};
