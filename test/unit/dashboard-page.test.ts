import type { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { readAlarms, readSeries } from '../../activities/cloudwatch/readings.ts';
import { type Dashboard, dashboardPage } from '../../cli/dashboard-page.ts';
import { alarms } from '../../model/alarms.ts';
import type { Series } from '../../model/dashboard.ts';

const minute = 60_000;
const hour = 60 * minute;
const start = Date.UTC(2025, 0, 18);
const series: Series = {
  ...{ label: 'workers', namespace: 'AWS/EMRServerless', metric: 'RunningWorkerCount', statistic: 'Sum', axis: 'left' },
  dimensions: { ApplicationId: 'a', ApplicationName: 'tideline' },
};

/** A CloudWatch with a figure at each of these times. */
function cloudWatchWith(times: readonly number[]) {
  const calls: GetMetricStatisticsCommand['input'][] = [];
  const send = async ({ input }: GetMetricStatisticsCommand) => {
    calls.push(input);
    const { StartTime, EndTime } = input as { StartTime: Date; EndTime: Date };
    const asked = times.filter((at) => at >= StartTime.getTime() && at < EndTime.getTime());
    return { Datapoints: asked.map((at) => ({ Timestamp: new Date(at), Sum: 1, Maximum: 1 })) };
  };
  return { calls, client: { send } as unknown as CloudWatchClient };
}

describe('figures from CloudWatch', () => {
  it('are one a period, and nothing where nobody told anything', async () => {
    const { calls, client } = cloudWatchWith([start, start + 2 * hour]);
    const readings = await readSeries(client, series, 3_600, { start, end: start + 3 * hour });
    expect(readings).toEqual([
      { at: start, value: 1 },
      { at: start + hour, value: null },
      { at: start + 2 * hour, value: 1 },
    ]);
    expect(calls).toMatchObject([
      {
        Namespace: 'AWS/EMRServerless',
        Dimensions: [
          { Name: 'ApplicationId', Value: 'a' },
          { Name: 'ApplicationName', Value: 'tideline' },
        ],
        Period: 3_600,
        Statistics: ['Sum'],
      },
    ]);
  });

  it('are asked for in calls that CloudWatch answers, each period once', async () => {
    const times = Array.from({ length: 48 * 60 }, (_, index) => start + index * minute);
    const { calls, client } = cloudWatchWith(times);
    const readings = await readSeries(client, series, 60, { start, end: start + 48 * hour });
    expect(readings.map(({ at }) => at)).toEqual(times);
    expect(calls).toHaveLength(2);
  });

  it('leave out the sum of an hour that is not over: it would look like a fall', async () => {
    const { client } = cloudWatchWith([start, start + hour]);
    const span = { start, end: start + 1.5 * hour };
    expect(await readSeries(client, series, 3_600, span)).toHaveLength(1);
    expect(await readSeries(client, { ...series, statistic: 'Maximum' }, 3_600, span)).toHaveLength(2);
  });
});

describe('alarms from CloudWatch', () => {
  it('ring, are well, or are not known, the gravest first', async () => {
    const [last, ...others] = alarms.map(({ name }) => name).toReversed();
    const StateTransitionedTimestamp = new Date(start);
    const ring = ['P1-DataNotFresh', 'P0-BuildFailed'];
    const MetricAlarms = others.map((AlarmName) =>
      ring.includes(AlarmName)
        ? { AlarmName, StateValue: 'ALARM', StateReason: 'so it is', StateTransitionedTimestamp }
        : { AlarmName, StateValue: 'OK' },
    );
    const send = async ({ input }: DescribeAlarmsCommand) => {
      expect(input.AlarmNames).toHaveLength(alarms.length);
      return { MetricAlarms };
    };
    const { ringing, unknown } = await readAlarms({ send } as unknown as CloudWatchClient);
    expect(ringing.map(({ alarm: { name }, reason, since }) => [name, reason, since])).toEqual(
      ring.toReversed().map((name) => [name, 'so it is', StateTransitionedTimestamp]),
    );
    expect(unknown.map(({ name }) => name)).toEqual([last]);
  });
});

describe('the dashboard’s page', () => {
  const evil = '<script>alert("x & y")</script>';
  const dashboard: Dashboard = {
    span: { start, end: start + 24 * hour },
    states: { ringing: [{ alarm: alarms[0]!, reason: evil, since: new Date(start) }], unknown: [] },
    charts: [
      {
        title: evil,
        periodSeconds: 3_600,
        axes: { left: { label: evil } },
        series: [{ ...series, label: evil }],
        thresholds: [{ label: evil, value: 3 }],
        readings: [[{ at: start, value: null }]],
      },
    ],
    rootUrl: `"${evil}`,
  };

  it('shows text as text, whatever it is, and needs nothing but itself', () => {
    const page = dashboardPage(dashboard);
    expect(page).not.toContain('<script');
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(page.match(/&lt;script&gt;alert\((&quot;|")x &amp; y/g)?.length).toBeGreaterThan(5);
  });

  it('says that nothing rings, but not of what nobody knows, and of which line there is no figure', () => {
    const well = dashboardPage({ ...dashboard, states: { ringing: [], unknown: [] } });
    expect(well).toContain(`Nothing rings: ${alarms.length} of ${alarms.length} alarms are well`);
    const page = dashboardPage({ ...dashboard, states: { ringing: [], unknown: [alarms[1]!] } });
    expect(page).toContain(`Nothing is known to ring: ${alarms.length - 1} of ${alarms.length} alarms are well`);
    expect(page).toContain(`CloudWatch knows nothing yet of ${alarms[1]!.name}.`);
    expect(page).toContain('<b>no figure</b>');
    expect(page).toContain('18 Jan 2025 00:00 UTC to 19 Jan 2025 00:00 UTC');
  });
});
