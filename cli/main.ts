import { WorkflowFailedError } from '@temporalio/client';
import { rootCause } from '@temporalio/common';
import { Command } from 'commander';
import { backfillCommand } from './backfill.ts';
import { catalogueCommand } from './catalogue.ts';
import { dashboardCommand } from './dashboard.ts';
import { demoCommand } from './demo.ts';
import { deployCommand } from './deploy.ts';
import { explainCommand } from './explain.ts';
import { freshnessCommand } from './freshness.ts';
import { graphCommand } from './graph.ts';
import { newCommand } from './new.ts';
import { productsCommand } from './products.ts';
import { rebuildLedgerCommand } from './rebuild-ledger.ts';
import { restoreCommand } from './restore.ts';
import { restorePointCommand } from './restore-point.ts';
import { runCommand } from './run.ts';
import { schedulesCommand } from './schedules.ts';
import { sqlCommand } from './sql.ts';
import { startCommand } from './start.ts';
import { statusCommand } from './status.ts';
import { streamCommand } from './stream.ts';

const program = new Command('lake').description('Tideline: the lakehouse of this checkout');
for (const command of [
  demoCommand,
  startCommand,
  deployCommand,
  productsCommand,
  graphCommand,
  newCommand,
  runCommand,
  sqlCommand,
  statusCommand,
  streamCommand,
  freshnessCommand,
  dashboardCommand,
  explainCommand,
  backfillCommand,
  restorePointCommand,
  restoreCommand,
  schedulesCommand,
  catalogueCommand,
  rebuildLedgerCommand,
])
  program.addCommand(command);

try {
  await program.parseAsync();
} catch (error) {
  const told = error instanceof WorkflowFailedError ? rootCause(error.cause) : undefined;
  console.error(`\n${told ?? (error instanceof Error ? error.message : String(error))}`);
  process.exitCode = 1;
}
