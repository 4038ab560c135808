import { resolve } from 'node:path';
import { Command } from 'commander';
import { root } from './environment.ts';

export const demoCommand = new Command('demo')
  .description('build one day of trips from raw events to the warehouse, print what came out, and stop')
  .option('--trips <file.csv>', 'build these New York taxi trips instead of a generated day')
  .option('--shift-to <date>', 'move the first day of the trips to this date (YYYY-MM-DD)')
  .option('--report <folder>', 'write the published gold tables as Parquet and CSV, and a summary as JSON')
  .option('--live', 'play a day through the stream, show its trips while it runs, and reconcile them by night')
  .option('--speed <times>', 'of --live: so many times faster than in life', '900')
  .action(async (options: { trips?: string; shiftTo?: string; report?: string; live?: boolean; speed: string }) => {
    // What runs on this machine alone is loaded for it alone, with packages that production has not.
    if (options.live) {
      const speed = Number(options.speed);
      if (!(speed >= 1)) throw new RangeError(`--speed ${options.speed}: write how many times faster, such as 900.`);
      const { liveDemo } = await import('./laptop/live-demo.ts');
      await liveDemo(root, speed);
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
