import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { errorTypeRegistries } from '@aws-sdk/client-emr-serverless';
import { createAwsServer } from '../wire/index.ts';
import { applicationDetails } from './application-view.ts';
import { Applications } from './applications.ts';
import { Names } from './identity.ts';
import { JobRuns } from './job-runs.ts';
import { Launcher } from './launcher.ts';
import { Objects } from './objects.ts';
import { operationsOf } from './operations.ts';
import { accountQuotas } from './quotas.ts';
import type { RunRecord } from './records.ts';
import { Scheduler } from './scheduler.ts';
import type { Settings } from './settings.ts';
import { SparkEnvironment } from './spark-environment.ts';
import { Store } from './store.ts';
import { Tags } from './tags.ts';
import { Timers } from './timers.ts';
import { addUtilization, requestedWorkers } from './utilization.ts';
import { WarmPools } from './warm-pools.ts';
import { WorkerFigures } from './worker-figures.ts';

const MINUTE_MS = 60_000;

export interface EmrServerlessServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const cloudWatchOf = ({ cloudWatchEndpoint: endpoint, region, accessKeyId, secretAccessKey }: Settings) =>
  endpoint === undefined
    ? undefined
    : new CloudWatchClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });

/** Starts EMR Serverless on this machine: its API in front of real Spark drivers. */
export const startEmrServerless = async (
  settings: Settings,
  onDefect: (error: unknown) => void,
): Promise<EmrServerlessServer> => {
  const store = new Store(settings.stateDir);
  const names = new Names(settings.region, settings.accountId);
  const spark = new SparkEnvironment(settings);
  // Of a server that was killed.
  await rm(spark.warmDrivers, { recursive: true, force: true, maxRetries: 5 });
  const limits = { maxDrivers: settings.maxWarmDrivers, runsPerDriver: settings.runsPerWarmDriver };
  const pools = new WarmPools(spark, limits, onDefect);
  const objects = new Objects(settings);
  const launcher = new Launcher(spark, pools, objects, join(settings.stateDir, 'logs'), onDefect);
  const applications = new Applications(store, names, pools);
  const idle = new Timers();
  const scheduler = new Scheduler(store, applications, {
    maxConcurrentRuns: settings.maxConcurrentRuns,
    launch: (run, attempt, events) => {
      const { monitoringConfiguration } = applications.get(run.applicationId).settings;
      return launcher.launch(run, attempt, monitoringConfiguration?.s3MonitoringConfiguration?.logUri, events);
    },
    onAttemptEnded: (run, elapsedMs) => {
      addUtilization(run, requestedWorkers(run, spark.defaultSize), elapsedMs);
    },
    onBusy: (applicationId) => {
      idle.cancel(applicationId);
    },
    onIdle: (applicationId) => {
      const application = applications.get(applicationId);
      const { enabled, idleTimeoutMinutes = 0 } = applicationDetails(application, names).autoStopConfiguration ?? {};
      if (enabled !== true) return;
      idle.set(applicationId, idleTimeoutMinutes * MINUTE_MS, () => {
        applications.stop(applicationId, 'Stopped after its idle timeout');
      });
    },
  });
  const server = await createAwsServer({
    service: 'emr-serverless',
    protocol: 'restJson1',
    errors: errorTypeRegistries,
    operations: operationsOf({
      names,
      applications,
      jobRuns: new JobRuns(store, names, applications, scheduler),
      tags: new Tags(store, names),
      logFolder: (run, attempt) => launcher.logFolder(run, attempt),
    }),
    ...(settings.throttles && { quotas: accountQuotas }),
    port: settings.port,
    onDefect,
  });
  await scheduler.recover();
  const cloudWatch = cloudWatchOf(settings);
  const workersOf = (run: RunRecord): number => requestedWorkers(run, spark.defaultSize).count;
  const figures = cloudWatch && new WorkerFigures(cloudWatch, store, workersOf, onDefect);
  return {
    url: server.url,
    close: async () => {
      idle.clear();
      figures?.close();
      await server.close();
      await scheduler.close();
      await pools.close();
      await launcher.close();
      objects.close();
    },
  };
};
