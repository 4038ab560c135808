import { ApplicationFailure, setCurrentDetails } from '@temporalio/workflow';
import { firedAt } from './fired-at.ts';
import type { FreshnessReport, WatchFreshnessInput } from '../model/messages/freshness.ts';
import { checkInput } from './inputs.ts';
import { markdownTable } from './markdown.ts';
import { surveys } from './proxies.ts';

/**
 * Finds intervals that should be published by now and are not, whether or not anything ever tried to build them. A run
 * that finds some fails: that is the alarm (`temporal_workflow_failed{workflow_type="watchFreshness"}`).
 */
export async function watchFreshness(input: WatchFreshnessInput): Promise<FreshnessReport> {
  checkInput('watchFreshness', input);
  const check = { at: firedAt(input.firedAt).toISO() };
  const { checkFreshness, findUnreadRaw, recordUnrecorded } = surveys('scheduled');
  const found = [...(await recordUnrecorded()), ...(await findUnreadRaw(check))];
  const due = await checkFreshness(check);
  const report = { ...due, found: found.length + due.found, findings: [...found, ...due.findings] };
  const rows = report.findings.map(({ product, interval, problem }) => [product, interval ?? '', problem]);
  const summary = `${report.found} findings among ${report.expected} intervals due`;
  setCurrentDetails([summary, '', markdownTable(['product', 'interval', 'problem'], [], rows)].join('\n'));
  if (report.found === 0) return report;
  const told = report.findings
    .slice(0, 10)
    .map(({ product, interval, problem }) => [product, interval, problem].filter((word) => word !== null).join(' '));
  throw ApplicationFailure.create({
    message: `${summary}: ${told.join('; ')}. What to do: docs/runbooks/stale-data.md`,
    type: 'NotFresh',
    nonRetryable: true,
    details: [report],
  });
}
