import { WorkflowNotFoundError } from '@temporalio/client';
import { Command } from 'commander';
import { type StreamStatus, streamStatusQuery } from '../model/messages/streams.ts';
import { streamApplications, supervisionId } from '../model/stream-applications.ts';
import { withTemporal } from '../workers/clients.ts';
import { lakeEnvironment } from './environment.ts';
import { type Cell, faint, seconds, table } from './terminal.ts';

const told = (ms: number | null | undefined): string | null => (ms == null ? null : seconds(ms));

/** A line an application, and below it what its supervision has to say. */
export function streamTable(statuses: readonly StreamStatus[]): string {
  const rows = statuses.map(({ application, state, look, health }): Cell[] => [
    application,
    state,
    look?.status ?? null,
    look?.versionId ?? null,
    told(health?.behindMs?.last),
    told(health?.checkpointMs),
    health?.failedCheckpoints ?? null,
    health?.restarts ?? null,
    look?.snapshots[0] ? `${look.snapshots[0].name} (${look.snapshots[0].takenAt})` : null,
  ]);
  const headings = ['application', 'state', 'service', 'version', 'behind', 'checkpoint', 'failed', 'restarts'];
  const notes = statuses.flatMap(({ application, supervision: { paused, refused, happenings } }) => [
    ...(paused ? [`${application} is paused by ${paused.by}: ${paused.why}`] : []),
    ...(refused === null ? [] : [`${application}: the update is refused: ${refused.why}`]),
    ...happenings.slice(0, 5).map(({ at, what }) => faint(`${at}  ${application}: ${what}`)),
  ]);
  return [table([...headings, 'newest snapshot'], rows), '', ...notes].join('\n');
}

const notSupervised = (name: string): string => `${name} is not supervised: \`lake deploy\` begins it.`;

const statusCommand = new Command('status')
  .description('show how the applications of the stream run, and what their supervision does')
  .action(async () => {
    lakeEnvironment();
    await withTemporal(async (client) => {
      const statuses: StreamStatus[] = [];
      for (const { name } of streamApplications)
        try {
          const handle = client.workflow.getHandle(supervisionId(name));
          // One that has ended would answer for as long as it is remembered.
          if ((await handle.describe()).status.name === 'RUNNING') statuses.push(await handle.query(streamStatusQuery));
          else console.log(notSupervised(name));
        } catch (error) {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
          console.log(notSupervised(name));
        }
      if (statuses.length > 0) console.log(streamTable(statuses));
    });
  });

export const streamCommand = new Command('stream')
  .description('the applications that make live tables of the stream')
  .addCommand(statusCommand);
