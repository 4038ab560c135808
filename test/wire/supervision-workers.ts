// Both workers of a supervision as a process of their own, so that they can be killed; their services are in the environment.
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { KinesisAnalyticsV2Client } from '@aws-sdk/client-kinesis-analytics-v2';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createFigureActivities } from '../../activities/cloudwatch/activities.ts';
import { Metrics } from '../../activities/cloudwatch/metrics.ts';
import { createStreamHealthActivities } from '../../activities/cloudwatch/stream-health.ts';
import { failureSorting } from '../../activities/failures.ts';
import { createFlinkActivities } from '../../activities/flink/activities.ts';
import { flinkFailures } from '../../activities/flink/failures.ts';
import { heartbeating } from '../../activities/heartbeats.ts';
import { laneQueue } from '../../model/queues.ts';
import { versioned } from '../../workers/versions.ts';
import { orchestrationWorker } from '../workflow/environment.ts';
import { access } from './access.ts';

/** Of the figures by which an application is judged. */
const figuresOfSeconds = 3;

const { TEMPORAL_ADDRESS: address = '', MANAGED_FLINK_URL: flink = '', CLOUDWATCH_URL: cloudWatch = '' } = process.env;
const connection = await NativeConnection.connect({ address });
const figures = new CloudWatchClient({ ...access, endpoint: cloudWatch });
const activities = {
  ...createFlinkActivities(new KinesisAnalyticsV2Client({ ...access, endpoint: flink }), { pollIntervalMs: 100 }),
  ...createStreamHealthActivities(figures, figuresOfSeconds),
  ...createFigureActivities(new Metrics(figures, Runtime.instance().metricMeter, console.error)),
};
const interceptors = { activity: [heartbeating, failureSorting([{ activities, failures: flinkFailures }])] };
const taskQueue = laneQueue('scheduled');
const workers = [
  await orchestrationWorker(connection, { workerDeploymentOptions: versioned('checkout') }),
  await Worker.create({ connection, taskQueue, activities, interceptors, shutdownGraceTime: 1 }),
];
const running = Promise.all(workers.map((worker) => worker.run()));
console.log('ready');
await running;
await connection.close();
