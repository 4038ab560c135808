import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { SNSClient } from '@aws-sdk/client-sns';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDashboard } from '../../cli/dashboard.ts';
import { startCloudWatch } from '../../local/cloudwatch/service.ts';
import type { AwsServer } from '../../local/wire/index.ts';
import { alarmProperties, alarms } from '../../model/alarms.ts';
import { dashboardCharts } from '../../model/dashboard.ts';
import { root } from '../tools.ts';
import { access } from './access.ts';
import { startBrowser } from './browser.ts';
import { publishDay } from './day-of-figures.ts';

const ids = { scheduled: '00sched', backfill: '00backf' };
const charts = dashboardCharts(ids);
const desk = { width: 1_280, height: 900 };
const folder = mkdtempSync(join(tmpdir(), 'tideline-dashboard-'));
const complaints: string[] = [];
const complain = (error: unknown): void => void complaints.push(String(error));
let service: AwsServer;
let browser: Browser;
let page: Page;

/** Waits until CloudWatch has looked at every alarm. */
async function evaluated(client: CloudWatchClient): Promise<void> {
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ StateValue: 'INSUFFICIENT_DATA' }));
  if (MetricAlarms.length === 0) return;
  await delay(50);
  return evaluated(client);
}

beforeAll(async () => {
  service = await startCloudWatch({ sns: new SNSClient(access), evaluateEveryMs: 50, onDefect: complain });
  const client = new CloudWatchClient({ ...access, endpoint: service.url });
  const end = Date.now();
  await publishDay(client, ids, end);
  // Nobody is to be told.
  const silent = { AlarmActions: [], OKActions: [] };
  for (const alarm of alarms)
    await client.send(
      new PutMetricAlarmCommand({ ...alarmProperties(alarm, '', 'http://127.0.0.1/workflows'), ...silent }),
    );
  await evaluated(client);
  const file = join(folder, 'dashboard.html');
  await writeDashboard(client, ids, { file, hours: 24, end });
  browser = await startBrowser(folder);
  page = await browser.newPage({ viewport: desk, colorScheme: 'light' });
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', complain);
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(file).href) complaints.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
});
afterAll(async () => {
  await browser.close();
  await service.close();
  await rm(folder, { recursive: true });
  expect(complaints).toEqual([]);
});

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const boxOf = async (locator: Locator): Promise<Box> => (await locator.boundingBox())!;
const boxesOf = async (locator: Locator): Promise<Box[]> => Promise.all((await locator.all()).map(boxOf));
const isWithin = (one: Box, other: Box): boolean =>
  one.x >= other.x - 1 &&
  one.y >= other.y - 1 &&
  one.x + one.width <= other.x + other.width + 1 &&
  one.y + one.height <= other.y + other.height + 1;
const overlap = (one: Box, other: Box): boolean =>
  Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x) > 1 &&
  Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y) > 1;
const figureOf = (title: string): Locator => page.getByRole('figure', { name: title });
const isTooWide = () => page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');

describe('the dashboard’s page in a browser', () => {
  it('has every chart', async () => {
    const titles = await page.getByRole('figure').getByRole('heading').allTextContents();
    expect(titles).toEqual(charts.map(({ title }) => title));
    expect(titles).toHaveLength(7);
  });

  it.each(charts)('draws $title: every line within the chart, texts beside each other', async ({ title, series }) => {
    const figure = figureOf(title);
    const frame = await boxOf(figure.locator('svg'));
    for (const [index, { label }] of series.entries()) {
      const color = `var(--line-${index + 1})`;
      const drawn = await boxesOf(figure.locator(`path[stroke="${color}"][fill="none"], path[fill="${color}"]`));
      expect(drawn.length, label).toBeGreaterThan(0);
      for (const box of drawn) expect(isWithin(box, frame), label).toBe(true);
      expect(await figure.getByRole('listitem').nth(index).textContent()).toMatch(/ [\d,.]+( right axis)?$/);
    }
    const texts = await boxesOf(figure.locator('svg text'));
    expect(texts.length).toBeGreaterThan(8);
    for (const [index, text] of texts.entries()) {
      expect(isWithin(text, frame)).toBe(true);
      expect(texts.slice(index + 1).filter((other) => overlap(text, other))).toEqual([]);
    }
  });

  it('leaves a gap where nobody told anything', async () => {
    const line = figureOf('Ingestion').locator('path[stroke="var(--line-1)"][fill="none"]');
    expect((await boxOf(line)).width).toBeGreaterThan(600);
    expect((await line.getAttribute('d'))?.match(/M/g)).toHaveLength(2);
  });

  it('names the line at which an alarm rings, and the one that only is to be kept', async () => {
    for (const { title, thresholds } of charts)
      for (const { label, value } of thresholds)
        expect(await figureOf(title).getByText(`${label} ${value}`).isVisible(), label).toBe(true);
  });

  it('begins with the alarm that rings, and where it is written what to do', async () => {
    const box = await boxOf(page.getByRole('heading', { name: `Ringing: 1 of ${alarms.length} alarms` }));
    expect(box.y).toBeLessThan((await boxOf(page.getByRole('figure').first())).y);
    const alarm = page.getByRole('listitem').filter({ hasText: 'P1-DataQualityDegraded' });
    expect(await alarm.textContent()).toMatch(/Less than 95 % of what came in[^]* 90\.\d+ \(LessThanThreshold 95\)/);
    const runbook = alarm.getByRole('link', { name: 'docs/runbooks/P1-DataQualityDegraded.md' });
    const target = new URL((await runbook.getAttribute('href')) ?? '', page.url());
    expect(existsSync(fileURLToPath(target))).toBe(true);
  });

  it('fits a desk and a telephone, and has its own colours in the dark', async () => {
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect([await isTooWide(), await ground()]).toEqual([false, 'rgb(243, 244, 246)']);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    expect([await isTooWide(), await ground()]).toEqual([false, 'rgb(17, 20, 24)']);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(desk);
  });

  it('looks as the documentation shows it, where that is asked for with --update', async () => {
    const isAsked = expect.getState().snapshotState.snapshotUpdateState === 'all';
    const path = isAsked ? join(root, 'docs', 'images', 'dashboard.png') : join(folder, 'dashboard.png');
    expect((await page.screenshot({ path, fullPage: true })).length).toBeGreaterThan(20_000);
  });
});
