import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { demo } from './demo.ts';
import { deploy } from './deploy.ts';
import { start } from './start.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = new Command('lake').description('Tideline: the lakehouse on this machine');

program
  .command('demo')
  .description('build one day of trips from raw events to the warehouse, print what came out, and stop')
  .option('--trips <file.csv>', 'build these New York taxi trips instead of a generated day')
  .option('--shift-to <date>', 'move the first day of the trips to this date (YYYY-MM-DD)')
  .option('--report <folder>', 'write the published gold tables as Parquet and CSV, and a summary as JSON')
  .action(async (options: { trips?: string; shiftTo?: string; report?: string }) => {
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
    await start(root);
  });

program
  .command('deploy')
  .description(
    'publish the Spark jobs, make the warehouse tables and apply the schedules where AWS_* and TEMPORAL_* point',
  )
  .action(async () => {
    console.log(`TIDELINE_JOBS_VERSION=${await deploy(process.env)}`);
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
