import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { AlertActivities } from '../activities/sns/activities.ts';
import type { CatalogueActivities } from '../activities/catalogue/activities.ts';
import type { FigureActivities } from '../activities/cloudwatch/activities.ts';
import type { EmrServerlessActivities } from '../activities/emr-serverless/activities.ts';
import type { FlinkActivities } from '../activities/flink/activities.ts';
import type { LakeActivities } from '../activities/lake/activities.ts';
import type { LedgerActivities } from '../activities/ledger/activities.ts';
import type { RedshiftActivities } from '../activities/redshift/activities.ts';
import type { TableHistoryActivities } from '../activities/table-history/activities.ts';
import type { RealtimeActivities } from '../activities/realtime/activities.ts';
import type { PlanningActivities } from '../activities/planning/activities.ts';
import type { StreamHealthActivities } from '../activities/cloudwatch/stream-health.ts';
import type { UnreadRawActivities } from '../activities/planning/unread-raw.ts';
import { type Lane, laneQueue, lanes, orchestrationQueue, submissionQueue } from '../model/queues.ts';

/** Retried until it works: an outage of a service delays a build, it doesn't fail it. Final errors are sorted out by the worker. */
const untilItWorks = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' } as const;

/** Workers beat for all that they run (`activities/heartbeats.ts`): what a dead one had begun is begun again after this time. */
const heartbeatTimeout = '12s';

/** With the time after which a dead worker is missed, what it waited for is adopted within 15 s, also after many deploys. */
const untilAdopted = { ...untilItWorks, maximumInterval: '3s' } as const;

/** Reading the contracts: quick, and wrong input fails at once. */
export const catalogue = proxyActivities<CatalogueActivities>({
  taskQueue: orchestrationQueue,
  startToCloseTimeout: '30s',
  heartbeatTimeout,
  retry: untilItWorks,
});

/** Calls that answer at once. */
export const calls = (lane: Lane) =>
  proxyActivities<
    EmrServerlessActivities &
      LakeActivities &
      LedgerActivities &
      PlanningActivities &
      Pick<RealtimeActivities, 'submitMerge' | 'submitRefusal' | 'submitReconciliation'> &
      RedshiftActivities
  >({
    taskQueue: laneQueue(lane),
    startToCloseTimeout: '20s',
    heartbeatTimeout,
    retry: untilItWorks,
  });

/** Calls about thousands of intervals or files, all commits of a table, or queries of the warehouse. */
export const surveys = (lane: Lane) =>
  proxyActivities<
    Pick<PlanningActivities, 'planBackfill' | 'restateReaders' | 'healLostHours'> &
      Pick<
        RealtimeActivities,
        | 'planMerge'
        | 'readReconciliation'
        | 'recordStream'
        | 'lookAtDate'
        | 'reconcileAgain'
        | 'submitBackupDrops'
        | 'compareStream'
      > &
      TableHistoryActivities
  >({
    taskQueue: laneQueue(lane),
    startToCloseTimeout: '2m',
    heartbeatTimeout,
    retry: untilItWorks,
  });

/** What the watch looks at. It gives up while there is time to tell of it before the next one begins. */
export const looks = proxyActivities<
  AlertActivities &
    FigureActivities &
    Pick<PlanningActivities, 'checkFreshness'> &
    TableHistoryActivities &
    UnreadRawActivities
>({
  taskQueue: laneQueue('scheduled'),
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '5m',
  heartbeatTimeout,
  retry: untilItWorks,
});

/** Submissions of all lanes share one queue, whose rate the server limits for all workers together. */
export const submissions = (lane: Lane) =>
  proxyActivities<Pick<EmrServerlessActivities, 'submitJobRun'>>({
    taskQueue: submissionQueue,
    startToCloseTimeout: '20s',
    heartbeatTimeout,
    retry: untilItWorks,
    // 1 comes before 3; lanes are listed by importance.
    priority: { priorityKey: lanes.indexOf(lane) + 1 },
  });

/** Waits for remote work, or for inputs. Each attempt adopts the work that is there. */
export const waits = (lane: Lane) =>
  proxyActivities<
    EmrServerlessActivities & RedshiftActivities & Pick<PlanningActivities, 'awaitInputs' | 'awaitSettling'>
  >({
    taskQueue: laneQueue(lane),
    startToCloseTimeout: '24h',
    heartbeatTimeout,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: untilAdopted,
  });

/** Applications of the stream: calls that answer at once. */
export const streams = proxyActivities<FlinkActivities & StreamHealthActivities & FigureActivities>({
  taskQueue: laneQueue('scheduled'),
  startToCloseTimeout: '1m',
  heartbeatTimeout,
  retry: untilItWorks,
});

/** Changes of them, which take minutes where there is much state. */
export const streamWaits = proxyActivities<Pick<FlinkActivities, 'awaitApplication'>>({
  taskQueue: laneQueue('scheduled'),
  startToCloseTimeout: '24h',
  heartbeatTimeout,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: untilAdopted,
});
