import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { loadCatalogue } from '../model/catalogue.ts';
import { parseConfig } from './config.ts';
import { planning } from './planning.ts';
import { connectWorker, runUntilStopped } from './process.ts';
import { versioned } from './versions.ts';

const config = parseConfig(process.env);
const { connection, namespace } = await connectWorker(config);
const worker = await Worker.create({
  connection,
  namespace,
  ...(config.workflowBundle === undefined
    ? { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) }
    : { workflowBundle: { codePath: config.workflowBundle } }),
  ...planning(loadCatalogue(), config.job),
  shutdownGraceTime: config.shutdownGraceMs,
  workerDeploymentOptions: versioned(config.buildId),
});
await runUntilStopped(connection, [worker]);
