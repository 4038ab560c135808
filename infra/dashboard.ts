import { ArnFormat, Stack } from 'aws-cdk-lib';
import { CfnDashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { alarms } from '../model/alarms.ts';
import type { ApplicationIds } from '../model/applications.ts';
import { type Chart, dashboardCharts, dashboardName } from '../model/dashboard.ts';

/** The whole width: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
const width = 24;
const alarmsHeight = 4;
const chartHeight = 6;
const red = '#d62728';
const green = '#2ca02c';

const properties = ({ title, periodSeconds, axes, series, thresholds }: Chart) => ({
  title,
  view: 'timeSeries',
  period: periodSeconds,
  metrics: series.map(({ namespace, metric, dimensions, label, statistic, axis }) => [
    namespace,
    metric,
    ...Object.entries(dimensions).flat(),
    { label, stat: statistic, yAxis: axis },
  ]),
  yAxis: Object.fromEntries(Object.entries(axes).map(([side, axis]) => [side, { ...axis, showUnits: false }])),
  annotations: {
    horizontal: thresholds.map(({ label, value, rings }) => ({
      label,
      value,
      color: rings ? red : green,
      ...(rings && { fill: rings }),
    })),
  },
});

/** The dashboard of `model/dashboard.ts`, below the states of all alarms. */
export function createDashboard(scope: Construct, applications: ApplicationIds): void {
  const stack = Stack.of(scope);
  const arnOf = (resourceName: string): string =>
    stack.formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  const states = {
    ...{ type: 'alarm', x: 0, y: 0, width, height: alarmsHeight },
    properties: { title: 'Alarms', alarms: alarms.map(({ name }) => arnOf(name)) },
  };
  const charts = dashboardCharts(applications).map((chart, index) => ({
    ...{ type: 'metric', x: 0, y: alarmsHeight + index * chartHeight, width, height: chartHeight },
    properties: { ...properties(chart), region: stack.region },
  }));
  new CfnDashboard(scope, 'Dashboard', {
    dashboardName,
    // Else the console takes another period than that of a chart, and says "an hour" of it.
    dashboardBody: stack.toJsonString({ start: '-P1D', periodOverride: 'inherit', widgets: [states, ...charts] }),
  });
}
