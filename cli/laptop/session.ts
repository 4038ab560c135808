import { join } from 'node:path';
import { GlueClient } from '@aws-sdk/client-glue';
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { type Platform, type PlatformOptions, startPlatform, startWorker } from '../../local/platform.ts';
import { buckets, ledgerTable } from '../../local/provision.ts';
import { type Catalogue, loadCatalogue } from '../../model/catalogue.ts';
import { openLedger } from '../../workers/clients.ts';
import { recoverLedger } from './recover-ledger.ts';
import { adoptRunning, contentId, makeCurrent } from '../../deployment/worker-versions.ts';
import { applyGlue } from '../../deployment/glue.ts';
import { publishJobs } from '../../deployment/spark-jobs.ts';
import type { Warehouse } from '../../activities/redshift/query.ts';
import { applyWarehouse } from '../../deployment/warehouse.ts';
import { publishApplications, superviseStreams } from '../../deployment/stream-applications.ts';
import { installStreamTools } from '../../local/tools/install.mjs';
import { workflowBundle } from '../../deployment/workflow-bundle.ts';

/** A local platform with the current code deployed on it and both workers running. */
export interface Session {
  readonly platform: Platform;
  readonly catalogue: Catalogue;
  readonly client: Client;
  readonly warehouse: Warehouse;
  /** What the workers run with; for starting one of them again. */
  readonly workerEnvironment: Readonly<Record<string, string>>;
  /** Addresses of the workers' Prometheus metrics. */
  readonly metrics: readonly string[];
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly root: string;
  readonly folder: string;
  /** Settings of the workers (`workers/config.ts`) that differ from the platform's. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly onStep?: (text: string) => void;
  /** Told what was found to be amiss and put right. */
  readonly onRecovered?: (text: string) => void;
  readonly jobsAtOnce?: PlatformOptions['jobsAtOnce'];
  readonly wantedPorts?: PlatformOptions['wantedPorts'];
  readonly reachedAt?: PlatformOptions['reachedAt'];
  /** Whether the applications of the stream run too, supervised. */
  readonly streams?: boolean;
}

export async function openSession({
  root,
  folder,
  settings = {},
  onStep = () => undefined,
  onRecovered = () => undefined,
  jobsAtOnce = 1,
  wantedPorts = {},
  reachedAt,
  streams = false,
}: SessionOptions): Promise<Session> {
  // Hundreds of megabytes, which nothing else needs.
  if (streams) await installStreamTools();
  const catalogue = loadCatalogue(join(root, 'products'));
  const buildId = contentId(root);
  const platform = await startPlatform({
    root,
    folder,
    onStep,
    jobsAtOnce,
    wantedPorts,
    ...(reachedAt && { reachedAt }),
  });
  try {
    onStep('Spark jobs, warehouse tables, the Glue catalogue');
    const {
      REDSHIFT_WORKGROUP: workgroup = '',
      REDSHIFT_DATABASE: database = '',
      REDSHIFT_ADMIN_SECRET_ARN: secretArn = '',
      TIDELINE_WORKER_ROLE: workerRole = '',
    } = platform.environment;
    const warehouse = { client: new RedshiftDataClient(), workgroup, database, secretArn };
    const [version, bundle] = await Promise.all([
      publishJobs(platform.s3, buckets.artifacts, root),
      workflowBundle(root, buildId),
      applyWarehouse(warehouse, catalogue, workerRole),
      applyGlue(new GlueClient(), catalogue, `s3://${buckets.lake}`),
    ]);
    const ledger = openLedger(ledgerTable);
    await recoverLedger({ ledger, client: platform.s3, bucket: buckets.lake, catalogue, warehouse }, onRecovered);
    onStep('workers');
    const workerEnvironment = {
      TIDELINE_JOBS_VERSION: version,
      TIDELINE_BUILD_ID: buildId,
      TIDELINE_WORKFLOW_BUNDLE: bundle,
      ...settings,
    };
    const metrics = await Promise.all([
      startWorker(platform, root, workerEnvironment, 'orchestration'),
      startWorker(platform, root, workerEnvironment, 'data-plane'),
    ]);
    const { connectionOptions, namespace } = loadClientConnectConfig({
      overrideEnvVars: { TEMPORAL_ADDRESS: platform.environment.TEMPORAL_ADDRESS ?? '' },
    });
    const connection = await Connection.connect(connectionOptions);
    const client = new Client({ connection, namespace: namespace ?? 'default' });
    await makeCurrent(client, buildId);
    // Nobody serves the versions of an earlier checkout here.
    await adoptRunning(client, buildId);
    if (streams) {
      onStep('applications of the stream');
      await superviseStreams(client, await publishApplications(platform.s3, platform.environment, root));
    }
    return {
      platform,
      catalogue,
      client,
      warehouse,
      workerEnvironment,
      metrics,
      close: async () => {
        await platform.stop();
        // Last: a call that is made again on a closed connection ends this process before the platform has ended.
        await connection.close();
      },
    };
  } catch (error) {
    await platform.stop();
    throw error;
  }
}
