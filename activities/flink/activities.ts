import {
  AddApplicationCloudWatchLoggingOptionCommand,
  CreateApplicationCommand,
  CreateApplicationSnapshotCommand,
  DeleteApplicationSnapshotCommand,
  DescribeApplicationCommand,
  DescribeApplicationOperationCommand,
  type KinesisAnalyticsV2Client,
  ListApplicationOperationsCommand,
  paginateListApplicationSnapshots,
  ResourceNotFoundException,
  RollbackApplicationCommand,
  type SnapshotDetails,
  StartApplicationCommand,
  StopApplicationCommand,
  UpdateApplicationCommand,
} from '@aws-sdk/client-kinesis-analytics-v2';
import { log, sleep } from '@temporalio/activity';
import type { ApplicationLook, Begun, DesiredApplication } from '../../model/messages/streams.ts';
import { adoptable } from '../waiting.ts';
import { asking, askingWithSnapshot } from './asking.ts';
import { createdConfiguration, differences, runtime, updatedConfiguration } from './configuration.ts';
import { meaningOf } from './states.ts';

interface Named {
  readonly application: string;
}

interface Update {
  readonly desired: DesiredApplication;
  readonly versionId: number;
  readonly isRunning: boolean;
}

/** An application at the version that was seen. */
interface Seen extends Named {
  readonly versionId: number;
}

/** Then who supervises looks again, and hears what was asked for meanwhile. */
const longestWaitMs = 5 * 60_000;

const absent: ApplicationLook = {
  status: null,
  is: 'absent',
  versionId: 0,
  differs: [],
  snapshots: [],
  problem: null,
};

/** One line for people, without what a job may quote of its records. */
const shortened = (text: string): string => (text.split('\n', 1)[0] ?? '').slice(0, 300);

/**
 * Applications of Managed Service for Apache Flink. Changes only begin what `awaitApplication` waits for: one that meets
 * another change does nothing, so that each can be tried again, also after an answer that was lost.
 */
