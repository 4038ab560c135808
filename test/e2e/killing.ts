import { setTimeout as delay } from 'node:timers/promises';
import { EMRServerlessClient, paginateListJobRuns } from '@aws-sdk/client-emr-serverless';
import type { Platform } from '../../local/platform.ts';

/**
 * Kills the workers of the data plane whenever a job of the backfill lane has started, until `working` ends, however that
 * may be. Tells how often, and the names of the jobs that were started.
 */
export async function killingDataPlane(
  { supervisor, environment }: Platform,
  working: Promise<unknown>,
): Promise<{ kills: number; jobs: string[] }> {
  const emr = new EMRServerlessClient();
  const names = async (): Promise<string[]> => {
    const found: string[] = [];
    const runs = { applicationId: environment.EMR_BACKFILL_APPLICATION_ID };
    for await (const page of paginateListJobRuns({ client: emr }, runs))
      found.push(...(page.jobRuns ?? []).map(({ name }) => name ?? ''));
    return found;
  };
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  working.then(end, end);
  const before = (await names()).length;
  let [seen, kills] = [before, 0];
  while (!ended) {
    const started = (await names()).length;
    if (started > seen) {
      seen = started;
      await supervisor.restart('data-plane', 'SIGKILL');
      kills += 1;
    }
    await delay(200);
  }
  const all = await names();
  return { kills, jobs: all.slice(0, all.length - before) };
}
