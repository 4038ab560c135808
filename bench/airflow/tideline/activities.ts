import { heartbeat, sleep } from '@temporalio/activity';
import type { Notes } from '../notes.ts';

/** What the tasks of the DAGs do (dags/work.py). */
export function createTaskActivities(notes: Notes) {
  return {
    async work(input: { caseName: string; number: number; seconds: number }): Promise<void> {
      const { caseName, number, seconds } = input;
      notes.add(caseName, number, 'began');
      heartbeat();
      if (seconds > 0) await sleep(seconds * 1000);
      notes.add(caseName, number, 'done');
    },
  };
}

export type TaskActivities = ReturnType<typeof createTaskActivities>;
