// The worker of the comparison: tasks, and the product's own activities that submit and await jobs, in one process.
import { fileURLToPath } from 'node:url';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Worker } from '@temporalio/worker';
import { z } from 'zod';
import { createEmrServerlessActivities } from '../../../activities/emr-serverless/activities.ts';
import { runUntilStopped } from '../../../workers/process.ts';
import { laneQueue, submissionQueue } from '../../../model/queues.ts';
import { slots, taskQueue } from '../cases.ts';
import { Notes } from '../notes.ts';
import { createTaskActivities } from './activities.ts';
import { restingJobs } from './resting-jobs.ts';

const { BENCH_NOTES, BENCH_WAIT_SECONDS } = z
  .object({ BENCH_NOTES: z.string().min(1), BENCH_WAIT_SECONDS: z.coerce.number().positive() })
  .parse(process.env);
const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
const connection = await NativeConnection.connect(connectionOptions);
const notes = new Notes(BENCH_NOTES);
const jobs = createEmrServerlessActivities(restingJobs(notes, 'waits', BENCH_WAIT_SECONDS), {
  applicationId: 'rests',
  backfillApplicationId: 'rests',
  executionRoleArn: 'arn:aws:iam::000000000000:role/rests',
  maintenanceRoleArn: 'arn:aws:iam::000000000000:role/rests',
  prices: { usdPerVcpuHour: 0, usdPerMemoryGbHour: 0 },
  logUri: 's3://rests/logs',
  pollIntervalMs: 5_000,
  // An account's quota would lengthen the waits of any orchestrator; only the 5 s between two polls count here.
  pollsPerSecond: slots.waits,
});
const common = { connection, namespace };
await runUntilStopped(connection, [
  await Worker.create({
    ...common,
    taskQueue,
    workflowsPath: fileURLToPath(new URL('workflows.ts', import.meta.url)),
    activities: createTaskActivities(notes),
    maxConcurrentActivityTaskExecutions: slots.tasks,
  }),
  await Worker.create({ ...common, taskQueue: submissionQueue, activities: jobs }),
  await Worker.create({
    ...common,
    taskQueue: laneQueue('scheduled'),
    activities: jobs,
    maxConcurrentActivityTaskExecutions: slots.waits,
  }),
]);
