import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { expect } from 'vitest';
import type { Session } from '../../cli/laptop/session.ts';
import type { BuildOutcome } from '../../model/messages/builds.ts';
import { type MetricName, metrics } from '../../model/metrics.ts';

/** The sum of a figure since an hour ago, as CloudWatch has it. */
async function sumOf(name: MetricName, product?: string): Promise<number> {
  const { Datapoints = [] } = await new CloudWatchClient().send(
    new GetMetricStatisticsCommand({
      Namespace: metrics[name].namespace,
      MetricName: name,
      Dimensions: product === undefined ? [] : [{ Name: 'Product', Value: product }],
      StartTime: new Date(Date.now() - 3_600_000),
      EndTime: new Date(Date.now() + 60_000),
      Period: 60,
      Statistics: ['Sum'],
    }),
  );
  return Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
}

/** Asserts that CloudWatch and the Prometheus endpoint tell what these builds have told. */
export async function expectFiguresOf(session: Session, outcomes: readonly BuildOutcome[]): Promise<void> {
  const bronze = outcomes
    .filter(({ product }) => product === 'bronze.events')
    .flatMap(({ intervals }) => intervals.filter(({ changed }) => changed));
  const expected = {
    raw_events_count: bronze.reduce((sum, { rowsIn }) => sum + rowsIn, 0),
    bronze_events_count: bronze.reduce((sum, { rowsPublished }) => sum + rowsPublished, 0),
    quarantined_rows: bronze.reduce((sum, { rowsQuarantined }) => sum + rowsQuarantined, 0),
  };
  for (const [name, value] of Object.entries(expected))
    for (const product of [undefined, 'bronze.events'])
      await expect
        .poll(() => sumOf(name as MetricName, product), { timeout: 30_000, message: `${name} ${product ?? ''}` })
        .toBe(value);
  expect(await sumOf('builds_failed')).toBe(0);
  const served = await Promise.all(session.metrics.map(async (url) => (await fetch(url)).text()));
  expect(served.join('\n')).toMatch(/tideline_cost_usd\{[^}]*product="silver\.trips"[^}]*\} \d/);
}
