import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { S3Client } from '@aws-sdk/client-s3';
import { Command } from 'commander';
import { rebuildLedger } from '../activities/table-history/rebuilt-ledger.ts';
import { loadCatalogue } from '../model/catalogue.ts';
import { openLedger } from '../workers/clients.ts';
import { readVariables } from '../workers/config.ts';
import { lakeEnvironment } from './environment.ts';

export const rebuildLedgerCommand = new Command('rebuild-ledger')
  .description('write into the ledger what the tables’ own commits say; what is newer there stays')
  .action(async () => {
    const {
      TIDELINE_LEDGER_TABLE: table,
      TIDELINE_LAKE_BUCKET: bucket,
      REDSHIFT_WORKGROUP: workgroup,
      REDSHIFT_DATABASE: database,
    } = readVariables(
      lakeEnvironment(),
      'TIDELINE_LEDGER_TABLE',
      'TIDELINE_LAKE_BUCKET',
      'REDSHIFT_WORKGROUP',
      'REDSHIFT_DATABASE',
    );
    const warehouse = { client: new RedshiftDataClient(), workgroup, database };
    const client = new S3Client({ forcePathStyle: true });
    const sources = { ledger: openLedger(table), client, bucket, catalogue: loadCatalogue(), warehouse };
    await rebuildLedger(sources, (product, builds) => {
      console.log(`${product}: ${builds} builds`);
    });
  });
