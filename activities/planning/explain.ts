import { type Catalogue, writerOf } from '../../model/catalogue.ts';
import { shiftInterval } from '../../model/intervals.ts';
import { isSettled } from '../../model/product.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Published } from '../ledger/records.ts';
import type { Orchestrator } from '../orchestrator.ts';
import { explainStream, surveyStream } from './stream-states.ts';
import { type ChangedInput, builtProducts, type SurveyedInterval, surveyProduct } from './survey.ts';

const count = (rows: number): string => rows.toLocaleString('en-US');

function publishedText(published: Published): string {
  const { rowsPublished, rowsDuplicate, rowsQuarantined, qualityScore, outputVersion, at, buildId, costUsd, loaded } =
    published;
  const rows = `${count(rowsPublished)} rows, ${count(rowsDuplicate)} duplicate, ${count(rowsQuarantined)} quarantined`;
  const orphans = published.orphanEvents === undefined ? '' : `, ${count(published.orphanEvents)} orphan events`;
  const inputs = Object.entries(published.inputVersions).map(([input, version]) => `version ${version} of ${input}`);
  const from = inputs.length > 0 ? `, from ${inputs.join(' and ')}` : '';
  const warehouse = loaded ? `; loaded into the warehouse ${loaded.at.slice(0, 19)}Z` : '';
  const cost = costUsd === null ? '' : ` for $${costUsd.toFixed(4)}`;
  const { forced } = published;
  const without = forced ? `, without ${forced.missing.join(', ')}: ${forced.by} went on (${forced.why})` : '';
  return (
    `${rows}${orphans}, quality ${(qualityScore * 100).toFixed(1)} %, in table version ${outputVersion} ` +
    `(build ${buildId}, ${at.slice(0, 19)}Z${cost}, code ${published.codeVersion.slice(0, 12)})${from}${without}${warehouse}`
  );
}

function changesText(changes: readonly ChangedInput[]): string {
  const told = changes.map(
    ({ input, date, changedVersion, builtFromVersion }) =>
      `${input} of ${date} changed in its version ${changedVersion} and this was built from version ${builtFromVersion}`,
  );
  return told.join('; ');
}

/** The command that builds one interval. Both keys are validated before, so that they need no quoting. */
const buildCommand = (product: string, start: string, end: string): string =>
  `temporal workflow start --task-queue orchestration --type buildProduct --workflow-id build/${product}/${start} ` +
  `--input '{"product":"${product}","start":"${start}","end":"${end}"}'`;

/**
 * One paragraph that answers why an interval is missing, stale, running, failed or published, and what to do.
 * `runningStatus` is what the workflow that holds the claim says of itself, null when it has ended.
 */
export function explain(surveyed: SurveyedInterval, nextInterval: string, runningStatus: string | null): string {
  const { product, interval, state, record, changedInputs } = surveyed;
  const subject = `${product} ${interval} is ${state}`;
  const command = buildCommand(product, interval, nextInterval);
  const before = record?.published ? ` Until then readers see ${publishedText(record.published)}.` : '';
  const claim = record?.claim;
  if (claim) {
    const since = `since ${claim.since.slice(0, 19)}Z by workflow ${claim.workflowId}`;
    return runningStatus === null
      ? `${subject}, claimed ${since}, but that workflow has ended: the next build takes the claim over. Start one: ${command}${before}`
      : `${subject}, ${since}: ${runningStatus}.${before}`;
  }
  const failure = record?.failure;
  if (failure) {
    const held = failure.state === 'quarantined' ? ' Its rows were held back by the audit.' : '';
    return `${subject} since ${failure.at.slice(0, 19)}Z: ${failure.reason}${held} Correct the cause, then: ${command}${before}`;
  }
  if (!record?.published) return `${subject}: no build has published it. Build it: ${command}`;
  if (state === 'stale') return `${subject}: ${changesText(changedInputs)}. Build it again: ${command}${before}`;
  if (state === 'unloaded')
    return `${subject}: the lake has ${publishedText(record.published)}, and the warehouse does not. Build it again: ${command}`;
  return `${subject}: ${publishedText(record.published)}. None of its inputs has changed since.`;
}

/** Looks an interval up and explains it. Throws a CatalogueError or a RangeError for a product or an interval that does not exist. */
export async function explainInterval(
  ledger: Ledger,
  catalogue: Catalogue,
  orchestrator: Pick<Orchestrator, 'statusOf'>,
  product: string,
  interval: string,
): Promise<string> {
  const stream = catalogue.streams.get(product);
  if (stream) {
    if (!isSettled(stream))
      throw new RangeError(
        `${product} has no intervals: its stream's rows stay as they come, and nothing settles a date.`,
      );
    const [date] = await surveyStream(ledger, stream, { start: interval, end: shiftInterval('date', interval, 1) });
    if (date) return explainStream(stream, date);
  }
  const found = catalogue.get(product);
  if (!builtProducts(catalogue).includes(found))
    throw new RangeError(`${product} has no intervals of its own: the builds of ${writerOf(found)} write it.`);
  const end = shiftInterval(found.grain, interval, 1);
  const [surveyed] = await surveyProduct(ledger, catalogue, found, { start: interval, end });
  if (!surveyed) throw new RangeError(`${product} has no interval "${interval}".`);
  const claim = surveyed.record?.claim;
  return explain(surveyed, end, claim ? await orchestrator.statusOf(claim.workflowId) : null);
}
