import {
  ApplicationFailure,
  isCancellation,
  patched,
  rootCause,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
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
  const [unrecorded, noLogs] = await seen('The tables’ logs cannot be looked at', looks.recordUnrecorded);
  const [unread, noFiles] = await seen('The raw files cannot be looked at', () => looks.findUnreadRaw(check));
  const [due, noLedger] = await seen('The ledger cannot be looked at', () => looks.checkFreshness(check));
  const blind = [...noLogs, ...noFiles, ...noLedger];
  const found = [...(unrecorded ?? []), ...(unread ?? []), ...blind];
  const known = due ?? nothing;
  let [tells, isTold] = [true, true];
  if (patched('the-watch-tells-its-findings')) {
    tells = input.tell ?? isNow(check.at);
    const findings = [...found, ...known.findings];
    const { isWhole = known.findings.length === known.found } = known;
    const complete = blind.length === 0 && isWhole;
    const told = (): Promise<void> => looks.tellFindings({ findings, complete });
    const [, untold] = tells ? await seen('What is found cannot be told', told) : [null, []];
    isTold = untold.length === 0;
    found.push(...untold);
  }
  if (patched('the-watch-publishes-its-figures') && tells) {
    const figures = watchFigures(due, found.length, isTold);
    const [, noFigures] = await seen('Figures cannot be published', () => looks.publishFigures(figures));
    found.push(...noFigures);
  }
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

/** Who looks at another time does so for himself: what people were told is of now. */
const isNow = (at: string): boolean => Math.abs(Date.parse(at) - workflowInfo().startTime.getTime()) < 30 * 60_000;

const nothing: FreshnessReport = { expected: 0, found: 0, findings: [] };

/** What a look gives; where it fails, that is a finding itself, so that the others are told all the same. */
async function seen<T>(subject: string, look: () => Promise<T>): Promise<readonly [T | null, FreshnessFinding[]]> {
  try {
    return [await look(), []];
  } catch (error) {
    if (isCancellation(error)) throw error;
    const problem = `${subject}: ${rootCause(error) ?? String(error)}`;
    return [null, [{ product: 'every product', interval: null, kind: 'not looked at', subject, problem }]];
  }
}
