import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import type { RestoreOutcome } from '../model/messages/builds.ts';
import { orchestrationQueue } from '../model/queues.ts';
import { withTemporal } from '../workers/clients.ts';
import type { restoreTable, RestoreTableInput } from '../workflows/restore-table.ts';
import { lakeEnvironment } from './environment.ts';

/** Puts a product's table back, and waits until it is. */
export async function restore(client: Client, input: RestoreTableInput): Promise<RestoreOutcome> {
  return client.workflow.execute<typeof restoreTable>('restoreTable', {
    workflowId: `restore/${input.product}`,
    taskQueue: orchestrationQueue,
    args: [input],
    staticSummary: `restore of ${input.product} to ${input.to}`,
  });
}

export const restoreCommand = new Command('restore')
  .description('put a table back to one of its versions; what reads it is built again (docs/runbooks/restore-table.md)')
  .argument('<product>', 'such as silver.trips')
  .argument('<to>', 'a version of the table, or the name of a restore point')
  .action(async (product: string, to: string) => {
    lakeEnvironment();
    const { restored, version, changedPartitions, rowsLoaded } = await withTemporal((client) =>
      restore(client, { product, to }),
    );
    const loaded = rowsLoaded === null ? '' : ` ${rowsLoaded} rows loaded into the warehouse.`;
    console.log(`Version ${version} of ${product} has the rows of version ${restored}.${loaded}`);
    console.log(`Dates that changed: ${changedPartitions.join(', ') || 'none'}`);
  });
