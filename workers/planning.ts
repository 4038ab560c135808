import { createCatalogueActivities } from '../activities/catalogue/activities.ts';
import type { JobConfig } from '../activities/catalogue/plan.ts';
import { failureSorting } from '../activities/failures.ts';
import { heartbeating } from '../activities/heartbeats.ts';
import type { Catalogue } from '../model/catalogue.ts';
import { orchestrationQueue } from '../model/queues.ts';

/** What a worker of workflows does beside them: it reads the contracts. */
export function planning(catalogue: Catalogue, config: JobConfig) {
  const activities = createCatalogueActivities(catalogue, config);
  const failures = { service: 'contracts', advice: {}, final: {} };
  const interceptors = { activity: [heartbeating, failureSorting([{ activities, failures }])] };
  return { taskQueue: orchestrationQueue, activities, interceptors };
}
