import { Command } from 'commander';
import { loadSql, tableDdl } from '../activities/redshift/dialect.ts';
import { loadCatalogue } from '../model/catalogue.ts';

export const sqlCommand = new Command('sql')
  .description('print the SQL by which the warehouse makes and loads the table of a product')
  .argument('<product>', 'such as gold.trips')
  .action((product: string) => {
    const found = loadCatalogue().get(product);
    console.log(`${tableDdl(found)}\n-- A load\n${loadSql(found)}`.trim());
  });
