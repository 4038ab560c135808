import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { createCatalogueActivities } from '../activities/catalogue/activities.ts';
import { heartbeating } from '../activities/heartbeats.ts';
import { loadCatalogue } from '../model/catalogue.ts';
import { orchestrationQueue } from '../model/queues.ts';
import { parseConfig } from './config.ts';
import { connectWorker, runUntilStopped } from './process.ts';
import { versioned } from './versions.ts';

const config = parseConfig(process.env);
const { connection, namespace } = await connectWorker(config);
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue: orchestrationQueue,
  ...(config.workflowBundle === undefined
    ? { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) }
    : { workflowBundle: { codePath: config.workflowBundle } }),
  activities: createCatalogueActivities(loadCatalogue(), config.job),
  interceptors: { activity: [heartbeating] },
  shutdownGraceTime: config.shutdownGraceMs,
  workerDeploymentOptions: versioned(config.buildId),
});
await runUntilStopped(connection, [worker]);
