import type { WorkerDeploymentOptions } from '@temporalio/worker';

/** The name under which Temporal knows the orchestration workers of all versions. */
export const deploymentName = 'tideline';

/**
 * A worker of one version of the code. A workflow ends on the version that began it, unless its definition says
 * `AUTO_UPGRADE`; new ones begin on the version that was made current (docs/deploy.md).
 */
export const versioned = (buildId: string): WorkerDeploymentOptions => ({
  useWorkerVersioning: true,
  version: { deploymentName, buildId },
  defaultVersioningBehavior: 'PINNED',
});
