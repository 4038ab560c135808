import { setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { BuildResult } from '../activities/lake/result.ts';
import { attributes, type BuildInput, type BuildState, buildStatusQuery, type Lane } from './messages.ts';

/** Shows a build's state wherever a person may look: search attributes, the run's details in the Web UI, the `status` query. */
export function reportBuild(input: BuildInput, lane: Lane) {
  let name = `${input.start} to ${input.end}`;
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
    /** Others build some of the intervals; `holders` are their workflows. */
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
  const rows = result.intervals.map(
    (row) =>
      `| ${row.interval} | ${row.rowsIn} | ${row.rowsPublished} | ${row.rowsDuplicate} | ${row.rowsQuarantined} | ${row.changed ? 'yes' : 'no'} |`,
  );
  return [
    '| interval | rows in | published | duplicate | quarantined | changed |',
    '|---|--:|--:|--:|--:|---|',
    ...rows.slice(-48),
    '',
    `Quality ${(result.quality.score * 100).toFixed(1)} %, table version ${result.outputVersion}, cost ${costUsd.toFixed(4)} USD` +
      (rowsLoaded === null ? '' : `, ${rowsLoaded} rows loaded into the warehouse`),
    ...(result.schemaDrift.length > 0 ? [`New fields: ${result.schemaDrift.join(', ')}`] : []),
  ].join('\n');
}
