import { resolve } from 'node:path';
import { Command } from 'commander';
import { root } from './environment.ts';

interface Options {
  readonly trips?: string;
  readonly shiftTo?: string;
  readonly report?: string;
  readonly live?: boolean;
  readonly speed: string;
  readonly tripsPerDay: string;
}

function atLeastOne(name: string, text: string): number {
  const number = Number(text);
  if (!(number >= 1)) throw new RangeError(`${name} ${text}: write a number from 1 on.`);
  return number;
}

export const demoCommand = new Command('demo')
  .description('build one day of trips from raw events to the warehouse, print what came out, and stop')
  .option('--trips <file.csv>', 'build these New York taxi trips instead of a generated day')
  .option('--shift-to <date>', 'move the first day of the trips to this date (YYYY-MM-DD)')
  .option('--report <folder>', 'write the published gold tables as Parquet and CSV, and a summary as JSON')
  .option('--live', 'play a day through the stream, show its trips while it runs, and reconcile them by night')
  .option('--speed <times>', 'of --live: so many times faster than in life', '900')
  .option('--trips-per-day <trips>', 'of --live', '2000')
  .action(async (options: Options) => {
    // What runs on this machine alone is loaded for it alone, with packages that production has not.
    if (options.live) {
      const { liveDemo } = await import('./laptop/live-demo.ts');
      const problems = await liveDemo(root, {
        speed: atLeastOne('--speed', options.speed),
        tripsPerDay: atLeastOne('--trips-per-day', options.tripsPerDay),
      });
      for (const problem of problems) console.error(`\n✗ ${problem}`);
      if (problems.length > 0) process.exitCode = 1;
      return;
    }
    const { demo } = await import('./laptop/demo.ts');
    await demo({
      root,
      ...(options.trips !== undefined && { trips: resolve(options.trips) }),
      ...(options.shiftTo !== undefined && { shiftTo: options.shiftTo }),
      ...(options.report !== undefined && { report: resolve(options.report) }),
    });
  });
