import { ApplicationFailure, isCancellation, patched, rootCause, setCurrentDetails } from '@temporalio/workflow';
import { firedAt } from './fired-at.ts';
import type { FreshnessFinding, FreshnessReport, WatchFreshnessInput } from '../model/messages/freshness.ts';
import { checkInput } from './inputs.ts';
import { markdownTable } from './markdown.ts';
import { looks } from './proxies.ts';
import { watchFigures } from './watch-figures.ts';

/**
 * Finds intervals that should be published by now and are not, whether or not anything ever tried to build them. A run
 * that finds some fails: that is the alarm (`temporal_workflow_failed{workflow_type="watchFreshness"}`).
 */
export async function watchFreshness(input: WatchFreshnessInput): Promise<FreshnessReport> {
  checkInput('watchFreshness', input);
  const check = { at: firedAt(input.firedAt).toISO() };
  const [unrecorded, noLogs] = await seen('The tables’ logs', looks.recordUnrecorded);
  const [unread, noFiles] = await seen('The raw files', () => looks.findUnreadRaw(check));
  const [due, noLedger] = await seen('The ledger', () => looks.checkFreshness(check));
  const found = [...(unrecorded ?? []), ...(unread ?? []), ...noLogs, ...noFiles, ...noLedger];
  if (patched('the-watch-publishes-its-figures')) {
    const [, noFigures] = await seen('CloudWatch', () => looks.publishFigures(watchFigures(due, found.length)));
    found.push(...noFigures);
  }
  const known = due ?? nothing;
  const report = { ...known, found: found.length + known.found, findings: [...found, ...known.findings] };
  const rows = report.findings.map(({ product, interval, problem }) => [product, interval ?? '', problem]);
  const summary = `${report.found} findings among ${report.expected} intervals due`;
  setCurrentDetails([summary, '', markdownTable(['product', 'interval', 'problem'], [], rows)].join('\n'));
  if (report.found === 0) return report;
  const told = report.findings
    .slice(0, 10)
    .map(({ product, interval, problem }) => [product, interval, problem].filter((word) => word !== null).join(' '));
  throw ApplicationFailure.create({
    message: `${summary}: ${told.join('; ')}. What to do: docs/runbooks/P1-DataNotFresh.md`,
    type: 'NotFresh',
    nonRetryable: true,
    details: [report],
  });
}

const nothing: FreshnessReport = { expected: 0, found: 0, findings: [] };

/** What a look gives; where it fails, that is a finding itself, so that the others are told all the same. */
async function seen<T>(what: string, look: () => Promise<T>): Promise<readonly [T | null, FreshnessFinding[]]> {
  try {
    return [await look(), []];
  } catch (error) {
    if (isCancellation(error)) throw error;
    const problem = `${what} cannot be looked at: ${rootCause(error) ?? String(error)}`;
    return [null, [{ product: 'every product', interval: null, problem }]];
  }
}
