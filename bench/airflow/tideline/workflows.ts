import { executeChild, proxyActivities } from '@temporalio/workflow';
import { submissions, waits as waitsOf } from '../../../workflows/proxies.ts';
import type { CaseName, Sizes } from '../cases.ts';
import type { TaskActivities } from './activities.ts';

const { work } = proxyActivities<TaskActivities>({ startToCloseTimeout: '1h', heartbeatTimeout: '40s' });
const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

/** The same tasks as the DAG of the name. */
export async function runCase(caseName: CaseName, sizes: Sizes): Promise<void> {
  await cases[caseName](caseName, sizes);
}

const cases: Record<CaseName, (caseName: CaseName, sizes: Sizes) => Promise<unknown>> = {
  chain: (caseName, { chain }) => oneAfterAnother(caseName, 0, chain),
  'fan-out': (caseName, { fanOut }) => allAtOnce(caseName, fanOut, 0),
  waits: (_, sizes) => Promise.all(numbers(sizes.waits).map(runJob)),
  // A child a day, as an Airflow backfill makes a run a day.
  backfill: (caseName, { backfillDays, backfillTasks }) =>
    Promise.all(
      numbers(backfillDays).map((day) =>
        executeChild(oneAfterAnother, { args: [caseName, day * backfillTasks, backfillTasks] }),
      ),
    ),
  'kill-workers': (caseName, { kill, killSeconds }) => allAtOnce(caseName, kill, killSeconds),
  'kill-scheduler': (caseName, { kill, killSeconds }) => allAtOnce(caseName, kill, killSeconds),
};

export async function oneAfterAnother(caseName: CaseName, first: number, count: number): Promise<void> {
  for (const number of numbers(count)) await work({ caseName, number: first + number, seconds: 0 });
}

const allAtOnce = (caseName: CaseName, count: number, seconds: number) =>
  Promise.all(numbers(count).map((number) => work({ caseName, number, seconds })));

/** As a build does: submit, then wait, by the product's own activities. */
async function runJob(number: number): Promise<void> {
  const job = {
    name: String(number),
    entryPoint: '',
    arguments: [],
    submitParameters: '',
    timeoutMinutes: 5,
    tags: {},
  };
  const { jobRunId } = await submissions('scheduled').submitJobRun({ token: job.name, job });
  await waitsOf('scheduled').awaitJobRun({ jobRunId });
}
