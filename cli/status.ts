import { Command } from 'commander';
import { surveyDates } from '../activities/planning/overview.ts';
import { loadCatalogue } from '../model/catalogue.ts';
import { openLedger } from '../workers/clients.ts';
import { readVariables } from '../workers/config.ts';
import { lakeEnvironment } from './environment.ts';
import { statusGrid } from './status-grid.ts';

export const statusCommand = new Command('status')
  .description('show the state of every interval, products by dates')
  .option('--from <date>', 'first date (YYYY-MM-DD, UTC); by default a week before --to')
  .option('--to <date>', 'first date left out; by default after the newest interval known')
  .action(async (options: { from?: string; to?: string }) => {
    const { TIDELINE_LEDGER_TABLE: table } = readVariables(lakeEnvironment(), 'TIDELINE_LEDGER_TABLE');
    const { dates, intervals } = await surveyDates(openLedger(table), loadCatalogue(), options);
    console.log(statusGrid(dates, intervals));
  });
