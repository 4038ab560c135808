import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EMRServerlessClient } from '@aws-sdk/client-emr-serverless';
import { KinesisAnalyticsV2Client } from '@aws-sdk/client-kinesis-analytics-v2';
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Client } from '@temporalio/client';
import { Runtime, Worker } from '@temporalio/worker';
import { createFigureActivities } from '../activities/cloudwatch/activities.ts';
import { measuring } from '../activities/cloudwatch/figures.ts';
import { Metrics } from '../activities/cloudwatch/metrics.ts';
import { createStreamHealthActivities } from '../activities/cloudwatch/stream-health.ts';
import { createEmrServerlessActivities } from '../activities/emr-serverless/activities.ts';
import { emrServerlessFailures } from '../activities/emr-serverless/failures.ts';
import { failureSorting, type Service, type ServiceFailures } from '../activities/failures.ts';
import { createFlinkActivities } from '../activities/flink/activities.ts';
import { flinkFailures } from '../activities/flink/failures.ts';
import { heartbeating } from '../activities/heartbeats.ts';
import { createLakeActivities } from '../activities/lake/activities.ts';
import { lakeFailures } from '../activities/lake/failures.ts';
import { createLedgerActivities } from '../activities/ledger/activities.ts';
import { ledgerFailures } from '../activities/ledger/failures.ts';
import { Ledger } from '../activities/ledger/ledger.ts';
import { orchestratorOf } from '../activities/orchestrator.ts';
import { OpenFindings } from '../activities/ledger/open-findings.ts';
import { RestorePoints } from '../activities/ledger/restore-points.ts';
import { createRedshiftActivities } from '../activities/redshift/activities.ts';
import { redshiftFailures } from '../activities/redshift/failures.ts';
import { createTableHistoryActivities } from '../activities/table-history/activities.ts';
import { createPlanningActivities } from '../activities/planning/activities.ts';
import { createUnreadRawActivities } from '../activities/planning/unread-raw.ts';
import { createRealtimeActivities } from '../activities/realtime/activities.ts';
import { createAlertActivities } from '../activities/sns/activities.ts';
import { loadCatalogue } from '../model/catalogue.ts';
import { laneQueue, lanes, submissionQueue } from '../model/queues.ts';
import { parseConfig } from './config.ts';
import { countWorkers } from './count-workers.ts';
import { patience } from './patience.ts';
import { connectWorker, runUntilStopped } from './process.ts';

const config = parseConfig(process.env);
const { connection, namespace } = await connectWorker(config);
const catalogue = loadCatalogue();
const documents = DynamoDBDocumentClient.from(new DynamoDBClient(patience()));
const ledger = new Ledger(documents, config.ledgerTable);
const restorePoints = new RestorePoints(documents, config.ledgerTable);
// Path-style addresses work with every bucket name and with endpoints that are an IP address.
const s3 = new S3Client({ forcePathStyle: true, ...patience() });
const orchestrator = orchestratorOf(new Client({ connection, namespace }));
const planning = createPlanningActivities(
  ledger,
  restorePoints,
  catalogue,
  orchestrator,
  config.lateData,
  config.jobsVersion,
);
const { logger, metricMeter } = Runtime.instance();
const warn = (text: string): void => {
  logger.warn(text);
};
const cloudWatch = new CloudWatchClient(patience());
const metrics = new Metrics(cloudWatch, metricMeter, warn);
const historyFailures: ServiceFailures = {
  service: 'S3 and DynamoDB',
  advice: { ...lakeFailures.advice, ...ledgerFailures.advice },
  final: {},
  enduring: ['recordPublished', 'recordRestored'],
};
const redshift = new RedshiftDataClient(patience(config.redshift.longPollSeconds));
const services: readonly Service[] = [
  {
    activities: createEmrServerlessActivities(new EMRServerlessClient(patience()), config.emrServerless),
    failures: emrServerlessFailures,
  },
  {
    activities: createRedshiftActivities(redshift, catalogue, config.redshift),
    failures: redshiftFailures,
  },
  {
    activities: createRealtimeActivities(s3, redshift, ledger.streamDates, catalogue, orchestrator, {
      ...config.redshift,
      lakeUri: config.job.lakeUri,
    }),
    failures: {
      service: 'Redshift Data, S3 and DynamoDB',
      advice: { ...lakeFailures.advice, ...ledgerFailures.advice, ...redshiftFailures.advice },
      final: { submitMerge: ['ValidationException'], submitReconciliation: ['ValidationException'] },
      enduring: ['reconcileAgain'],
    },
  },
  { activities: createLakeActivities(s3), failures: lakeFailures },
  {
    activities: createLedgerActivities(ledger, restorePoints, catalogue, orchestrator, config.jobsVersion),
    failures: ledgerFailures,
  },
  { activities: planning, failures: ledgerFailures },
  {
    activities: { ...createFigureActivities(metrics), ...createStreamHealthActivities(cloudWatch) },
    failures: { service: 'CloudWatch', advice: {}, final: {}, enduring: ['readStreamHealth', 'publishFigures'] },
  },
  {
    activities: createFlinkActivities(new KinesisAnalyticsV2Client(patience()), config.managedFlink),
    failures: flinkFailures,
  },
  {
    activities: createAlertActivities(
      new OpenFindings(documents, config.ledgerTable),
      new SNSClient(patience()),
      config.alerts,
    ),
    failures: { service: 'SNS and DynamoDB', advice: ledgerFailures.advice, final: {} },
  },
  {
    activities: createTableHistoryActivities(ledger, s3, config.lakeBucket, catalogue, {
      restate: (late) => planning.reportLateDates(late),
      isRunning: (workflowId) => orchestrator.isRunning(workflowId),
    }),
    failures: historyFailures,
  },
  {
    activities: createUnreadRawActivities(ledger, s3, config.job.rawBucketUri, catalogue, orchestrator),
    failures: historyFailures,
  },
];
const common = {
  connection,
  namespace,
  activities: Object.assign({}, ...services.map(({ activities }) => activities)) as object,
  interceptors: { activity: [heartbeating, measuring(metrics, warn), failureSorting(services)] },
  shutdownGraceTime: config.shutdownGraceMs,
  // A cancel reaches a wait with the answer to its heartbeat.
  maxHeartbeatThrottleInterval: '5s',
};
const workers = await Promise.all([
  // Waiting for a job costs nothing, so many jobs can be waited for at once.
  ...lanes.map((lane) =>
    Worker.create({ ...common, taskQueue: laneQueue(lane), maxConcurrentActivityTaskExecutions: 500 }),
  ),
  Worker.create({
    ...common,
    taskQueue: submissionQueue,
    maxTaskQueueActivitiesPerSecond: config.emrServerless.submissionsPerSecond,
  }),
]);
const stopCounting = countWorkers(orchestrator, metrics, warn);
await runUntilStopped(connection, workers);
stopCounting();
await metrics.close();