export function createFlinkActivities(
  client: KinesisAnalyticsV2Client,
  { pollIntervalMs }: { pollIntervalMs: number },
) {
  const describe = async (ApplicationName: string) => {
    const { ApplicationDetail: detail } = await client.send(new DescribeApplicationCommand({ ApplicationName }));
    if (!detail) throw new Error(`DescribeApplication of ${ApplicationName} answered without an application`);
    const { is, known } = meaningOf(detail.ApplicationStatus);
    if (!known) log.warn('Unknown status of an application: waiting', { status: detail.ApplicationStatus });
    return { detail, is };
  };

  /** One that is deleted is not. */
  async function isChanging(ApplicationName: string): Promise<boolean> {
    try {
      return (await describe(ApplicationName)).is === 'changing';
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return false;
      throw error;
    }
  }

  /** The newest first. */
  async function snapshotsOf(ApplicationName: string): Promise<SnapshotDetails[]> {
    const found: SnapshotDetails[] = [];
    for await (const { SnapshotSummaries = [] } of paginateListApplicationSnapshots({ client }, { ApplicationName }))
      found.push(...SnapshotSummaries);
    const takenAt = ({ SnapshotCreationTimestamp }: SnapshotDetails): number =>
      SnapshotCreationTimestamp?.getTime() ?? 0;
    return found.toSorted((one, other) => takenAt(other) - takenAt(one));
  }

  /** Why the last change of an application has failed. */
  async function lastProblem(ApplicationName: string): Promise<string | null> {
    const { ApplicationOperationInfoList: operations = [] } = await client.send(
      new ListApplicationOperationsCommand({ ApplicationName, Limit: 10 }),
    );
    // An update that fails is followed by the rollback of it.
    const [last] = operations
      .filter(({ Operation }) => Operation !== 'RollbackApplication')
      .sort((one, other) => Number(other.StartTime) - Number(one.StartTime));
    if (last?.OperationStatus !== 'FAILED') return null;
    const { ApplicationOperationInfoDetails: details } = await client.send(
      new DescribeApplicationOperationCommand({ ApplicationName, OperationId: last.OperationId }),
    );
    const reason = details?.OperationFailureDetails?.ErrorInfo?.ErrorString ?? 'the service says nothing of the reason';
    return shortened(`${last.Operation ?? 'The last change'} failed: ${reason}`);
  }

  return {
    /** What the service shows of an application, and how that differs from what is desired. */
    async lookAtApplication(desired: DesiredApplication): Promise<ApplicationLook> {
      const { application } = desired;
      try {
        const { detail, is } = await describe(application);
        const [snapshots, problem] = await Promise.all([snapshotsOf(application), lastProblem(application)]);
        return {
          status: detail.ApplicationStatus ?? null,
          is,
          versionId: detail.ApplicationVersionId ?? 0,
          differs: differences(desired, detail),
          snapshots: snapshots
            .filter(({ SnapshotStatus }) => SnapshotStatus === 'READY')
            .map(({ SnapshotName = '', SnapshotCreationTimestamp: at }) => ({
              name: SnapshotName,
              takenAt: at?.toISOString() ?? '',
            })),
          problem,
        };
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return absent;
        throw error;
      }
    },

    createApplication: (desired: DesiredApplication): Promise<Begun> =>
      asking(() =>
        client.send(
          new CreateApplicationCommand({
            ApplicationName: desired.application,
            ApplicationDescription: desired.description,
            RuntimeEnvironment: runtime,
            ServiceExecutionRole: desired.roleArn,
            ApplicationConfiguration: createdConfiguration(desired),
            CloudWatchLoggingOptions: [{ LogStreamARN: desired.logStreamArn }],
          }),
        ),
      ),

    /** Starts it from a snapshot; without one from the beginning of the stream. */
    startApplication: ({ application, snapshot }: Named & { readonly snapshot: string | null }): Promise<Begun> =>
      asking(() =>
        client.send(
          new StartApplicationCommand({
            ApplicationName: application,
            RunConfiguration: {
              ApplicationRestoreConfiguration:
                snapshot === null
                  ? { ApplicationRestoreType: 'SKIP_RESTORE_FROM_SNAPSHOT' }
                  : { ApplicationRestoreType: 'RESTORE_FROM_CUSTOM_SNAPSHOT', SnapshotName: snapshot },
            },
          }),
        ),
      ),

    /** Makes it as desired; one that runs goes on from the snapshot with which the service stops it. */
    async updateApplication({ desired, versionId, isRunning }: Update): Promise<Begun> {
      const seen = { ApplicationName: desired.application, CurrentApplicationVersionId: versionId };
      const { CloudWatchLoggingOptionDescriptions: [log] = [] } = (await describe(desired.application)).detail;
      // An update changes only a log that is there: where none is, the rest is for the next update.
      if (log === undefined) {
        const CloudWatchLoggingOption = { LogStreamARN: desired.logStreamArn };
        const command = new AddApplicationCloudWatchLoggingOptionCommand({ ...seen, CloudWatchLoggingOption });
        return asking(() => client.send(command));
      }
      return (isRunning ? askingWithSnapshot : asking)(() =>
        client.send(
          new UpdateApplicationCommand({
            ...seen,
            RuntimeEnvironmentUpdate: runtime,
            ServiceExecutionRoleUpdate: desired.roleArn,
            ApplicationConfigurationUpdate: updatedConfiguration(desired),
            CloudWatchLoggingOptionUpdates: [
              {
                CloudWatchLoggingOptionId: log.CloudWatchLoggingOptionId,
                LogStreamARNUpdate: desired.logStreamArn,
              },
            ],
            // What is about the start of one that does not run, its start says.
            ...(isRunning && {
              RunConfigurationUpdate: {
                ApplicationRestoreConfiguration: { ApplicationRestoreType: 'RESTORE_FROM_LATEST_SNAPSHOT' },
              },
            }),
          }),
        ),
      );
    },

    /** Goes back to the version before, from the newest snapshot. */
    rollBackApplication: ({ application, versionId }: Seen): Promise<Begun> =>
      asking(() =>
        client.send(
          new RollbackApplicationCommand({ ApplicationName: application, CurrentApplicationVersionId: versionId }),
        ),
      ),

    /** Stops it with a snapshot; with `force` without one, whatever is under way. */
    stopApplication: ({ application, force = false }: Named & { readonly force?: boolean }): Promise<Begun> =>
      (force ? asking : askingWithSnapshot)(() =>
        client.send(new StopApplicationCommand({ ApplicationName: application, Force: force })),
      ),

    /** Waits until no change of it is under way, for some minutes; adopted by the next attempt after a crash or a deploy. */
    awaitApplication: ({ application }: Named): Promise<void> =>
      adoptable(application, async () => {
        const until = Date.now() + longestWaitMs;
        while (Date.now() < until && (await isChanging(application))) await sleep(pollIntervalMs);
      }),

    /** Begins a snapshot of what runs. One of this name that is there, or another that is under way, will do. */
    takeSnapshot: ({ application, name }: Named & { readonly name: string }): Promise<Begun> =>
      askingWithSnapshot(() =>
        client.send(new CreateApplicationSnapshotCommand({ ApplicationName: application, SnapshotName: name })),
      ),

    /** Deletes all but the newest so many snapshots: the service keeps each until it has a thousand, and then takes none. */
    async pruneSnapshots({ application, keep }: Named & { readonly keep: number }): Promise<number> {
      const snapshots = await snapshotsOf(application);
      const kept = snapshots.filter(({ SnapshotStatus }) => SnapshotStatus === 'READY').slice(0, keep);
      const old = snapshots.filter(
        (each) => !kept.includes(each) && ['READY', 'FAILED'].includes(each.SnapshotStatus ?? ''),
      );
      for (const { SnapshotName, SnapshotCreationTimestamp } of old) {
        const named = { ApplicationName: application, SnapshotName, SnapshotCreationTimestamp };
        await asking(() => client.send(new DeleteApplicationSnapshotCommand(named))).catch((error: unknown) => {
          // Somebody else has deleted it, or an earlier try whose answer was lost.
          if (!(error instanceof ResourceNotFoundException)) throw error;
        });
      }
      return old.length;
    },
  };
}

export type FlinkActivities = ReturnType<typeof createFlinkActivities>;
