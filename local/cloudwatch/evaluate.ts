import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import type { Figures } from './figures.ts';

type Threshold = (value: number, threshold: number) => boolean;
const comparisons: Readonly<Record<string, Threshold>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

/** What an alarm may not be here: it is refused when it is put. */
export function unsupported(alarm: MetricAlarm): string | null {
  if (!alarm.MetricName || !alarm.Namespace || !alarm.Statistic) return 'an alarm needs a metric and a statistic';
  if (!comparisons[alarm.ComparisonOperator ?? '']) return `ComparisonOperator ${alarm.ComparisonOperator ?? ''}`;
  if ((alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods) !== alarm.EvaluationPeriods) return 'DatapointsToAlarm';
  return ['breaching', 'notBreaching'].includes(alarm.TreatMissingData ?? '') ? null : 'TreatMissingData';
}

/**
 * The state of an alarm at `now` (ms since 1970): it rings when each of its last periods breaches. A period without figures
 * says what the alarm says of missing data, but nothing where it began before `since`: there was nobody to publish.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
export function evaluate(
  alarm: MetricAlarm,
  figures: Figures,
  now: number,
  since = 0,
): Required<Pick<MetricAlarm, 'StateValue' | 'StateReason'>> {
  const { Namespace = '', MetricName = '', Dimensions = [], Statistic = 'Sum' } = alarm;
  const { Period = 60, EvaluationPeriods = 1, Threshold = 0, ComparisonOperator = '', TreatMissingData } = alarm;
  const breaks = comparisons[ComparisonOperator];
  const points = Array.from({ length: EvaluationPeriods }, (_, age) => {
    const end = now - age * Period * 1000;
    const start = end - Period * 1000;
    const point = figures.statistics(Namespace, MetricName, Dimensions, start, end)?.[Statistic] ?? null;
    const missing = TreatMissingData === 'breaching' && start >= since;
    return { point, breaching: point === null ? missing : (breaks?.(point, Threshold) ?? false) };
  });
  const told = points.map(({ point }) => (point === null ? 'no figure' : String(Math.round(point * 1e4) / 1e4)));
  return {
    StateValue: points.every(({ breaching }) => breaching) ? 'ALARM' : 'OK',
    StateReason: `${Statistic} of ${MetricName} in the last ${EvaluationPeriods} × ${Period} s: ${told.join(', ')} (${ComparisonOperator} ${Threshold})`,
  };
}
