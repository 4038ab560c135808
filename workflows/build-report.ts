import { isCancellation, rootCause, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { BuildResult, MaintenanceResult } from '../model/results.ts';
import { markdownTable } from './markdown.ts';
import { attributes } from '../model/search-attributes.ts';
import { type BuildInput, type BuildState, buildStatusQuery } from '../model/messages/builds.ts';
import type { Lane } from '../model/queues.ts';

/**
 * Shows a build's state wherever a person may look: search attributes, the run's details in the Web UI, the `status` query.
 * `name` is what is built of the product, as far as it is known.
 */
export function reportBuild(input: Pick<BuildInput, 'product' | 'planId'>, name: string, lane: Lane) {
  let state: BuildState = 'planning';
  let details = '';
  setHandler(buildStatusQuery, () => ({ state, details }));
  upsertSearchAttributes([
    { key: attributes.product, value: input.product },
    { key: attributes.lane, value: lane },
    ...(input.planId ? [{ key: attributes.planId, value: input.planId }] : []),
    { key: attributes.buildState, value: state },
  ]);
  const show = (next: BuildState, text: string): void => {
    state = next;
    details = `**${input.product}** ${name}: ${next}\n\n${text}`;
    setCurrentDetails(details);
    upsertSearchAttributes([{ key: attributes.buildState, value: state }]);
  };
  return {
    show,
    failed(error: unknown): void {
      show(isCancellation(error) ? 'cancelled' : 'failed', rootCause(error) ?? '');
    },
    /** Others hold some of what is claimed; `holders` are their workflows. */
    waiting: (holders: string): void => {
      show('waiting', `For the end of ${holders}`);
    },
    /** The run of intervals as people write it, known once the plan is made. */
    planned(runName: string): void {
      name = runName;
      upsertSearchAttributes([{ key: attributes.interval, value: name }]);
    },
    cost(usd: number): void {
      upsertSearchAttributes([{ key: attributes.costUsd, value: usd }]);
    },
  };
}

export type Report = ReturnType<typeof reportBuild>;

/** A build's figures as the Web UI draws them (markdown). */
export function resultTable(result: BuildResult, costUsd: number, rowsLoaded: number | null): string {
  const { orphanEvents = {} } = result;
  const countsOrphans = Object.keys(orphanEvents).length > 0;
  const figures = ['rows in', 'published', 'duplicate', 'quarantined', ...(countsOrphans ? ['orphan events'] : [])];
  const rows = result.intervals.map((row) => [
    row.interval,
    row.rowsIn,
    row.rowsPublished,
    row.rowsDuplicate,
    row.rowsQuarantined,
    ...(countsOrphans ? [orphanEvents[row.interval] ?? 0] : []),
    row.changed ? 'yes' : 'no',
  ]);
  return [
    markdownTable(['interval', ...figures, 'changed'], figures, rows.slice(-48)),
    '',
    `Quality ${(result.quality.score * 100).toFixed(1)} %, table version ${result.outputVersion}, cost ${costUsd.toFixed(4)} USD` +
      (rowsLoaded === null ? '' : `, ${rowsLoaded} rows loaded into the warehouse`),
    ...result.quality.checks.filter(({ passed }) => !passed).map(brokenRule),
    ...(result.heldBack ?? []).map(({ interval, reason }) => `- **${interval} is held back**, ${reason}`),
    ...(result.schemaDrift.length > 0 ? [newFields(result)] : []),
  ].join('\n');
}

const brokenRule = ({ name, column, failedRows, totalRows }: BuildResult['quality']['checks'][number]): string =>
  `- ${name}${column === null ? '' : ` of ${column}`}: ${failedRows} of ${totalRows} rows`;

function newFields({ schemaDrift, schemaDriftCount = 0 }: BuildResult): string {
  const more = schemaDriftCount - schemaDrift.length;
  return `New fields: ${schemaDrift.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The same of a maintenance. */
export function maintenanceTable(result: MaintenanceResult, neededVersion: number | null, costUsd: number): string {
  const { version, readableSince, partitions, filesBefore, filesAfter, bytesBefore, bytesAfter } = result;
  if (version === null) return 'There is no table yet.';
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  return [
    markdownTable(
      ['', 'before', 'after'],
      ['before', 'after'],
      [
        ['files', filesBefore, filesAfter],
        ['MB', megabytes(bytesBefore), megabytes(bytesAfter)],
      ],
    ),
    '',
    `${partitions} partitions had changed; ${result.filesDeleted} old files and ${result.stagedFilesDeleted} staged ones deleted. ` +
      `Every version since ${readableSince ?? ''} can be read` +
      (neededVersion === null ? '' : `, version ${neededVersion} is needed`) +
      `. Table version ${version}, cost ${costUsd.toFixed(4)} USD.`,
  ].join('\n');
}
