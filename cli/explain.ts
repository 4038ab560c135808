import { Command } from 'commander';
import { orchestratorOf } from '../activities/orchestrator.ts';
import { explainInterval } from '../activities/planning/explain.ts';
import { loadCatalogue } from '../model/catalogue.ts';
import { openLedger, withTemporal } from '../workers/clients.ts';
import { readVariables } from '../workers/config.ts';
import { lakeEnvironment } from './environment.ts';

export const explainCommand = new Command('explain')
  .description('say why an interval is missing, stale, running, failed or published, and what to do')
  .argument('<product>', 'such as silver.trips')
  .argument('<interval>', 'an hour (2025-01-18T03) or a date (2025-01-18), UTC')
  .action(async (product: string, interval: string) => {
    const { TIDELINE_LEDGER_TABLE: table } = readVariables(lakeEnvironment(), 'TIDELINE_LEDGER_TABLE');
    console.log(
      await withTemporal((client) =>
        explainInterval(openLedger(table), loadCatalogue(), orchestratorOf(client), product, interval),
      ),
    );
  });
