import { ApplicationStatus } from '@aws-sdk/client-kinesis-analytics-v2';
import type { ApplicationLook } from '../../model/messages/streams.ts';

/** Every documented status, https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_ApplicationDetail.html */
const meanings: Readonly<Record<ApplicationStatus, ApplicationLook['is']>> = {
  [ApplicationStatus.READY]: 'ready',
  [ApplicationStatus.RUNNING]: 'running',
  [ApplicationStatus.STARTING]: 'changing',
  [ApplicationStatus.STOPPING]: 'changing',
  [ApplicationStatus.FORCE_STOPPING]: 'changing',
  [ApplicationStatus.UPDATING]: 'changing',
  [ApplicationStatus.AUTOSCALING]: 'changing',
  [ApplicationStatus.ROLLING_BACK]: 'changing',
  // It runs at the version before.
  [ApplicationStatus.ROLLED_BACK]: 'running',
  [ApplicationStatus.MAINTENANCE]: 'changing',
  [ApplicationStatus.DELETING]: 'changing',
};

/** What a status means for who supervises. One that is not documented yet passes: `known` lets the caller warn. */
export function meaningOf(status: string | undefined): { is: ApplicationLook['is']; known: boolean } {
  const is = meanings[status as ApplicationStatus] as ApplicationLook['is'] | undefined;
  return { is: is ?? 'changing', known: is !== undefined };
}
