import { Command } from 'commander';
import { loadCatalogue } from '../model/catalogue.ts';
import { isSettled, type Product } from '../model/product.ts';
import { table } from './terminal.ts';

/** How a product's rows come to be, in a word or two. */
function kindOf({ build }: Product): string {
  if (build.kind === 'reference') return build.file;
  return build.kind === 'written-with' ? `with ${build.product}` : build.kind;
}

export const productsCommand = new Command('products')
  .description('list the products in the order in which they are built, then tables that streams keep, and views')
  .action(() => {
    const { products, views, streams } = loadCatalogue();
    const tables = [...products.values()].map((product) => [
      product.key,
      kindOf(product),
      product.grain,
      product.inputs.map((input) => input.product).join(', ') || null,
      product.partitionColumn ?? null,
      product.warehouse?.table ?? null,
      `${product.latencyMinutes / 60} h`,
    ]);
    const kept = [...streams.values()].map((stream) => [
      stream.key,
      'a stream',
      null,
      isSettled(stream) ? stream.settledBy : null,
      null,
      stream.warehouse.table,
      `${stream.latencyMinutes} min`,
    ]);
    const rest = [...views.values()].map((view) => [
      view.key,
      'view',
      null,
      view.reads.join(', '),
      null,
      view.table,
      null,
    ]);
    console.log(
      table(
        ['product', 'built by', 'grain', 'reads', 'partition', 'warehouse', 'latency'],
        [...tables, ...kept, ...rest],
      ),
    );
  });
