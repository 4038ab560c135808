import { type CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { type Alarm, alarms } from '../../model/alarms.ts';
import type { Series } from '../../model/dashboard.ts';

/** From `start` up to `end`, in ms since 1970. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The figure of a period that begins at `at`; null where nobody has told one. */
export interface Reading {
  readonly at: number;
  readonly value: number | null;
}

/** GetMetricStatistics gives no more: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html */
const mostInACall = 1_440;

/** One reading a period of the span. Of sums the last is left out while its period goes on: it would look like a fall. */
export async function readSeries(
  client: CloudWatchClient,
  { namespace, metric, dimensions, statistic }: Omit<Series, 'label' | 'axis'>,
  periodSeconds: number,
  { start, end }: Span,
): Promise<Reading[]> {
  const ms = periodSeconds * 1000;
  const first = Math.floor(start / ms);
  const last = statistic === 'Sum' ? Math.floor(end / ms) : Math.ceil(end / ms);
  const times = Array.from({ length: last - first }, (_, index) => (first + index) * ms);
  const found = new Map<number, number>();
  for (let from = 0; from < times.length; from += mostInACall) {
    const some = times.slice(from, from + mostInACall);
    const { Datapoints = [] } = await client.send(
      new GetMetricStatisticsCommand({
        Namespace: namespace,
        MetricName: metric,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        StartTime: new Date(some[0] ?? start),
        EndTime: new Date((some.at(-1) ?? start) + ms),
        Period: periodSeconds,
        Statistics: [statistic],
      }),
    );
    for (const { Timestamp, [statistic]: value } of Datapoints)
      if (Timestamp && value !== undefined) found.set(Timestamp.getTime(), value);
  }
  return times.map((at) => ({ at, value: found.get(at) ?? null }));
}

export interface AlarmStates {
  readonly ringing: readonly { readonly alarm: Alarm; readonly reason: string; readonly since: Date | undefined }[];
  /** Of which CloudWatch cannot say whether they should ring. */
  readonly unknown: readonly Alarm[];
}

/** How the declared alarms stand, those first that wake somebody. */
export async function readAlarms(client: CloudWatchClient): Promise<AlarmStates> {
  const AlarmNames = alarms.map(({ name }) => name);
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames }));
  const states = alarms
    .toSorted((one, other) => one.name.localeCompare(other.name))
    .map((alarm) => ({ alarm, state: MetricAlarms.find(({ AlarmName }) => AlarmName === alarm.name) }));
  return {
    ringing: states.flatMap(({ alarm, state }) =>
      state?.StateValue === 'ALARM'
        ? [{ alarm, reason: state.StateReason ?? '', since: state.StateTransitionedTimestamp }]
        : [],
    ),
    unknown: states.filter(({ state }) => !['OK', 'ALARM'].includes(state?.StateValue ?? '')).map(({ alarm }) => alarm),
  };
}
