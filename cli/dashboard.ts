import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { Command, InvalidArgumentError } from 'commander';
import { readAlarms, readSeries } from '../activities/cloudwatch/readings.ts';
import type { ApplicationIds } from '../model/applications.ts';
import { dashboardCharts } from '../model/dashboard.ts';
import { readVariables } from '../workers/config.ts';
import { lakeEnvironment, root } from './environment.ts';

/** CloudWatch keeps figures of minutes for 15 days. */
const mostHours = 336;

function parseHours(text: string): number {
  const hours = Number(text);
  if (Number.isInteger(hours) && hours >= 1 && hours <= mostHours) return hours;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${mostHours}.`);
}

/** Reads the dashboard's figures of the hours before `end` and writes them as a page. */
export async function writeDashboard(
  client: CloudWatchClient,
  applications: ApplicationIds,
  { file, hours, end }: { file: string; hours: number; end: number },
): Promise<void> {
  // The library of charts is loaded for this command alone: it takes a quarter of a second.
  const { dashboardPage } = await import('./dashboard-page.ts');
  const span = { start: end - hours * 3_600_000, end };
  const charts = await Promise.all(
    dashboardCharts(applications).map(async (chart) => ({
      ...chart,
      readings: await Promise.all(chart.series.map((each) => readSeries(client, each, chart.periodSeconds, span))),
    })),
  );
  const folder = dirname(file);
  const rootUrl = relative(folder, root).split(sep).map(encodeURIComponent).join('/') || '.';
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, dashboardPage({ span, states: await readAlarms(client), charts, rootUrl }));
}

export const dashboardCommand = new Command('dashboard')
  .description('draw the dashboard of CloudWatch’s figures, and which alarms ring, as a page')
  .option('--out <file.html>', 'where to write it', join(root, '.tideline', 'dashboard.html'))
  .option('--hours <n>', 'how far back', parseHours, 24)
  .action(async ({ out, hours }: { out: string; hours: number }) => {
    const variables = readVariables(lakeEnvironment(), 'EMR_APPLICATION_ID', 'EMR_BACKFILL_APPLICATION_ID');
    const { EMR_APPLICATION_ID: scheduled, EMR_BACKFILL_APPLICATION_ID: backfill } = variables;
    const file = resolve(out);
    await writeDashboard(new CloudWatchClient(), { scheduled, backfill }, { file, hours, end: Date.now() });
    console.log(file);
  });
