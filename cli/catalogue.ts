import { GlueClient } from '@aws-sdk/client-glue';
import { Command } from 'commander';
import { applyGlue, planGlue } from '../deployment/glue.ts';
import { loadCatalogue } from '../model/catalogue.ts';
import { readVariables } from '../workers/config.ts';
import { changeLines, isDrift } from './change-lines.ts';
import { lakeEnvironment } from './environment.ts';

const lakeUri = (): string => `s3://${readVariables(lakeEnvironment(), 'TIDELINE_LAKE_BUCKET').TIDELINE_LAKE_BUCKET}`;

export const catalogueCommand = new Command('catalogue').description(
  'the tables of the contracts and of the Glue Data Catalog, by which Athena and others find them',
);

catalogueCommand
  .command('plan')
  .description('show how the Glue Data Catalog differs from the contracts; exit code 2 when it does')
  .action(async () => {
    const uri = lakeUri();
    const changes = await planGlue(new GlueClient(), loadCatalogue(), uri);
    console.log(changeLines(changes));
    if (changes.some(isDrift)) process.exitCode = 2;
  });

catalogueCommand
  .command('apply')
  .description('make the databases and tables of the Glue Data Catalog as the contracts say; others stay')
  .action(async () => {
    const uri = lakeUri();
    console.log(changeLines(await applyGlue(new GlueClient(), loadCatalogue(), uri)));
  });
