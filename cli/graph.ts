import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { type Catalogue, loadCatalogue } from '../model/catalogue.ts';
import { isSettled, type Product, type Stream, type View } from '../model/product.ts';
import { type Input, readersIn } from '../model/graph.ts';
import { root } from './environment.ts';
import { faint } from './terminal.ts';

/** Which intervals of an input a date is made from: `-1…+1 d`. */
function windowOf(catalogue: Catalogue, { product, fromOffset, toOffset }: Input): string {
  const { grain } = catalogue.get(product);
  const last = toOffset - 1;
  if (fromOffset === 0 && last === 0) return grain === 'hour' ? 'the same hour' : 'the same date';
  const signed = (offset: number): string => (offset > 0 ? `+${offset}` : String(offset));
  return `${signed(fromOffset)}…${signed(last)} ${grain === 'hour' ? 'h' : 'd'}`;
}

/** What a product is written with, or, of others, nothing. */
const writtenWith = ({ build }: Product): string | undefined =>
  build.kind === 'written-with' ? build.product : undefined;

const viewsOver = ({ views }: Catalogue, key: string): View[] =>
  [...views.values()].filter(({ reads }) => reads.includes(key));

/** The tables of streams that a product settles, or is compared with. */
const streamsOver = ({ streams }: Catalogue, product: string): Stream[] =>
  [...streams.values()].filter((stream) => (isSettled(stream) ? stream.settledBy : stream.comparedWith) === product);

/** The products as a tree: below each those that read it. One that reads several stands below each of them. */
export function graphTree(catalogue: Catalogue): string {
  const below = (key: string, indent: string): string[] => {
    const readers = [
      ...readersIn(catalogue, key).map(({ reader, input }) => ({ key: reader.key, how: windowOf(catalogue, input) })),
      ...streamsOver(catalogue, key).map((stream) => ({
        key: stream.key,
        how: isSettled(stream) ? 'a stream that it settles' : 'a stream that is compared with it',
      })),
      ...viewsOver(catalogue, key).map((view) => ({ key: view.key, how: 'a view' })),
    ];
    return readers.flatMap((reader, index) => {
      const isLast = index === readers.length - 1;
      const line = `${indent}${isLast ? '└─' : '├─'} ${reader.key}  ${faint(reader.how)}`;
      return [line, ...below(reader.key, `${indent}${isLast ? '   ' : '│  '}`)];
    });
  };
  return [...catalogue.products.values()]
    .filter(({ inputs }) => inputs.length === 0)
    .flatMap((product) => {
      const writer = writtenWith(product);
      return [
        `${product.key}${writer === undefined ? '' : `  ${faint(`written with ${writer}`)}`}`,
        ...below(product.key, ''),
      ];
    })
    .join('\n');
}

/** The same as a Mermaid flow chart, an arrow from what is read to what reads it. */
export function graphMermaid(catalogue: Catalogue): string {
  const node = (key: string): string => `${key.replace('.', '_')}["${key}"]`;
  const products = [...catalogue.products.values()];
  const viewArrows = (read: string): string[] =>
    viewsOver(catalogue, read).map(({ key }) => `  ${node(read)} -->|a view| ${node(key)}`);
  const arrows = products.flatMap((product) => [
    ...product.inputs.map(
      (input) => `  ${node(input.product)} -->|${windowOf(catalogue, input)}| ${node(product.key)}`,
    ),
    ...[writtenWith(product) ?? []].flat().map((writer) => `  ${node(writer)} -.->|written with| ${node(product.key)}`),
    ...streamsOver(catalogue, product.key).map((stream) =>
      isSettled(stream)
        ? `  ${node(product.key)} -->|settles| ${node(stream.key)}`
        : `  ${node(product.key)} -.->|compared with| ${node(stream.key)}`,
    ),
    ...viewArrows(product.key),
  ]);
  const rest = [...catalogue.streams.keys(), ...catalogue.views.keys()];
  arrows.push(...rest.flatMap(viewArrows));
  const keys = [...catalogue.products.keys(), ...catalogue.streams.keys()];
  const alone = keys.filter((key) => !arrows.some((arrow) => arrow.includes(node(key))));
  return ['flowchart LR', ...arrows, ...alone.map((key) => `  ${node(key)}`)].join('\n');
}

const chart = /(?<=```mermaid\n)[^]*?(?=\n```)/;
const chartFile = join(root, 'docs', 'products.md');

/** The chart as the documentation has it. */
export const documentedChart = (): string => chart.exec(readFileSync(chartFile, 'utf8'))?.[0] ?? '';

/** Brings the documentation's chart up to the contracts. */
export const writeChart = (catalogue: Catalogue): void => {
  writeFileSync(
    chartFile,
    readFileSync(chartFile, 'utf8').replace(chart, () => graphMermaid(catalogue)),
  );
};

export const graphCommand = new Command('graph')
  .description('show which product is made from which, and from which of its intervals')
  .option('--mermaid', 'as a Mermaid chart')
  .option('--write', 'bring the chart in docs/products.md up to the contracts')
  .action(({ mermaid = false, write = false }: { mermaid?: boolean; write?: boolean }) => {
    if (write) writeChart(loadCatalogue());
    else console.log(mermaid ? graphMermaid(loadCatalogue()) : graphTree(loadCatalogue()));
  });
