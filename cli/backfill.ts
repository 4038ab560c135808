import { Command, Option } from 'commander';
import { type BackfillInput, backfillModes } from '../model/messages/backfill.ts';
import { withTemporal } from '../workers/clients.ts';
import { lakeEnvironment } from './environment.ts';
import { followBackfill } from './follow-backfill.ts';

interface BackfillOptions {
  mode?: BackfillInput['mode'];
  downstream?: boolean;
  dryRun?: boolean;
  reverse?: boolean;
  jobsAtOnce?: number;
  yes?: boolean;
}

export const backfillCommand = new Command('backfill')
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
    lakeEnvironment();
    const { mode, downstream, dryRun, reverse, jobsAtOnce: maximumJobsAtOnce, yes = false } = options;
    const given = { mode, downstream, dryRun, reverse, maximumJobsAtOnce };
    // What was not said is left out, so that the workflow's own defaults count.
    const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    await withTemporal((client) => followBackfill(client, { product, start, end, ...said }, yes));
  });
