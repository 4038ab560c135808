import { Context } from '@temporalio/activity';
import proto from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  type NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
  type WorkflowBundlePath,
} from '@temporalio/worker';
import { contentId, makeCurrent } from '../../deployment/worker-versions.ts';
import { workflowBundle as bundleOf } from '../../deployment/workflow-bundle.ts';
import { failureSorting } from '../../activities/failures.ts';
import { heartbeating } from '../../activities/heartbeats.ts';
import { loadCatalogue } from '../../model/catalogue.ts';
import { attributes } from '../../model/search-attributes.ts';
import { laneQueue, lanes, submissionQueue } from '../../model/queues.ts';
import { planning } from '../../workers/planning.ts';
import { versioned } from '../../workers/versions.ts';
import { root, tools } from '../tools.ts';
import { jobConfig } from '../unit/job-config.ts';
import type { Calls } from './calls.ts';
import type { Script } from './script.ts';
import { scriptedServices } from './services.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
});

/** A server whose clock jumps over the waits of workflows; it has no schedules and cannot list runs. */
export async function timeSkippingServer(): Promise<TestWorkflowEnvironment> {
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: tools.temporalTestServer } },
  });
  const { INDEXED_VALUE_TYPE_DOUBLE, INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;
  await environment.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(
      Object.values(attributes).map(({ name, type }) => [
        name,
        type === 'DOUBLE' ? INDEXED_VALUE_TYPE_DOUBLE : INDEXED_VALUE_TYPE_KEYWORD,
      ]),
    ),
  });
  return environment;
}

/** The real development server. */
export const localServer = (extraArgs: string[] = []): Promise<TestWorkflowEnvironment> =>
  TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: tools.temporal },
      extraArgs,
      searchAttributes: Object.values(attributes),
    },
  });

const buildId = 'checkout';

/** The workflows of this checkout, made once for all test files. */
export const workflowBundle = async (): Promise<WorkflowBundlePath> => ({
  codePath: await bundleOf(root, contentId(root)),
});

/** Serves the workflows, and plans by the real contracts. */
export async function orchestrationWorker(
  connection: NativeConnection,
  version: Pick<WorkerOptions, 'workflowBundle' | 'workerDeploymentOptions'> = {},
  products = loadCatalogue(),
  timeoutMinutes = jobConfig.timeoutMinutes,
): Promise<Worker> {
  return Worker.create({
    connection,
    workflowBundle: await workflowBundle(),
    ...planning(products, { ...jobConfig, timeoutMinutes }),
    ...version,
  });
}

/** Runs `use` while workers serve every queue, the services following `script`. The time-skipping server knows no versions. */
export async function withWorkers<T>(
  environment: TestWorkflowEnvironment,
  script: Script,
  use: (calls: Calls) => Promise<T>,
): Promise<T> {
  const { calls, activities, services } = scriptedServices(script, async () => {
    for (;;) {
      Context.current().heartbeat();
      await Context.current().sleep(100);
    }
  });
  const connection = environment.nativeConnection;
  const interceptors = { activity: [heartbeating, failureSorting(services)] };
  const workers = await Promise.all([
    orchestrationWorker(
      connection,
      environment.supportsTimeSkipping ? {} : { workerDeploymentOptions: versioned(buildId) },
      script.catalogue,
      script.jobMinutes,
    ),
    ...[...lanes.map(laneQueue), submissionQueue].map((taskQueue) =>
      // A cancel reaches a wait with the answer to its heartbeat.
      Worker.create({ connection, taskQueue, activities, maxHeartbeatThrottleInterval: '1s', interceptors }),
    ),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  try {
    if (!environment.supportsTimeSkipping) await makeCurrent(environment.client, buildId);
    return await use(calls);
  } finally {
    for (const worker of workers) worker.shutdown();
    await running;
  }
}
