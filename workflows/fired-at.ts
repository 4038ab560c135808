import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { DateTime } from 'luxon';

/** Set by Temporal on every run that a schedule starts. */
const scheduledStart = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/** Whether a schedule has started this run, also in the schedule's own back-fills. */
export const startedBySchedule = (): boolean => workflowInfo().typedSearchAttributes.get(scheduledStart) !== undefined;

/**
 * The instant a run stands for: the given one, else the time its schedule fired for (also in the schedule's own
 * back-fills), else now. Fails for good when the text is no ISO-8601 time.
 */
export function firedAt(given: string | undefined): DateTime<true> {
  const scheduled = workflowInfo().typedSearchAttributes.get(scheduledStart);
  const instant =
    given === undefined
      ? DateTime.fromJSDate(scheduled ?? workflowInfo().startTime, { zone: 'utc' })
      : DateTime.fromISO(given, { zone: 'utc' });
  if (!instant.isValid) {
    throw ApplicationFailure.nonRetryable(
      `firedAt "${given}" is no ISO-8601 time. Write it as 2025-01-18T05:20:00Z.`,
      'BadInput',
    );
  }
  return instant;
}
