import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WorkflowFailedError } from '@temporalio/client';
import { rootCause } from '@temporalio/common';
import { Command, Option } from 'commander';
import { loadSql, tableDdl } from '../activities/redshift/dialect.ts';
import { loadCatalogue } from '../products/catalogue.ts';
import { followBackfill } from './backfill.ts';
import { type BackfillInput, backfillModes } from '../workflows/backfill-messages.ts';
import { deploy } from './deploy.ts';
import { useLocalPlatform } from '../local/environment.ts';
import { explain, rebuildLedgerFrom, status } from './ledger.ts';
import { applySchedules } from '../schedules/apply.ts';
import { planSchedules } from '../schedules/plan.ts';
import { schedules } from '../schedules/schedules.ts';
import { createRestorePoint, listRestorePoints, removeRestorePoint, restore, restorePointLine } from './restore.ts';
import { scheduleLines } from './schedules.ts';
import { statusGrid } from './status-grid.ts';
import { withTemporal } from './temporal.ts';

interface BackfillOptions {
  mode?: BackfillInput['mode'];
  downstream?: boolean;
  dryRun?: boolean;
  reverse?: boolean;
  jobsAtOnce?: number;
  yes?: boolean;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const program = new Command('lake').description('Tideline: the lakehouse on this machine');

program
  .command('demo')
  .description('build one day of trips from raw events to the warehouse, print what came out, and stop')
  .option('--trips <file.csv>', 'build these New York taxi trips instead of a generated day')
  .option('--shift-to <date>', 'move the first day of the trips to this date (YYYY-MM-DD)')
  .option('--report <folder>', 'write the published gold tables as Parquet and CSV, and a summary as JSON')
  .action(async (options: { trips?: string; shiftTo?: string; report?: string }) => {
    // What runs on this machine alone is loaded for it alone, with packages that production has not.
    const { demo } = await import('./demo.ts');
    await demo({
      root,
      ...(options.trips !== undefined && { trips: resolve(options.trips) }),
      ...(options.shiftTo !== undefined && { shiftTo: options.shiftTo }),
      ...(options.report !== undefined && { report: resolve(options.report) }),
    });
  });

program
  .command('start')
  .description('build the demo day, then stay up: live events arrive and the schedules go on until Ctrl-C')
  .action(async () => {
    const { start } = await import('./start.ts');
    await start(root);
  });

program
  .command('deploy')
  .description(
    'publish the Spark jobs, make the warehouse tables and the namespace’s search attributes, and apply the schedules, where AWS_* and TEMPORAL_* point',
  )
  .action(async () => {
    console.log(`TIDELINE_JOBS_VERSION=${await deploy(process.env)}`);
  });

program
  .command('sql')
  .description('print the SQL by which the warehouse makes and loads the table of a product')
  .argument('<product>', 'such as gold.trips')
  .action((product: string) => {
    const found = loadCatalogue().get(product);
    console.log(`${tableDdl(found)}\n-- A load\n${loadSql(found)}`.trim());
  });

program
  .command('status')
  .description('show the state of every interval, products by dates')
  .option('--from <date>', 'first date (YYYY-MM-DD, UTC); by default a week before --to')
  .option('--to <date>', 'first date left out; by default after the newest interval known')
  .action(async (options: { from?: string; to?: string }) => {
    useLocalPlatform(root);
    const { dates, intervals } = await status(process.env, options);
    console.log(statusGrid(dates, intervals));
  });

program
  .command('explain')
  .description('say why an interval is missing, stale, running, failed or published, and what to do')
  .argument('<product>', 'such as silver.trips')
  .argument('<interval>', 'an hour (2025-01-18T03) or a date (2025-01-18), UTC')
  .action(async (product: string, interval: string) => {
    useLocalPlatform(root);
    console.log(await explain(process.env, product, interval));
  });

program
  .command('backfill')
  .description('build what is not right of a product in [start, end), and all that reads it; shows the plan first')
  .argument('<product>', 'such as bronze.events')
  .argument('<start>', 'first interval: an hour (2025-01-18T03) or a date (2025-01-18), UTC')
  .argument('<end>', 'first interval left out')
  .addOption(new Option('--mode <mode>', 'which intervals').choices(backfillModes).default('missing'))
  .option('--no-downstream', 'only this product')
  .option('--dry-run', 'only show the plan')
  .option('--reverse', 'newest intervals first')
  .option('--jobs-at-once <number>', 'how many jobs run at once', Number)
  .option('--yes', 'approve the plan, however large')
  .action(async (product: string, start: string, end: string, options: BackfillOptions) => {
    useLocalPlatform(root);
    const { mode, downstream, dryRun, reverse, jobsAtOnce: maximumJobsAtOnce, yes = false } = options;
    const given = { mode, downstream, dryRun, reverse, maximumJobsAtOnce };
    // What was not said is left out, so that the workflow's own defaults count.
    const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    await withTemporal((client) => followBackfill(client, { product, start, end, ...said }, yes));
  });

const restorePointCommands = program
  .command('restore-point')
  .description('versions of a table that stay readable, under a name');

restorePointCommands
  .command('create')
  .description('keep the newest version of a table')
  .argument('<product>', 'such as silver.trips')
  .argument('<name>', 'such as before-new-fares')
  .requiredOption('--why <text>', 'what it is for')
  .option('--days <number>', 'for how long', Number, 30)
  .action(async (product: string, name: string, options: { why: string; days: number }) => {
    useLocalPlatform(root);
    console.log(restorePointLine(await createRestorePoint(process.env, product, { name, ...options })));
  });

restorePointCommands
  .command('list')
  .argument('<product>')
  .action(async (product: string) => {
    useLocalPlatform(root);
    const points = await listRestorePoints(process.env, product);
    console.log(points.map(restorePointLine).join('\n') || `${product} has no restore points.`);
  });

restorePointCommands
  .command('remove')
  .description('let maintenance remove the version')
  .argument('<product>')
  .argument('<name>')
  .action(async (product: string, name: string) => {
    useLocalPlatform(root);
    await removeRestorePoint(process.env, product, name);
  });

program
  .command('restore')
  .description('put a table back to one of its versions; what reads it is built again (docs/runbooks/restore-table.md)')
  .argument('<product>', 'such as silver.trips')
  .argument('<to>', 'a version of the table, or the name of a restore point')
  .action(async (product: string, to: string) => {
    useLocalPlatform(root);
    const { restored, version, changedPartitions, rowsLoaded } = await withTemporal((client) =>
      restore(client, { product, to }),
    );
    const loaded = rowsLoaded === null ? '' : ` ${rowsLoaded} rows loaded into the warehouse.`;
    console.log(`Version ${version} of ${product} has the rows of version ${restored}.${loaded}`);
    console.log(`Dates that changed: ${changedPartitions.join(', ') || 'none'}`);
  });

const scheduleCommands = program.command('schedules').description('the schedules of this checkout and of the server');

scheduleCommands
  .command('plan')
  .description('show how the server’s schedules differ from the declared ones; exit code 2 when they do')
  .action(async () => {
    useLocalPlatform(root);
    const changes = await withTemporal((client) => planSchedules(client, schedules));
    console.log(scheduleLines(changes));
    if (changes.some(({ kind }) => kind === 'create' || kind === 'update')) process.exitCode = 2;
  });

scheduleCommands
  .command('apply')
  .description('make the server’s schedules as declared; what somebody has paused stays paused')
  .action(async () => {
    useLocalPlatform(root);
    console.log(scheduleLines(await withTemporal((client) => applySchedules(client, schedules))));
  });

program
  .command('rebuild-ledger')
  .description('write into the ledger what the tables’ own commits say; what is newer there stays')
  .action(async () => {
    useLocalPlatform(root);
    await rebuildLedgerFrom(process.env, (product, builds) => {
      console.log(`${product}: ${builds} builds`);
    });
  });

try {
  await program.parseAsync();
} catch (error) {
  const told = error instanceof WorkflowFailedError ? rootCause(error.cause) : undefined;
  console.error(`\n${told ?? (error instanceof Error ? error.message : String(error))}`);
  process.exitCode = 1;
}
