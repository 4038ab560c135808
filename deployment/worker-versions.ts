import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, isGrpcServiceError } from '@temporalio/client';
import { deploymentName } from '../workers/versions.ts';

/** What an orchestration worker of this checkout runs, as a build id: equal for equal code. */
export function contentId(root: string): string {
  const digest = createHash('sha256');
  const files = globSync(['{model,workflows,activities,workers,products}/**/*.*', 'package-lock.json'], { cwd: root });
  for (const file of files.sort()) digest.update(`${file}\0`).update(readFileSync(join(root, file)));
  return digest.digest('hex').slice(0, 16);
}

const registrationMs = 30_000;

/** Lets new workflows begin on a version. Its workers must be up: waits until the server knows the version. */
export async function makeCurrent(client: Client, buildId: string): Promise<void> {
  const { namespace } = client.options;
  const deadline = Date.now() + registrationMs;
  for (;;) {
    try {
      await client.workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId });
      return;
    } catch (error) {
      // A version exists from its first poll on, a moment after the worker says that it is ready.
      if (!isGrpcServiceError(error) || Date.now() > deadline) throw error;
      await delay(100);
    }
  }
}

/** Moves the running workflows of all other versions to this one, for when nobody serves those any more. Returns their ids. */
export async function adoptRunning(client: Client, buildId: string): Promise<string[]> {
  const { namespace } = client.options;
  const version = `${deploymentName}:${buildId}`;
  const query = `ExecutionStatus = "Running" AND TemporalWorkflowVersioningBehavior = "Pinned" AND TemporalWorkerDeploymentVersion != "${version}"`;
  const adopted: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    await client.workflowService.updateWorkflowExecutionOptions({
      namespace,
      workflowExecution: { workflowId, runId },
      workflowExecutionOptions: {
        versioningOverride: { oneTime: { targetDeploymentVersion: { deploymentName, buildId } } },
      },
      updateMask: { paths: ['versioning_override'] },
    });
    adopted.push(workflowId);
  }
  return adopted;
}
