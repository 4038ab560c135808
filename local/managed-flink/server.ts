import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { errorTypeRegistries } from '@aws-sdk/client-kinesis-analytics-v2';
import { createAwsServer } from '../wire/index.ts';
import { Applications } from './applications.ts';
import { Figures } from './figures.ts';
import { Jobs } from './jobs.ts';
import { Lifecycle } from './lifecycle.ts';
import { Objects } from './objects.ts';
import { operationsOf } from './operations.ts';
import { Processes } from './processes.ts';
import type { Settings } from './settings.ts';
import { Store } from './store.ts';

export interface ManagedFlinkServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const cloudWatchOf = (settings: Settings): CloudWatchClient | undefined =>
  settings.AWS_ENDPOINT_URL_CLOUDWATCH === undefined
    ? undefined
    : new CloudWatchClient({
        endpoint: settings.AWS_ENDPOINT_URL_CLOUDWATCH,
        region: settings.AWS_REGION,
        credentials: { accessKeyId: settings.AWS_ACCESS_KEY_ID, secretAccessKey: settings.AWS_SECRET_ACCESS_KEY },
      });

/** Starts Managed Service for Apache Flink on this machine: its API in front of a real JobManager and TaskManager an application. */
export const startManagedFlink = async (
  settings: Settings,
  report: (error: unknown) => void,
): Promise<ManagedFlinkServer> => {
  const stateDir = settings.MANAGED_FLINK_STATE_DIR;
  const store = new Store(stateDir);
  const processes = new Processes(stateDir, settings.MANAGED_FLINK_LOG_DIR);
  const objects = new Objects(settings);
  await objects.ensureBucket();
  const jobs = new Jobs(store, { settings, processes, objects, report });
  const lifecycle = new Lifecycle(store, jobs, objects, report);
  await lifecycle.recover();
  const server = await createAwsServer({
    service: 'kinesisanalyticsv2',
    protocol: 'awsJson1_1',
    errors: errorTypeRegistries,
    operations: operationsOf({
      applications: new Applications(store, lifecycle, objects, stateDir, jobs),
      arnPrefix: `arn:aws:kinesisanalytics:${settings.AWS_REGION}:${settings.AWS_ACCOUNT_ID}:application/`,
    }),
    port: settings.MANAGED_FLINK_PORT,
    onDefect: report,
  });
  const cloudWatch = cloudWatchOf(settings);
  const figures = cloudWatch && new Figures(cloudWatch, jobs, settings.MANAGED_FLINK_FIGURES_EVERY_MS, report);
  return {
    url: server.url,
    close: async () => {
      await figures?.close();
      await server.close();
      await lifecycle.close();
      await processes.close();
      objects.close();
    },
  };
};
