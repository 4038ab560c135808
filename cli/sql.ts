import { Command } from 'commander';
import { loadSql, tableDdl, tablesOf, viewDdl } from '../activities/redshift/dialect.ts';
import { loadCatalogue, settledStream } from '../model/catalogue.ts';

export const sqlCommand = new Command('sql')
  .description(
    'print the SQL by which the warehouse makes and loads the table of a product, or makes that of a stream or a view',
  )
  .argument('<product>', 'such as gold.trips')
  .action((key: string) => {
    const catalogue = loadCatalogue();
    const view = catalogue.views.get(key);
    if (view) {
      console.log(viewDdl(view).trim());
      return;
    }
    const stream = catalogue.streams.get(key);
    if (stream) {
      console.log(tablesOf(stream).map(tableDdl).join('').trim());
      return;
    }
    const product = catalogue.get(key);
    console.log(
      `${tableDdl(product)}\n-- A load\n${loadSql(product, undefined, settledStream(catalogue, key))}`.trim(),
    );
  });
